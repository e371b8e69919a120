"""The notices at the foot of the screen: slim on a phone, two at the most, closed by mouse and keys, moving nothing."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from core.i18n import LANGUAGES
from tests.browser.conftest import Visit
from tests.browser.journeys import choose, fill_in, tab_to
from tests.browser.test_live_pages import SHIFTED, SHIFTS
from tests.conftest import Served

DATE, CLOSED_DATE = "2026-03-25", "2026-03-17"
PHONE = {"width": 375, "height": 667}
TOASTS = ("selection-changed", "alternatives", "stale-availability", "submit-retry", "day-unavailable")
SHOW = "async (names) => { const { show } = await import('/static/toasts.js'); names.forEach((name) => show(name)); }"
DISMISS = """async (names) => {
  const { dismiss } = await import('/static/toasts.js');
  names.forEach((name) => dismiss(name));
}"""
COVERED = """() => {
  const boxes = [...document.querySelectorAll(".toast:not([hidden])")].map((note) => note.getBoundingClientRect());
  return Math.max(...boxes.map(({ bottom }) => bottom)) - Math.min(...boxes.map(({ top }) => top));
}"""


def told(page: Page) -> list[str]:
    """Return the notices that are shown, from the top."""
    names: list[str] = page.locator(".toast:visible").evaluate_all(
        "toasts => toasts.map((toast) => toast.dataset.toast)"
    )
    return names


def filled_up(page: Page, site: Served, number: int) -> dict[str, Any]:
    """Choose an hour of a page that fills up at once; return it."""
    slot = site.api.slots(DATE)[number]
    page.goto(f"/?date={DATE}")
    choose(page, slot["_id"])
    fill_in(page)
    for _ in range(slot["remaining"]):
        assert site.api.book(slot).status == 201
    expect(page.locator("#selection-changed")).to_contain_text(slot["label"][:5])
    return slot


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_notices_cover_a_quarter_of_a_phone_at_the_most(visit: Visit, site: Served, language: str) -> None:
    page = visit(PHONE["width"], height=PHONE["height"], locale=language)
    filled_up(page, site, list(LANGUAGES).index(language))
    assert told(page) == ["selection-changed", "alternatives"]

    covered = {TOASTS[:2]: page.evaluate(COVERED)}
    for pair in combinations(TOASTS, 2):
        page.evaluate(DISMISS, TOASTS)
        page.evaluate(SHOW, pair)
        covered[pair] = page.evaluate(COVERED)

    assert {pair: height for pair, height in covered.items() if not 40 < height <= PHONE["height"] / 4} == {}


def test_a_notice_is_closed_by_keys_and_by_mouse_and_the_focus_is_not_lost(visit: Visit, site: Served) -> None:
    page = visit()
    filled_up(page, site, 2)
    page.locator("#city").focus()

    tab_to(page, "[data-toast=alternatives] [data-close]")
    expect(page.locator("[data-toast=alternatives] [data-close]")).to_have_accessible_name("Close this notice")
    page.keyboard.press("Enter")
    assert told(page) == ["selection-changed"]
    expect(page.locator("[data-toast=selection-changed] [data-close]")).to_be_focused()
    page.keyboard.press("Escape")
    assert told(page) == []
    assert page.evaluate("document.activeElement !== document.body"), "the focus is where it was before"
    page.evaluate(SHOW, ["stale-availability"])
    page.locator("[data-toast=stale-availability] [data-close]").click()
    assert told(page) == []
    expect(page.locator("#city")).to_have_value("Berlin")


def test_a_notice_that_was_closed_is_told_again_only_when_it_begins_anew(visit: Visit, site: Served) -> None:
    page = visit()
    page.goto(f"/?date={DATE}")
    set_toast = "async (isActive) => (await import('/static/toasts.js')).setToast('submit-retry', isActive)"

    page.evaluate(set_toast, True)
    assert told(page) == ["submit-retry"]
    page.keyboard.press("Escape")
    page.evaluate(set_toast, True)
    assert told(page) == []
    page.evaluate(set_toast, False)
    page.evaluate(set_toast, True)
    assert told(page) == ["submit-retry"]


@pytest.mark.parametrize("where", ["#city", "the hour"])
def test_a_chosen_hour_that_is_closed_is_chosen_no_more(visit: Visit, site: Served, where: str) -> None:
    slot = site.api.slots(CLOSED_DATE)[where == "#city"]
    page = visit()
    page.goto(f"/?date={CLOSED_DATE}")
    choose(page, slot["_id"])
    hour = page.locator(f".hours input[value='{slot['_id']}']")
    if where == "#city":
        page.locator(where).focus()
    expect(page.locator("#selected-slot")).not_to_be_empty()
    drawn = page.locator(f".hours .slot[data-slot='{slot['_id']}'] label")
    tick = "(label) => getComputedStyle(label, '::after').content"
    assert drawn.evaluate(tick) == '""'

    site.api.admin("PATCH", f"/slots/{slot['_id']}", json={"closed": True})

    expect(page.locator("#selection-changed")).to_contain_text("has just been closed")
    expect(hour).not_to_be_checked()
    expect(page.locator("#selected-slot")).to_be_empty()
    expect(page.locator(where) if where == "#city" else hour).to_be_focused()
    assert drawn.evaluate(tick) == "none"
    if where == "the hour":
        page.keyboard.press("Space")
        expect(hour).not_to_be_checked()
        assert drawn.evaluate(tick) == "none"
    expect(page.locator(".day[aria-current] .day-taken")).to_have_attribute("width", "0")


def test_of_three_notices_the_newest_two_are_kept_and_nothing_moves(visit: Visit, site: Served) -> None:
    page = visit(1280)
    page.add_init_script(SHIFTS)
    filled_up(page, site, 3)
    page.evaluate(SHIFTED)
    page.evaluate("shifts.splice(0)")

    page.evaluate(SHOW, ["stale-availability"])
    assert told(page) == ["stale-availability", "selection-changed"]
    page.evaluate(SHOW, ["submit-retry"])
    assert told(page) == ["submit-retry", "stale-availability"]
    page.evaluate(DISMISS, ["stale-availability"])
    assert told(page) == ["submit-retry"]

    assert page.evaluate(SHIFTED) == []
    # Control: a notice that moves is seen.
    page.evaluate("document.querySelector('.toasts').style.bottom = '100px'")
    assert page.evaluate(SHIFTED) != []
