"""Tour of the pages for frames of other sites, for screenshots and for accessibility checks."""

from __future__ import annotations

from tests.browser.booking_form import BOOK_BUTTON, fill_details, new_email, wait_for_min_age
from tests.browser.events.sample_events import SampleEvents
from tests.browser.page_tour import Recorder

# A date with enough places for every tour.
DATE = "2026-03-27"
FREE_SLOT = ".hours .slot:not([data-remaining='0']) input:enabled"
PAGES = {"embed", "embed-date", "embed-refused", "embed-done", "embed-event", "embed-event-cancelled"}


def tour_embed(recorder: Recorder, events: SampleEvents) -> None:
    """Visit every page for frames, in any language; a place is booked."""
    page = recorder.page
    page.goto("/embed")
    recorder.take("embed")
    page.goto(f"/embed?date={DATE}")
    recorder.take("embed-date")
    page.locator(FREE_SLOT).first.click()
    fill_details(page, email="ada@", phone="12")
    wait_for_min_age(page)
    page.locator(BOOK_BUTTON).click()
    page.locator("#summary").wait_for()
    recorder.take("embed-refused")
    fill_details(page, email=new_email())
    wait_for_min_age(page)
    page.locator(BOOK_BUTTON).click()
    page.wait_for_url("**/done?*")
    recorder.take("embed-done")
    page.goto(f"/embed/events/{events.concert.id}")
    recorder.take("embed-event")
    page.goto(f"/embed/events/{events.cancelled.id}")
    recorder.take("embed-event-cancelled")
