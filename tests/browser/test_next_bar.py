"""Bar of the chosen hour on a phone: it covers no more after a choice than before, and says what comes next."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.booking_form import DATE, select_slot
from tests.browser.conftest import Visit
from tests.browser.covered import Point, add_style, scroll_to_foot, tap_points
from tests.conftest import Served

TARGETS = ".hours .slot, .booking .button"
NEXT_STEP = ".next-step"
# The bar that appears with the first choice, as a guard against a test that cannot fail.
LATE_BAR = '.booking:not(:has([name="slotId"]:checked)) .next-bar { display: none; }'
TEXTS = [
    ("en", "Continue", "Full: waiting list", "to hold your place", "for the waiting list"),
    ("de", "Weiter", "Voll: Warteliste", "Ihren Platz freizuhalten", "nur für die Warteliste"),
]


def newly_covered(page: Page) -> set[Point]:
    """Return the points of hours and buttons that the choice of the first hour brings under something else."""
    before = tap_points(page, TARGETS)
    box = page.locator(".hours .slot").first.bounding_box()
    assert box
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(NEXT_STEP)).to_be_visible()
    return before - tap_points(page, TARGETS)


def test_choice_of_an_hour_brings_nothing_under_the_bar(visit: Visit) -> None:
    page = visit(375, height=812, has_touch=True)
    page.goto(f"/?date={DATE}")
    expect(page.locator(".next-bar")).to_have_text("No hour chosen yet", use_inner_text=True)
    scroll_to_foot(page, "#hours")

    assert newly_covered(page) == set()


def test_control_next_bar_that_appears_late_covers_hours(visit: Visit) -> None:
    page = visit(375, height=812, has_touch=True)
    page.goto(f"/?date={DATE}")
    add_style(page, LATE_BAR)
    scroll_to_foot(page, "#hours")

    assert newly_covered(page) != set()


@pytest.mark.parametrize("texts", TEXTS, ids=[row[0] for row in TEXTS])
def test_full_hour_leads_to_the_waiting_list_by_its_texts(visit: Visit, site: Served, texts: tuple[str, ...]) -> None:
    locale, go_on, wait, place, line = texts
    full, _, free = site.api.slots(DATE)[:3]
    page = visit(375, height=812, locale=locale)
    page.goto(f"/?date={DATE}")
    consent = page.locator(".consent").filter(visible=True)

    select_slot(page, free["_id"])
    expect(page.locator(NEXT_STEP)).to_contain_text(go_on, use_inner_text=True)
    expect(consent).to_contain_text(place)
    select_slot(page, full["_id"])

    expect(page.locator(NEXT_STEP)).to_contain_text(wait, use_inner_text=True)
    expect(page.locator(NEXT_STEP)).not_to_contain_text(go_on, use_inner_text=True)
    expect(consent).to_contain_text(line)
