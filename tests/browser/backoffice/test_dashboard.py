"""Dashboard: totals, and charts that are images with names, tables and sufficient contrast."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.api_client import Api
from tests.browser.backoffice.actions import WIDTHS, log_in
from tests.browser.backoffice.history import UNUSUAL_NAMES_DATE
from tests.browser.conftest import Visit
from tests.conftest import Served


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours in CSS notation (WCAG 2)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(channel) / 255 for channel in re.findall(r"\d+", colour)[:3]]
    weights = (0.2126, 0.7152, 0.0722)
    return sum(weight * _linear(channel) for weight, channel in zip(weights, channels, strict=True))


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def bookable_places(api: Api) -> int:
    """Return how many places guests can book."""
    return sum(date["remaining"] for date in api.get("/api/dates").json["dates"])


def colour_of(page: Page, selector: str, css_property: str = "fill") -> str:
    return str(page.locator(selector).first.evaluate(f"element => getComputedStyle(element).{css_property}"))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_are_images_with_names_numbers_and_tables(visit: Visit, site: Served, width: int, scheme: str) -> None:
    closed = site.api.slots(UNUSUAL_NAMES_DATE)[-1]["_id"]
    assert site.api.admin("PATCH", f"/slots/{closed}", json={"closed": True}).status == 200
    page = visit(width, color_scheme=scheme)
    log_in(page, "/admin?view=overview")

    for name in ("Booked by date and hour", "Bookings made, by day", "E-mails by state"):
        expect(page.get_by_role("img", name=name)).to_be_visible()
    stats = site.api.admin("GET", "/stats").json
    assert page.locator(".total strong").first.text_content() == f"{stats['seats']:,}"
    free = page.locator(".total", has_text="still free").locator("strong")
    expect(free).to_have_text(f"{bookable_places(site.api):,}")
    cells = page.locator(".cell text").all_text_contents()
    assert len(cells) == len(site.api.admin("GET", "/slots").json)
    page.locator("#table-fill summary").click()
    rows = page.locator("#table-fill tbody tr")
    expect(rows).to_have_count(16)
    expect(rows.filter(has_text="21 Mar 2026")).to_contain_text("1/4")
    failed = page.locator("#table-letters tr", has_text="given up").locator("td")
    assert int(str(failed.text_content())) >= 1
    assert sum(int(text) for text in page.locator("#table-bookings td").all_text_contents()) >= 60
    expect_charts_to_fill_the_view(page, width)


def expect_charts_to_fill_the_view(page: Page, width: int) -> None:
    """Expect that all charts fit the screen, are nearly as wide as the view, and are not scaled."""
    view = page.locator("#view").bounding_box()
    assert view
    for chart in page.locator(".plot svg").all():
        box = chart.bounding_box()
        assert box
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
        assert float(str(chart.get_attribute("width"))) == pytest.approx(box["width"], abs=1)  # scaling changes text
        assert box["width"] >= view["width"] - 50


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_chart_colours_have_sufficient_contrast(visit: Visit, scheme: str) -> None:
    page = visit(1280, color_scheme=scheme)
    log_in(page, "/admin?view=overview")
    background = colour_of(page, ".plot", "backgroundColor")
    # Give the cells all levels, whatever the bookings are.
    page.evaluate(
        "document.querySelectorAll('.cell').forEach((cell, n) => cell.setAttribute('class', `cell level-${n % 5}`))"
    )

    for level in range(5):
        fill = colour_of(page, f".level-{level} rect")
        assert contrast(colour_of(page, f".level-{level} text"), fill) >= 4.5, level
        assert contrast(colour_of(page, f".level-{level} rect", "stroke"), background) >= 3, level
    for bar in (".plot-bookings .bar rect", ".state-dead", ".state-sent", ".state-queued", ".state-retrying"):
        assert contrast(colour_of(page, bar), background) >= 3, bar
    assert contrast(colour_of(page, ".axis text"), background) >= 4.5


def test_charts_are_rendered_again_for_another_width(visit: Visit) -> None:
    page = visit(1280)
    log_in(page, "/admin?view=overview")
    before = page.locator(".plot-fill").get_attribute("width")

    page.set_viewport_size({"width": 768, "height": 800})

    expect(page.locator(".plot-fill")).not_to_have_attribute("width", str(before))
