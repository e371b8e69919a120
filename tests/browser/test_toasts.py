"""Toasts: small on a phone, two at most, closable by mouse and keyboard, without layout shifts."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from core.i18n import LANGUAGES
from tests.browser.booking_form import fill_details, select_slot
from tests.browser.conftest import Visit
from tests.browser.keyboard import tab_to
from tests.browser.layout_shifts import layout_shifts, observe_layout_shifts, reset_layout_shifts
from tests.browser.sample_event import fill_slot
from tests.conftest import Served

DATE, CLOSED_DATE = "2026-03-25", "2026-03-17"
PHONE = {"width": 375, "height": 667}
TOASTS = ("selection-changed", "alternatives", "stale-availability", "submit-retry", "day-unavailable")
IMPORT = "import(document.querySelector('link[rel=stylesheet]').href.replace('site.css', 'toasts.js'))"
SHOW = f"async (names) => {{ const {{ show }} = await {IMPORT}; names.forEach((name) => show(name)); }}"
DISMISS = f"async (names) => {{ const {{ dismiss }} = await {IMPORT}; names.forEach((name) => dismiss(name)); }}"
SET_TOAST = f"async (isActive) => (await {IMPORT}).setToast('submit-retry', isActive)"
COVERED_HEIGHT = """() => {
  const boxes = [...document.querySelectorAll(".toast:not([hidden])")].map((toast) => toast.getBoundingClientRect());
  return Math.max(...boxes.map(({ bottom }) => bottom)) - Math.min(...boxes.map(({ top }) => top));
}"""


def visible_toasts(page: Page) -> list[str]:
    """Return the names of the visible toasts, from the top."""
    toasts = page.locator(".toast:visible")
    names: list[str] = toasts.evaluate_all("toasts => toasts.map((toast) => toast.dataset.toast)")
    return names


def open_form_of_filled_slot(page: Page, site: Served, slot_number: int) -> dict[str, Any]:
    """Select a slot that becomes full while the page is open; returns it."""
    slot = site.api.slots(DATE)[slot_number]
    page.goto(f"/?date={DATE}")
    select_slot(page, slot["_id"])
    fill_details(page)
    fill_slot(site.api, slot)
    expect(page.locator("#selection-changed")).to_contain_text(slot["label"][:5])
    return slot


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_toasts_cover_at_most_a_quarter_of_a_phone(visit: Visit, site: Served, language: str) -> None:
    page = visit(PHONE["width"], height=PHONE["height"], locale=language)
    open_form_of_filled_slot(page, site, list(LANGUAGES).index(language))
    assert visible_toasts(page) == ["selection-changed", "alternatives"]

    heights = {TOASTS[:2]: page.evaluate(COVERED_HEIGHT)}
    for pair in combinations(TOASTS, 2):
        page.evaluate(DISMISS, TOASTS)
        page.evaluate(SHOW, pair)
        heights[pair] = page.evaluate(COVERED_HEIGHT)

    assert {pair: height for pair, height in heights.items() if not 40 < height <= PHONE["height"] / 4} == {}


def test_toast_closed_by_keyboard_or_mouse_keeps_the_focus(visit: Visit, site: Served) -> None:
    page = visit()
    open_form_of_filled_slot(page, site, 2)
    page.locator("#city").focus()

    tab_to(page, "[data-toast=alternatives] [data-close]")
    expect(page.locator("[data-toast=alternatives] [data-close]")).to_have_accessible_name("Close this notice")
    page.keyboard.press("Enter")
    assert visible_toasts(page) == ["selection-changed"]
    expect(page.locator("[data-toast=selection-changed] [data-close]")).to_be_focused()
    page.keyboard.press("Escape")
    assert visible_toasts(page) == []
    assert page.evaluate("document.activeElement !== document.body"), "the focus is where it was before"
    page.evaluate(SHOW, ["stale-availability"])
    page.locator("[data-toast=stale-availability] [data-close]").click()
    assert visible_toasts(page) == []
    expect(page.locator("#city")).to_have_value("Berlin")


def test_closed_toast_is_shown_again_only_for_a_new_condition(visit: Visit, site: Served) -> None:
    page = visit()
    page.goto(f"/?date={DATE}")

    page.evaluate(SET_TOAST, True)
    assert visible_toasts(page) == ["submit-retry"]
    page.keyboard.press("Escape")
    page.evaluate(SET_TOAST, True)
    assert visible_toasts(page) == []
    page.evaluate(SET_TOAST, False)
    page.evaluate(SET_TOAST, True)
    assert visible_toasts(page) == ["submit-retry"]


@pytest.mark.parametrize("focus", ["#city", "the hour"])
def test_selected_slot_that_is_closed_is_unselected(visit: Visit, site: Served, focus: str) -> None:
    slot = site.api.slots(CLOSED_DATE)[focus == "#city"]
    page = visit()
    page.goto(f"/?date={CLOSED_DATE}")
    select_slot(page, slot["_id"])
    hour = page.locator(f".hours input[value='{slot['_id']}']")
    if focus == "#city":
        page.locator(focus).focus()
    expect(page.locator("#selected-slot")).not_to_be_empty()
    label = page.locator(f".hours .slot[data-slot='{slot['_id']}'] label")
    tick = "(label) => getComputedStyle(label, '::after').content"
    assert label.evaluate(tick) == '""'

    site.api.admin("PATCH", f"/slots/{slot['_id']}", json={"closed": True})

    expect(page.locator("#selection-changed")).to_contain_text("has just been closed")
    expect(hour).not_to_be_checked()
    expect(page.locator("#selected-slot")).to_be_empty()
    expect(page.locator(focus) if focus == "#city" else hour).to_be_focused()
    assert label.evaluate(tick) == "none"
    if focus == "the hour":
        page.keyboard.press("Space")
        expect(hour).not_to_be_checked()
        assert label.evaluate(tick) == "none"
    expect(page.locator(".day[aria-current] .day-taken")).to_have_attribute("width", "0")


def test_newest_two_toasts_stay_without_layout_shifts(visit: Visit, site: Served) -> None:
    page = visit(1280)
    observe_layout_shifts(page)
    open_form_of_filled_slot(page, site, 3)
    reset_layout_shifts(page)

    page.evaluate(SHOW, ["stale-availability"])
    assert visible_toasts(page) == ["stale-availability", "selection-changed"]
    page.evaluate(SHOW, ["submit-retry"])
    assert visible_toasts(page) == ["submit-retry", "stale-availability"]
    page.evaluate(DISMISS, ["stale-availability"])
    assert visible_toasts(page) == ["submit-retry"]

    assert layout_shifts(page) == []
    # Control: a toast that moves is noticed.
    page.evaluate("document.querySelector('.toasts').style.bottom = '100px'")
    assert layout_shifts(page) != []
