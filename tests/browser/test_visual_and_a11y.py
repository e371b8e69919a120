"""Accessibility: axe finds no violations, and no page is wider than its screen, on phones and wide screens."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from core.i18n import LANGUAGES
from core.mongo.client import Client
from tests.browser.accessibility import AccessibilityInspector, axe_violations
from tests.browser.booking_form import DATE, fill_details, open_email_link, select_slot
from tests.browser.conftest import Visit
from tests.browser.keyboard import tab_through
from tests.browser.page_tour import tour_pages
from tests.browser.sample_event import fill_slot
from tests.conftest import Served

MANAGED_DATE = "2026-03-19"
TOUR_PAGES = {
    "month",
    "refused",
    "full",
    "waiting",
    "left",
    "book",
    "done",
    "booking",
    "moved",
    "cancelled",
    "find-booking",
    "find-booking-sent",
    "open",
    "no-such-booking",
    "not-found",
}
SHOW_ALL_TOASTS = "document.querySelectorAll('[data-toast]').forEach((toast) => toast.hidden = false)"
SHOW_NOSCRIPT = """() => {
  document.querySelectorAll("main noscript").forEach((part) => part.outerHTML = part.textContent);
  document.querySelectorAll("a.day").forEach((link) => link.remove());
}"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_have_no_violations_at_any_width_or_scheme(visit: Visit, site: Served, language: str) -> None:
    slots = [slot["_id"] for slot in site.api.slots()]
    page = visit(color_scheme="light", reduced_motion="reduce", locale=language)
    inspector = AccessibilityInspector(page)

    tour_pages(inspector, free=slots[2], full=slots[3])

    assert inspector.seen == {name: [] for name in TOUR_PAGES}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_control_planted_violations_are_found(visit: Visit, scheme: str) -> None:
    page = visit(color_scheme=scheme)
    page.goto("/")
    assert axe_violations(page) == []

    page.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<img src=\"/static/icon.svg\">')")
    page.evaluate("document.querySelector('.lead').style.color = '#777'")

    assert {violation.partition(":")[0] for violation in axe_violations(page)} == {"image-alt", "color-contrast"}


def test_form_focus_is_visible_and_in_page_order(visit: Visit) -> None:
    page = visit(1280)
    page.goto(f"/?date={DATE}")
    fill_details(page)
    page.locator("a.skip").focus()

    stops = tab_through(page)

    assert all(stop["outline"] >= 2 for stop in stops), "the focus is visible"
    assert all(stop["inView"] for stop in stops)
    order = [stop["kind"] for stop in stops]
    assert order == [
        "skip", "brand", "Book a place", "Events", "Sign in", *["language"] * 2, *["day"] * 16, "slotId", "fullName",
        "email", "country", "phone", "city",
        "message", "action",
    ]  # fmt: skip


def fail_next_slot_query(mongo: Client, site: Served) -> None:
    """Let the next query for slots fail, as after a time-out of the database."""
    slots = f"{site.environment['MONGODB_DATABASE']}.slots"
    failure = {"failCommands": ["find"], "namespace": slots, "errorCode": 50}
    mongo.admin.command({"configureFailPoint": "failCommand", "mode": {"times": 1}, "data": failure})


def test_scripted_states_have_no_violations(visit: Visit, site: Served, mongo: Client) -> None:
    slots = site.api.slots(MANAGED_DATE)
    page = visit(color_scheme="light", reduced_motion="reduce")
    inspector = AccessibilityInspector(page)

    inspect_toasts(page, inspector, site, slots[5])
    open_email_link(page, site.api.book(slots[6]).json["booking"])
    page.get_by_text("Reschedule booking").click()
    page.get_by_text("What is kept about you").click()
    inspector.take("opened")
    page.get_by_text("Cancel booking").click()
    page.get_by_role("dialog").wait_for()
    inspector.take("dialog")
    page.goto("/language")
    page.get_by_role("heading", name="Nothing is opened this way").wait_for()
    inspector.take("not-allowed")
    fail_next_slot_query(mongo, site)
    page.goto(f"/?date={MANAGED_DATE}")
    page.get_by_text("We cannot see at the moment which places are left.").wait_for()
    inspector.take("away")
    page.goto(f"/?date={MANAGED_DATE}")
    page.evaluate(SHOW_NOSCRIPT)
    inspector.take("plain")

    names = ("filled", "toasts", "opened", "dialog", "not-allowed", "away", "plain")
    assert inspector.seen == {name: [] for name in names}


def inspect_toasts(page: Page, inspector: AccessibilityInspector, site: Served, slot: dict[str, Any]) -> None:
    """Inspect a form whose selected slot has become full, then with all toasts at once."""
    page.goto(f"/?date={MANAGED_DATE}")
    fill_details(page)
    select_slot(page, slot["_id"])
    fill_slot(site.api, slot)
    expect(page.locator("#selection-changed")).to_contain_text("has just been filled")
    inspector.take("filled")
    page.evaluate(SHOW_ALL_TOASTS)
    inspector.take("toasts")


def test_printed_booking_names_the_event(visit: Visit, site: Served) -> None:
    booking = site.api.book(site.api.slots(MANAGED_DATE)[3]).json["booking"]
    page = open_email_link(visit(), booking)

    page.emulate_media(media="print")

    expect(page.locator(".brand")).to_be_visible()
    expect(page.get_by_text(booking["reference"])).to_be_visible()
    expect(page.locator(".languages")).to_be_hidden()
