"""The back office as an administrator uses it: log in, open views, find bookings."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.api_client import Api
from tests.conftest import Served
from tests.factories import ADMIN_KEY

WIDTHS = [375, 768, 1280]
VIEWS = ("bookings", "slots", "events", "letters", "overview", "audit")
STORED_KEYS = "Object.entries(sessionStorage)"


def log_in(page: Page, path: str = "/admin") -> None:
    """Open the page and log in with the admin key."""
    page.goto(path)
    page.locator("#key").fill(ADMIN_KEY)
    page.keyboard.press("Enter")
    page.locator("#view h1").wait_for()


def open_view(page: Page, view: str) -> None:
    """Open a view by its link."""
    page.locator(f"[data-view={view}]").click()
    expect(page.locator(f"[data-view={view}]")).to_have_attribute("aria-current", "page")


def wait_until_rendered(page: Page) -> None:
    """Wait until no view is loading."""
    page.locator("#view:not([aria-busy])").wait_for()


def open_booking(page: Page, booking: dict[str, Any]) -> None:
    """Open the dialog of a listed booking."""
    page.locator(f"#booking-{booking['id']}").click()
    expect(page.locator("#detail-title")).to_have_text(f"Booking {booking['reference']}")


def find_booking(page: Page, name: str, booking: dict[str, Any]) -> None:
    """Log in, search for a guest's name and open the booking."""
    log_in(page, f"/admin?name={name}")
    open_booking(page, booking)


def listed_references(page: Page) -> list[str]:
    """Return the references in the list, in its order."""
    return page.locator(".bookings-table .link-button").all_text_contents()


def query_of(page: Page) -> str:
    """Return the query string of the page's address."""
    return page.url.partition("?")[2]


def control_boxes(page: Page) -> list[dict[str, float]]:
    """Return the bounding boxes of all buttons and fields of a view, relative to the window."""
    controls = page.locator("#view :is(button, input, select)")
    boxes: list[dict[str, float]] = controls.evaluate_all("all => all.map(at => at.getBoundingClientRect().toJSON())")
    return boxes


def list_bookings(api: Api, **query: Any) -> list[dict[str, Any]]:
    """Return the bookings that the API lists."""
    answer = api.admin("GET", "/bookings", query={"limit": "25", **query})
    assert answer.status == 200, answer.body
    items: list[dict[str, Any]] = answer.json["items"]
    return items


def book_on(site: Served, date: str, **changes: Any) -> dict[str, Any]:
    """Book the first free slot of a date; returns the booking."""
    slot = next(slot for slot in site.api.slots(date) if slot["remaining"])
    answer = site.api.book(slot, **changes)
    assert answer.status == 201, answer.body
    booking: dict[str, Any] = answer.json["booking"]
    return booking
