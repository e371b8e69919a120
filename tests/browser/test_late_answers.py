"""Late answers: a response that is older than the events is ignored, and one that never comes times out."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.browser.booking_form import open_email_link, slot_state
from tests.browser.conftest import Visit
from tests.browser.routing import answer_and_settle, hold_requests, wait_for_held
from tests.browser.sample_event import fill_slot
from tests.conftest import Served

FORM_DATE, WAITLIST_DATE = "2026-03-27", "2026-03-29"
# An event stream that a test controls.
FAKE_EVENT_SOURCE = """
window.EventSource = class extends EventTarget {
  static CLOSED = 2;
  readyState = 0;
  constructor() { super(); window.source = this; }
  close() { this.readyState = 2; }
};
window.receive = (name, data) => {
  source.readyState = name === "open" ? 1 : source.readyState;
  source.dispatchEvent(Object.assign(new Event(name), { data: JSON.stringify(data) }));
};
window.disconnect = () => { source.readyState = 0; source.dispatchEvent(new Event("error")); };
"""
# Time-outs that a test triggers, instead of waiting for ten seconds.
FAKE_TIMEOUTS = """
window.timeouts = [];
AbortSignal.timeout = (milliseconds) => {
  const controller = new AbortController();
  timeouts.push([milliseconds, () => controller.abort(new DOMException("", "TimeoutError"))]);
  return controller.signal;
};
"""
RECONNECT_GRACE_MS, POLL_MS = 4_000, 15_000


def with_remaining(slots: list[dict[str, Any]], remaining: int) -> list[dict[str, Any]]:
    """Return the slots with so many places left in the first one."""
    return [{**slots[0], "remaining": remaining}, *slots[1:]]


def test_poll_response_older_than_the_events_is_ignored(visit: Visit, site: Served) -> None:
    slots = site.api.slots(FORM_DATE)
    page = visit()
    page.clock.install()
    page.add_init_script(FAKE_EVENT_SOURCE)
    held = hold_requests(page, "**/api/slots?*")
    page.goto(f"/?date={FORM_DATE}")
    state = slot_state(page, slots[0])

    def disconnect(expected_polls: int) -> None:
        page.evaluate("disconnect()")
        page.clock.run_for(RECONNECT_GRACE_MS)
        wait_for_held(page, held, expected_polls)

    page.evaluate("receive('open')")
    disconnect(1)
    page.evaluate("(slots) => { receive('open'); receive('snapshot', slots); }", with_remaining(slots, 1))
    disconnect(2)
    answer_and_settle(page, held[0], json=with_remaining(slots, 3))
    expect(state).to_have_text("1 place left")
    answer_and_settle(page, held[1], json=with_remaining(slots, 2))
    expect(state).to_have_text("2 places left")

    page.clock.run_for(POLL_MS)

    wait_for_held(page, held, 3)


def test_waitlist_page_refreshes_after_a_request_timed_out(visit: Visit, site: Served) -> None:
    slot = site.api.slots(WAITLIST_DATE)[0]
    fill_slot(site.api, slot)
    first = site.api.wait_for(slot).json["entry"]
    entry = site.api.wait_for(slot).json["entry"]
    page = visit(breaks=True)
    page.add_init_script(FAKE_EVENT_SOURCE + FAKE_TIMEOUTS)
    heading = open_email_link(page, entry).get_by_role("heading", level=1)
    expect(heading).to_have_text("You are number 2 on the waiting list")
    held = hold_requests(page, "**/waitlist/*", times=1)
    refresh = "document.dispatchEvent(new Event('visibilitychange'))"
    page.evaluate(refresh)
    wait_for_held(page, held)
    assert site.api.held("DELETE", first).status == 200

    page.evaluate(refresh)
    assert page.evaluate("timeouts.map(([milliseconds, end]) => { end(); return milliseconds; })") == [10_000]

    expect(heading).to_have_text("You are number 1 on the waiting list")
