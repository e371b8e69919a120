"""Links that mail programs have changed, opened in a browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.conftest import Served

DATE = "2026-03-21"
Change = Callable[[str, str], str]
ADDRESSES: dict[str, Change] = {
    "link": lambda path, token: f"{path}#token={token}",
    "encoded fragment": lambda path, token: f"{path}%23token={token}",
    "encoded sign": lambda path, token: f"{path}%23token%3D{token}",
    "full stop": lambda path, token: f"{path}#token={token}.",
    "bracket": lambda path, token: f"{path}#token={token})",
    "encoded sign in the fragment": lambda path, token: f"{path}#token%3D{token}",
    "scanner's suffix": lambda path, token: f"{path}%23token={token}&data=05%7C01&reserved=0",
    "full stop after the id": lambda path, token: f"{path}.#token={token}",
    "slash after the id": lambda path, token: f"{path}/#token={token}",
}


@pytest.mark.parametrize("change", ADDRESSES.values(), ids=ADDRESSES.keys())
def test_changed_link_opens_and_leaves_no_token_in_the_address(visit: Visit, site: Served, change: Change) -> None:
    booking = site.api.book(next(slot for slot in site.api.slots(DATE) if not slot["isFull"])).json["booking"]
    path = f"/bookings/{booking['id']}"
    page = visit()

    page.goto(change(path, booking["manageUrl"].partition("#token=")[2]))

    expect(page.get_by_text(booking["reference"])).to_be_visible()
    assert page.url == site.url + path
    page.go_back()
    assert "token" not in page.url


def test_changed_link_opens_without_scripts_by_one_button(visit: Visit, site: Served) -> None:
    booking = site.api.book(site.api.slots("2026-03-25")[0]).json["booking"]
    path = f"/bookings/{booking['id']}"
    page = visit(java_script_enabled=False)

    page.goto(f"{path}%23token={booking['manageUrl'].partition('#token=')[2]}")
    page.get_by_role("button", name="Open").click()

    expect(page.get_by_text(booking["reference"])).to_be_visible()
    assert page.url == site.url + path


@pytest.mark.parametrize("text", ["<{}>", "({}).", "See {}, thanks", "https://scan.example/?url={}&x=1"])
def test_pasted_link_opens_whatever_is_around_it(visit: Visit, site: Served, text: str) -> None:
    booking = site.api.book(next(slot for slot in site.api.slots("2026-03-27") if not slot["isFull"])).json["booking"]
    page = visit()

    page.goto(f"/bookings/{booking['id']}")
    page.get_by_label("Link or code from your e-mail").fill(text.format(booking["manageUrl"]))
    page.get_by_role("button", name="Open").click()

    expect(page.get_by_text(booking["reference"])).to_be_visible()
