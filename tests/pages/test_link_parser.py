"""Links that mail programs, scanners and people have changed."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from pages.self_service.link_parser import Link, is_changed_id, is_link_remainder, parse_id, parse_link

ID = "0199f0c3aa10b7c9d8e7f6a5b4c3d2e1"
OTHER_ID = "f" * 32
TOKEN = "-aB3_xYz09-token_QwErTyUiO1"
LINK = f"https://book.example.org/bookings/{ID}#token={TOKEN}"
ENCODED = quote(LINK, safe="")


def accepts(subject_id: str, token: str) -> bool:
    return (subject_id, token) == (ID, TOKEN)


def defended(link: str) -> str:
    """Return a link as Proofpoint's first format writes it."""
    return "".join("_" if c == "/" else c if c.isalnum() or c == "." else f"-{ord(c):02X}" for c in link)


CHANGED = {
    "link": LINK,
    "token alone": TOKEN,
    "full stop": f"{LINK}.",
    "comma": f"{LINK}, thank you",
    "angle brackets": f"<{LINK}>",
    "round brackets": f"({LINK})",
    "square brackets": f"[{LINK}]",
    "Markdown": f"[open]({LINK})",
    "quotes": f'"{LINK}"',
    "typographic quotes": f"\u201e{LINK}\u201c",
    "guillemets": f"\u00bb{LINK}\u00ab",
    "ellipsis": f"{LINK}\u2026",
    "blanks": f"  {LINK}\n",
    "zero-width space": f"\u200b{LINK}\u200b",
    "byte order mark": f"\ufeff{LINK}",
    "direction marks": f"\u2066{LINK}\u2069",
    "soft hyphen within": LINK.replace("token=", "tok\u00aden="),
    "line break within the token": LINK[:-9] + "\r\n" + LINK[-9:],
    "blank within the token": LINK[:-9] + " " + LINK[-9:],
    "line break before the token": LINK.replace("=", "=\n"),
    "quoted-printable": LINK.replace("=", "=3D"),
    "quoted-printable soft break": LINK.replace("=", "=3D")[:-9] + "=\r\n" + LINK[-9:],
    "encoded fragment": LINK.replace("#", "%23"),
    "encoded fragment and sign": LINK.replace("#", "%23").replace("=", "%3D"),
    "encoded twice": quote(LINK.replace("#", "%23").replace("=", "%3D")),
    "encoded three times": quote(quote(ENCODED)),
    "encoded hyphen": LINK.replace("-", "%2D"),
    "entities": LINK.replace("#", "&#35;").replace("=", "&#61;"),
    "tracking behind": f"{LINK}&utm_source=mail&utm_medium=email",
    "question mark behind": f"{LINK}?fbclid=Iw",
    "prefix": f"Code: {TOKEN}",
    "prefix and suffix": f"My code is {TOKEN}. Thank you!",
    "marker with a colon": f"token: {TOKEN}",
    "fragment alone": f"#token={TOKEN}",
    "encoded fragment alone": f"#token%3D{TOKEN}",
    "upper-case marker": LINK.replace("token=", "TOKEN="),
    "upper-case id": LINK.replace(ID, ID.upper()),
    "safe link": f"https://eur01.safelinks.protection.outlook.com/?url={ENCODED}&data=05%7C01%7Cada%40example.org%7C{OTHER_ID}",
    "redirect": f"https://www.google.com/url?q={ENCODED}&sa=D&source=calendar&usg=AOvVaw2vXk1vLwQ9b9pXf1vK",
    "link protection": f"https://linkprotect.cudasvc.com/url?a={ENCODED}&c=E,1,abcdefghijklmnopqrstuvwxyz012345",
    "defence 3": f"https://urldefense.com/v3/__{LINK.replace('#', '*')}__;Iw!!AbCdEfGhIjKlMnOpQrStUvWxYz012345!x$",
    "defence 2": f"https://urldefense.proofpoint.com/v2/url?u={defended(LINK)}&d=DwMFaQ&c=euGZstcaTDllvimEN8b7jXrwqOf",
    "lengthened": f"{LINK}__",
    "an earlier wrong token": f"token={'x' * 27} {LINK}",
}


@pytest.mark.parametrize("text", CHANGED.values(), ids=CHANGED.keys())
def test_changed_link_in_the_form_is_found(text: str) -> None:
    assert parse_link([text, ID], ID, accepts) == Link(ID, TOKEN)


@pytest.mark.parametrize("text", [text for text in CHANGED.values() if "/bookings/" in text or "bookings" in text])
def test_changed_link_names_its_own_id(text: str) -> None:
    assert parse_link([text], OTHER_ID, accepts) == Link(ID, TOKEN)


@pytest.mark.parametrize(
    "text",
    ["", "token=", f"token={TOKEN[:-1]}", f"token={TOKEN[:-1]}x", TOKEN[1:], "\ud800", "%", "token" * 900, "\x00"],
)
def test_text_without_a_valid_token_is_no_link(text: str) -> None:
    assert parse_link([text, ID], ID, accepts) is None


def test_long_text_costs_a_bounded_number_of_verifications() -> None:
    calls = []

    def refuse(subject_id: str, token: str) -> bool:
        calls.append((subject_id, token))
        return False

    text = " ".join(f"{number:032x} token={number:027}" for number in range(2_000))

    assert parse_link([text, text], ID, refuse) is None
    assert len(calls) <= 40


def test_control_only_the_exact_link_opens_without_the_parser() -> None:
    found = [name for name, text in CHANGED.items() if accepts(ID, text.strip().rpartition("token=")[2])]

    assert set(found) < set(CHANGED)
    assert "full stop" not in found


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        (ID, False),
        ("0", False),
        ("", False),
        (f"{ID}.", True),
        (f"{ID}#token={TOKEN}", True),
        (f"{ID}%23token%3D{TOKEN}", True),
        (f"<{ID}>", True),
        (ID.upper(), True),
        (ID + "0", False),
    ],
)
def test_id_is_changed_if_the_text_has_more(text: str, changed: bool) -> None:
    assert is_changed_id(text) is changed
    assert parse_id(text) == (ID if changed or text == ID else None)


@pytest.mark.parametrize(
    ("rest", "is_remainder"),
    [("", True), (".", True), (")", True), (">", True), (f"#token={TOKEN}", True), ("Token%3D", True),
     ("cancel", False), ("data", False), ("x.", False)],
)  # fmt: skip
def test_rest_of_a_path_is_no_page_name(rest: str, is_remainder: bool) -> None:
    assert is_link_remainder(rest) is is_remainder
