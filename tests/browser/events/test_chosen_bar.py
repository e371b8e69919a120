"""Bar of the chosen seats on a phone: it covers no more of the map after a tap than before."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.covered import Point, add_style, scroll_to_foot, tap_points
from tests.browser.events.sample_events import SampleEvents

MAP = "#seat-map svg"
CENTER_OF_SEAT = """(svg, { column, row }) => {
  const box = svg.getBoundingClientRect();
  const view = svg.viewBox.baseVal;
  const scale = box.width / view.width;
  const pitch = Number(svg.dataset.pitch);
  const y = (row + 0.5) * pitch;
  return [box.left + (column * pitch + 3 - view.x) * scale, box.top + (y - view.y) * scale];
}"""
# The bar that appears with the first choice, as a guard against a test that cannot fail.
LATE_BAR = '.seat-picker:not(:has([name="seats"]:checked)) .chosen-bar { display: none; }'


def open_map(page: Page, sample: SampleEvents) -> None:
    """Open the page of seats with the map at the foot of the window."""
    page.goto(f"/events/{sample.opera.id}/seats")
    expect(page.locator(".chosen-bar .button")).to_be_disabled()
    scroll_to_foot(page, MAP)


def tap_seat(page: Page, column: int) -> None:
    x, y = page.locator(MAP).evaluate(CENTER_OF_SEAT, {"column": column, "row": 0})
    page.touchscreen.tap(x, y)


def newly_covered(page: Page) -> set[Point]:
    """Return the points of the map that a tap on its first seat brings under something else."""
    before = tap_points(page, MAP)
    tap_seat(page, 0)
    expect(page.locator("#chosen-sum")).to_contain_text("A1")
    return before - tap_points(page, MAP)


def test_first_seat_brings_no_part_of_the_map_under_the_bar(visit: Visit, sample: SampleEvents) -> None:
    page = visit(375, height=812, has_touch=True)
    open_map(page, sample)

    assert newly_covered(page) == set()

    tap_seat(page, 1)
    expect(page.locator("#chosen-sum")).to_contain_text("A1, A2 · 2 tickets")
    expect(page.locator(".chosen-bar .button")).to_be_enabled()


def test_control_bar_that_appears_late_covers_the_map(visit: Visit, sample: SampleEvents) -> None:
    page = visit(375, height=812, has_touch=True)
    open_map(page, sample)
    add_style(page, LATE_BAR)
    scroll_to_foot(page, MAP)

    assert newly_covered(page) != set()


def test_bar_keeps_its_height_with_every_further_seat(visit: Visit, sample: SampleEvents) -> None:
    page = visit(375, height=812, has_touch=True)
    open_map(page, sample)
    bar = page.locator(".chosen-bar")
    before = bar.bounding_box()
    assert before

    page.get_by_role("button", name="Row H").click()
    for number in range(1, 9):
        page.get_by_role("checkbox", name=f"H{number}", exact=True).check()

    expect(page.locator("#chosen-sum")).to_contain_text("8 tickets")
    after = bar.bounding_box()
    assert after
    assert after["height"] == before["height"]
