"""Tour of the event pages and of a person's bookings, for screenshots and for accessibility checks."""

from __future__ import annotations

from tests.browser.account.actions import new_email, sign_up
from tests.browser.events.sample_events import SampleEvents
from tests.browser.page_tour import Recorder


def tour_events(recorder: Recorder, events: SampleEvents) -> None:
    """Visit every page of events, in any language; the tickets are given back afterwards."""
    page = recorder.page
    page.goto("/events")
    recorder.take("events")
    page.goto("/events?search=nothing")
    recorder.take("events-none")
    page.goto(f"/events/{events.concert.id}")
    recorder.take("event")
    page.goto(f"/events/{events.cancelled.id}")
    recorder.take("event-cancelled")
    page.goto(f"/events/{events.opera.id}/seats")
    page.locator(".row-button").first.click()
    page.locator(".seat-choice:not(.is-taken)").first.click()
    recorder.take("seats")
    _tour_own(recorder, events)


def _tour_own(recorder: Recorder, events: SampleEvents) -> None:
    page = recorder.page
    sign_up(page, new_email())
    page.goto("/my/bookings")
    recorder.take("my-bookings-none")
    page.goto(f"/events/{events.concert.id}")
    page.locator(".own form button").click()
    page.locator(".success").wait_for()
    recorder.take("event-reserved")
    page.goto("/my/bookings")
    recorder.take("my-bookings")
    page.locator(".change summary").click()
    recorder.take("my-bookings-cancel")
    page.locator("dialog .button-danger").click()
    page.locator(".success").wait_for()
    page.goto(f"/events/{events.sold_out.id}")
    page.locator(".tier-action .button-wait").click()
    page.locator(".success").wait_for()
    recorder.take("event-waiting")
    page.locator(".note summary").click()
    page.locator("dialog .button-danger").click()
    page.locator(".success").wait_for()
