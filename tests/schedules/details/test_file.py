"""Table [event] of a schedule file: what it takes, and each refusal by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from schedules import schedule_file
from schedules.details.file import MAX_LOGO_BYTES
from schedules.errors import ScheduleError
from tests.schedules.files import schedule_text

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
GOOD = {
    "place": "Old Town Hall",
    "address": "Rathausstrasse 15\n10178 Berlin",
    "geo": "52.5186, -13.4082",
    "map_url": "https://map.example.org/?q=1&z=2",
    "image_alt": "The old hall",
    "description": "Look behind\nthe scenes.",
    "organiser": "Example University",
    "contact": "open-days@example.org",
    "imprint_url": "https://example.org/imprint",
    "privacy_url": "http://example.org/privacy",
    "accent": "#7A1F5C",
}


def with_event(**values: object) -> str:
    """Return a schedule file with these values in [event]; texts are written as TOML."""
    lines = [f"{key} = {toml(value)}" for key, value in values.items()]
    return schedule_text() + "[event]\n" + "\n".join(lines) + "\n"


def toml(value: object) -> str:
    if isinstance(value, str):
        escaped = "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in value)
        return f'"{escaped}"'
    return str(value).lower()


def test_event_without_details_shows_nothing() -> None:
    details = schedule_file.parse(schedule_text(), "a.toml").details

    assert (details.location, details.contact_url, details.logo, details.accent) == ("", "", None, "")


def test_event_details_are_read() -> None:
    details = schedule_file.parse(with_event(**GOOD), "a.toml").details

    assert details.location == "Old Town Hall, Rathausstrasse 15 10178 Berlin"
    assert details.geo == (52.5186, -13.4082)
    assert details.contact_url == "mailto:open-days@example.org"
    assert details.accent == "#7a1f5c"
    assert details.imprint_url == "https://example.org/imprint"


@pytest.mark.parametrize(
    ("contact", "url"), [("https://example.org/us", "https://example.org/us"), ("+49 30 1234, room 5", "")]
)
def test_contact_is_a_link_where_it_can_be_one(contact: str, url: str) -> None:
    assert schedule_file.parse(with_event(contact=contact), "a.toml").details.contact_url == url


def test_translation_replaces_only_its_texts() -> None:
    text = with_event(**GOOD) + '[translations.de]\nname = "Tage"\nrefusal = "Nein."\nplace = "Altes Rathaus"\n'

    german = schedule_file.parse(text, "a.toml").localized("de").details

    assert german.place == "Altes Rathaus"
    assert (german.organiser, german.geo) == ("Example University", (52.5186, -13.4082))


def test_pictures_are_read_from_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(PNG)
    (tmp_path / "hall.svg").write_bytes(b'\n<svg xmlns="http://www.w3.org/2000/svg"/>')
    file = tmp_path / "a.toml"
    file.write_text(with_event(logo="logo.png", image="hall.svg"), encoding="utf-8")

    details = schedule_file.load(file).details

    assert details.logo is not None
    assert details.image is not None
    assert (details.logo.content, details.logo.media_type) == (PNG, "image/png")
    assert details.image.extension == "svg"


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("place", "", "must be a text of 1 to 300 characters on one line."),
        ("place", "Hall\nBCC: all", "must be a text of 1 to 300 characters on one line."),
        ("organiser", 5, "must be a text of 1 to 300 characters on one line."),
        ("contact", "x" * 301, "must be a text of 1 to 300 characters on one line."),
        ("address", "x" * 4001, "must be a text of 1 to 4000 characters."),
        ("description", True, "must be a text of 1 to 4000 characters."),
        ("description", "a\x7fb", "must not have control characters."),
        ("map_url", "javascript:alert(1)", "must be a web address that begins with https:// or http://."),
        ("map_url", "//example.org", "must be a web address that begins with https:// or http://."),
        ("map_url", 'https://example.org/"onload', "must be a web address that begins with https:// or http://."),
        ("imprint_url", "https://", "must be a web address that begins with https:// or http://."),
        ("imprint_url", "https://user@example.org/", "must be a web address that begins with https:// or http://."),
        ("privacy_url", "ftp://example.org/", "must be a web address that begins with https:// or http://."),
        ("privacy_url", "https://[::1/", "must be a web address that begins with https:// or http://."),
        ("privacy_url", 7, "must be a web address that begins with https:// or http://."),
        ("geo", "91, 0", 'must be latitude and longitude in degrees, such as "52.5186, 13.4082".'),
        ("geo", "0, 181", 'must be latitude and longitude in degrees, such as "52.5186, 13.4082".'),
        ("geo", "52.5", 'must be latitude and longitude in degrees, such as "52.5186, 13.4082".'),
        ("geo", 52.5, 'must be latitude and longitude in degrees, such as "52.5186, 13.4082".'),
        ("accent", "blue", 'must be a colour such as "#20528f".'),
        ("accent", 5, 'must be a colour such as "#20528f".'),
        ("accent", "#ffcc00", "is too light to be read: its contrast is 1.4, and 4.5 is needed."),
        ("logo", "missing.png", "names no file that can be read; its path begins at the schedule file's folder."),
        ("logo", "a\x00b", "must be a text of 1 to 300 characters on one line."),
        ("image", 3, "must be a text of 1 to 300 characters on one line."),
        ("colour", "#000000", "is not known here; known are accent, address, contact, description, geo, image, "
         "image_alt, imprint_url, logo, map_url, organiser, place, privacy_url."),
    ],
)  # fmt: skip
def test_bad_detail_is_refused_with_its_line_and_reason(key: str, value: object, reason: str) -> None:
    with pytest.raises(ScheduleError) as refused:
        schedule_file.parse(with_event(**{key: value}), "a.toml")

    line = with_event(**{key: value}).split("\n").index("[event]") + 2
    assert str(refused.value) == f"a.toml, line {line}: {key} {reason}"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"GIF89a", "must be a PNG, JPEG, WebP or SVG picture."),
        (b"<html><script>", "must be a PNG, JPEG, WebP or SVG picture."),
        (PNG + bytes(MAX_LOGO_BYTES), "has 100,028 bytes; at most 100,000 are served."),
    ],
)
def test_file_that_is_no_picture_or_too_large_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "logo.png").write_bytes(content)
    file = tmp_path / "a.toml"
    file.write_text(with_event(logo="logo.png"), encoding="utf-8")

    with pytest.raises(ScheduleError, match=reason):
        schedule_file.load(file)


def test_bad_translated_detail_is_refused() -> None:
    text = schedule_text() + '[translations.de]\nname = "Tage"\nrefusal = "Nein."\nmap_url = "example.org"\n'

    with pytest.raises(ScheduleError, match=r"map_url must be a web address"):
        schedule_file.parse(text, "a.toml")
