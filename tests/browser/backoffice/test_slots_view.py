"""Slots view: changes the capacity of a slot, closes and reopens it, without moving its buttons."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.backoffice.actions import WIDTHS, control_boxes, log_in, query_of
from tests.browser.backoffice.history import UNUSUAL_NAMES_DATE
from tests.browser.conftest import Visit
from tests.conftest import Served

DATE, CLICK_DATE = "2026-03-25", "2026-03-17"


def find_slot(site: Served, slot: dict[str, Any]) -> dict[str, Any]:
    """Return the present state of a slot."""
    return next(each for each in site.api.slots(slot["date"]) if each["_id"] == slot["_id"])


@pytest.mark.parametrize("width", WIDTHS)
def test_slot_capacity_is_changed_and_slot_is_closed_and_reopened(visit: Visit, site: Served, width: int) -> None:
    slot = site.api.slots(DATE)[WIDTHS.index(width) + 2]
    page = visit(width)
    log_in(page, "/admin?view=slots")
    page.locator("#date").select_option(DATE)
    capacity = page.locator(f"#capacity-{slot['_id']}")

    capacity.fill(str(width))
    page.locator(f"#save-{slot['_id']}").click()
    expect(page.locator("#notice")).to_have_text(f"Wed, 25 Mar 2026, {slot['label']}: capacity saved.")
    expect(page.locator(f"#save-{slot['_id']}")).to_be_focused()
    page.locator(f"#close-{slot['_id']}").click()
    expect(page.locator("#notice")).to_have_text(f"Wed, 25 Mar 2026, {slot['label']} is closed.")
    closed = find_slot(site, slot)
    assert (closed["capacity"], closed["isFull"]) == (width, True)
    page.locator(f"#close-{slot['_id']}").click()
    expect(page.locator("#notice")).to_have_text(f"Wed, 25 Mar 2026, {slot['label']} is open again.")

    reopened = find_slot(site, slot)
    assert (reopened["remaining"], reopened["isFull"]) == (width, False)
    assert query_of(page) == f"view=slots&date={DATE}"
    page.reload()
    expect(capacity).to_have_value(str(width))


@pytest.mark.parametrize("width", [320, 1024, *WIDTHS])
def test_second_click_at_the_same_point_hits_the_same_slot(visit: Visit, site: Served, width: int) -> None:
    slots = site.api.slots(CLICK_DATE)
    slot = slots[4]
    entries = len(site.api.admin("GET", "/audit", query={"about": slot["_id"]}).json["items"])
    page = visit(width)
    log_in(page, f"/admin?view=slots&date={CLICK_DATE}")
    close = page.locator(f"#close-{slot['_id']}")
    close.evaluate("button => button.scrollIntoView({ block: 'center' })")
    before = control_boxes(page)
    box = close.bounding_box()
    assert box
    point = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    page.mouse.click(*point)
    expect(page.locator("#notice")).to_have_text(f"Tue, 17 Mar 2026, {slot['label']} is closed.")
    assert control_boxes(page) == before
    page.mouse.click(*point)
    expect(page.locator("#notice")).to_have_text(f"Tue, 17 Mar 2026, {slot['label']} is open again.")

    assert control_boxes(page) == before
    assert site.api.slots(CLICK_DATE) == slots
    assert len(site.api.admin("GET", "/audit", query={"about": slot["_id"]}).json["items"]) == entries + 2


def test_capacity_below_the_bookings_is_refused(visit: Visit, site: Served) -> None:
    slot = site.api.slots(UNUSUAL_NAMES_DATE)[0]
    page = visit(1280, refused={f"/api/admin/slots/{slot['_id']}"})
    log_in(page, f"/admin?view=slots&date={UNUSUAL_NAMES_DATE}")

    page.locator(f"#capacity-{slot['_id']}").fill("0")
    page.keyboard.press("Enter")

    expect(page.locator("#notice")).to_have_class("notice is-error")
    expect(page.locator("#notice")).to_have_text(f"{slot['label']}: More places are booked than this capacity.")
    expect(page.locator(f"#capacity-{slot['_id']}")).to_have_value("4")
    assert site.api.slots(UNUSUAL_NAMES_DATE)[0]["capacity"] == 4


def test_slots_without_parties_have_no_column_of_saved_places(visit: Visit) -> None:
    page = visit(1280)

    log_in(page, f"/admin?view=slots&date={DATE}")

    expect(page.locator(".slots-table th")).to_have_text(["Hours", "Booked", "Waiting", "Capacity", "State", "Booking"])
    expect(page.locator("#saved-hint")).to_have_count(0)
