"""Images of events in Chromium: nothing moves when one arrives, and a broken one leaves its box."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Visit
from tests.browser.layout_shifts import layout_shifts, observe_layout_shifts, reset_layout_shifts
from tests.conftest import Served
from tests.event_calls import store_event

IMAGE = "https://pictures.example.org/a.svg"
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="900" height="1600"><rect width="900" height="1600"/></svg>'


@pytest.mark.parametrize("width", [375, 1280])
def test_image_arrives_without_layout_shift(visit: Visit, site: Served, width: int) -> None:
    event = store_event(site.db, image=IMAGE, image_alt="The stage")
    page = visit(width, other_site="https://pictures.example.org")
    held: list[Route] = []
    page.route(IMAGE, lambda route: held.append(route))  # noqa: PLW0108  # Playwright reads the signature
    observe_layout_shifts(page)

    page.goto(f"/events/{event.id}", wait_until="domcontentloaded")
    image = page.get_by_role("img", name="The stage")
    before = image.bounding_box()
    page.wait_for_timeout(100)
    # The scripts have made their buttons.
    reset_layout_shifts(page)
    held[0].fulfill(body=PICTURE, content_type="image/svg+xml")
    expect(image).to_have_js_property("naturalHeight", 1600)

    assert image.bounding_box() == before
    assert before
    assert abs(before["width"] / before["height"] - 16 / 9) < 0.02
    assert layout_shifts(page) == []
