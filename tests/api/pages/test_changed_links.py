"""Pages of links that mail programs have changed: the path and the form."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.pages.page_browser import DATE, Browser, fill
from tests.api_client import Api

Link = tuple[str, str, str]
KINDS = ("bookings", "waitlist")


@pytest.fixture(params=KINDS)
def link(request: pytest.FixtureRequest, api: Api) -> Link:
    """The folder, the id and the token of a booking's or an entry's link."""
    slot = api.slots(DATE)[0]
    if request.param == "bookings":
        record: dict[str, Any] = api.book(slot).json["booking"]
    else:
        fill(api, slot)
        record = api.wait_for(slot).json["entry"]
    address, _, token = record["manageUrl"].partition("#token=")
    return request.param, address.rpartition("/")[2], token


CHANGED_PATHS: dict[str, Callable[[str, str], str]] = {
    "encoded fragment": lambda subject, token: f"{subject}%23token={token}",
    "encoded fragment and sign": lambda subject, token: f"{subject}%23token%3D{token}",
    "encoded twice": lambda subject, token: f"{subject}%2523token%253D{token}",
    "full stop": lambda subject, token: f"{subject}%23token={token}.",
    "bracket": lambda subject, token: f"{subject}%23token={token})",
    "angle brackets": lambda subject, token: f"%3C{subject}%23token={token}%3E",
    "slash before": lambda subject, token: f"{subject}/%23token={token}",
    "slash and page": lambda subject, token: f"{subject}/%23token={token}/open",
    "star": lambda subject, token: f"{subject}*token={token}__",
    "quoted-printable": lambda subject, token: f"{subject}%23token=3D{token}",
    "scanner's suffix": lambda subject, token: f"{subject}%23token={token}&data=05%7C01%7Cada&reserved=0",
}


@pytest.mark.parametrize("changed", CHANGED_PATHS.values(), ids=CHANGED_PATHS.keys())
def test_token_in_the_path_is_filled_in_and_opens(
    browser: Browser, link: Link, changed: Callable[[str, str], str]
) -> None:
    folder, subject_id, token = link

    page = browser.get(f"/{folder}/{changed(subject_id, token)}")
    action = re.search(r'<form method="post" action="([^"]+)" data-token-form data-submit>', page.text)
    value = re.search(r'name="token" value="([^"]+)"', page.text)

    assert page.status_code == 200
    assert action
    assert value
    assert (action[1], value[1]) == (f"/{folder}/{subject_id}/open", token)
    assert opened(browser, action[1], value[1]) == f"/{folder}/{subject_id}"


@pytest.mark.parametrize(
    "junk", [".", ")", "%3E", "%22", "/", "/.", "%E2%80%8B", "&amp;x", "%23token=", "%23token=abc"]
)
def test_junk_after_an_id_leads_to_its_page(browser: Browser, link: Link, junk: str) -> None:
    folder, subject_id, _ = link

    answer = browser.get(f"/{folder}/{subject_id}{junk}")

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/{folder}/{subject_id}")


@pytest.mark.parametrize("path", ["nothing", "nothing.else", "data.xml", "opened/x", "x/y/z"])
def test_unknown_page_below_an_id_stays_unknown(browser: Browser, link: Link, path: str) -> None:
    folder, subject_id, _ = link

    assert browser.get(f"/{folder}/{subject_id}/{path}").status_code == 404


@pytest.mark.parametrize("path", ["x/.", "x/%23token=y", "-/-"])
def test_path_without_an_id_leads_nowhere(browser: Browser, path: str) -> None:
    assert browser.get(f"/bookings/{path}").status_code == 404
    assert browser.get(f"/waitlist/{path}").status_code == 404


@pytest.mark.parametrize("folder", ["bookings", "waitlist"])
def test_slash_after_an_id_leads_to_the_page_without(browser: Browser, folder: str) -> None:
    answer = browser.get(f"/{folder}/x/")

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/{folder}/x")


CHANGED_TEXTS: dict[str, Callable[[str, str, str], str]] = {
    "link": lambda folder, subject, token: f"https://book.example.org/{folder}/{subject}#token={token}",
    "full stop": lambda folder, subject, token: f"https://book.example.org/{folder}/{subject}#token={token}.",
    "brackets": lambda folder, subject, token: f"<https://book.example.org/{folder}/{subject}#token={token}>",
    "code": lambda folder, subject, token: f"({token})",
    "blanks": lambda folder, subject, token: f" {token[:9]} {token[9:]}\t",
    "invisible": lambda folder, subject, token: f"\u200b{token}\u2069",
    "safe link": lambda folder, subject, token: (
        f"https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fbook.example.org%2F{folder}%2F{subject}"
        f"%23token%3D{token}&data=05%7C01%7Cada%40example.org%7C{'0' * 32}"
    ),
}


@pytest.mark.parametrize("text", CHANGED_TEXTS.values(), ids=CHANGED_TEXTS.keys())
def test_changed_link_in_the_form_opens(browser: Browser, link: Link, text: Callable[[str, str, str], str]) -> None:
    folder, subject_id, token = link

    assert opened(browser, f"/{folder}/{subject_id}/open", text(folder, subject_id, token)) == f"/{folder}/{subject_id}"


def test_form_of_a_changed_path_takes_the_path_s_token(browser: Browser, link: Link) -> None:
    folder, subject_id, token = link

    for posted in (token, ""):
        path = f"/{folder}/{subject_id}%23token={token}/open"
        assert opened(browser, path, posted) == f"/{folder}/{subject_id}"


def test_link_of_another_booking_opens_that_booking(browser: Browser, api: Api) -> None:
    slots = api.slots(DATE)
    first, second = (api.book(slot).json["booking"] for slot in slots[:2])

    assert opened(browser, f"/bookings/{first['id']}/open", second["manageUrl"]) == f"/bookings/{second['id']}"


def test_token_of_another_booking_opens_nothing(browser: Browser, api: Api) -> None:
    slots = api.slots(DATE)
    first, second = (api.book(slot).json["booking"] for slot in slots[:2])
    token = second["manageUrl"].partition("#token=")[2]

    page = browser.get(f"/bookings/{first['id']}%23token={token}")
    answer = browser.app.test_client().post(f"/bookings/{first['id']}/open", data={"token": token})

    assert (page.status_code, page.headers["Location"]) == (303, f"/bookings/{first['id']}")
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (404, False)


def opened(browser: Browser, path: str, text: str) -> str:
    """Submit the form for a link's token; return the path of the page that it opens."""
    visitor = browser.app.test_client()
    answer = visitor.post(path, data={"token": text})
    assert answer.status_code == 303, answer.text
    second = visitor.get(answer.headers["Location"])
    page = visitor.get(second.headers["Location"])
    assert (second.status_code, page.status_code, "data-token-form" in page.text) == (303, 200, False)
    return second.headers["Location"]
