"""Answers that come late, or never: what is shown stays the newest that is known, and is followed on."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visit
from tests.browser.journeys import caught
from tests.browser.test_manage import follow_letter
from tests.conftest import Served

DATE, LINE_DATE = "2026-03-27", "2026-03-29"
# Events that come when a test says so.
EVENTS = """
window.EventSource = class extends EventTarget {
  static CLOSED = 2;
  readyState = 0;
  constructor() { super(); window.source = this; }
  close() { this.readyState = 2; }
};
window.hear = (name, data) => {
  source.readyState = name === "open" ? 1 : source.readyState;
  source.dispatchEvent(Object.assign(new Event(name), { data: JSON.stringify(data) }));
};
window.breakOff = () => { source.readyState = 0; source.dispatchEvent(new Event("error")); };
"""
# Nobody waits ten seconds to see patience end.
PATIENCE = """
window.patience = [];
AbortSignal.timeout = (milliseconds) => {
  const giving = new AbortController();
  patience.push([milliseconds, () => giving.abort(new DOMException("", "TimeoutError"))]);
  return giving.signal;
};
"""
LATE, EVERY = 4_000, 15_000


def places(slots: list[dict[str, Any]], remaining: int) -> list[dict[str, Any]]:
    """Return the slots as they are told when the first has so many places left."""
    return [{**slots[0], "remaining": remaining}, *slots[1:]]


def test_an_answer_that_is_older_than_the_events_changes_nothing_and_asks_no_more(visit: Visit, site: Served) -> None:
    slots, held = site.api.slots(DATE), list[Route]()
    page = visit()
    page.clock.install()
    page.add_init_script(EVENTS)
    page.route("**/api/slots?*", lambda route: held.append(route))  # noqa: PLW0108 # Playwright marks what it is given
    page.goto(f"/?date={DATE}")
    state = page.locator(f".hours .slot[data-slot='{slots[0]['_id']}'] .slot-state")

    def cut(count: int) -> None:
        page.evaluate("breakOff()")
        page.clock.run_for(LATE)
        caught(page, held, count)

    page.evaluate("hear('open')")
    cut(1)
    page.evaluate("(now) => { hear('open'); hear('snapshot', now); }", places(slots, 1))
    cut(2)
    answered(page, held[0], places(slots, 3))
    expect(state).to_have_text("1 place left")
    answered(page, held[1], places(slots, 2))
    expect(state).to_have_text("2 places left")

    page.clock.run_for(EVERY)

    caught(page, held, 3)


def answered(page: Page, route: Route, slots: list[dict[str, Any]]) -> None:
    """Let the page have read this answer."""
    with page.expect_response(route.request.url):
        route.fulfill(json=slots)
    page.evaluate("fetch('/api/health').then((answer) => answer.text())")


def test_a_page_in_line_follows_on_when_an_answer_never_comes(visit: Visit, site: Served) -> None:
    slot = site.api.slots(LINE_DATE)[0]
    for _ in range(slot["remaining"]):
        site.api.book(slot)
    first, entry = (site.api.wait_for(slot).json["entry"] for _ in range(2))
    page, held = visit(breaks=True), list[Route]()
    page.add_init_script(EVENTS + PATIENCE)
    heading = follow_letter(page, entry).get_by_role("heading", level=1)
    expect(heading).to_have_text("You are number 2 on the waiting list")
    page.route("**/waitlist/*", lambda route: held.append(route), times=1)  # noqa: PLW0108 # Playwright marks it
    ask = "document.dispatchEvent(new Event('visibilitychange'))"
    page.evaluate(ask)
    caught(page, held)
    assert site.api.held("DELETE", first).status == 200

    page.evaluate(ask)
    assert page.evaluate("patience.map(([milliseconds, end]) => { end(); return milliseconds; })") == [10_000]

    expect(heading).to_have_text("You are number 1 on the waiting list")
