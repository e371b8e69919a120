"""Live updates: a page shows every change of its slots, also over a bad network, without layout shifts."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from live.streams import MAX_BATCH
from tests.api_client import Api
from tests.browser.booking_form import fill_details, select_slot, slot_state, unfold_calendar
from tests.browser.conftest import Visit
from tests.browser.layout_shifts import layout_shifts, observe_layout_shifts, reset_layout_shifts
from tests.browser.sample_event import book_times, fill_slot
from tests.browser.tcp_proxy import TcpProxy, tcp_proxy
from tests.conftest import Served

CUT_DATE, NO_RESUME_DATE = "2026-03-23", "2026-03-27"
FILLED_DATE, STREAM_DATE = "2026-03-21", "2026-03-25"
SHIFT_DATE = {375: "2026-03-29", 1280: "2026-03-31"}
# The browser's own EventSource, with a record of the messages it received.
RECORD_EVENTS = """
window.received = [];
const NativeEventSource = window.EventSource;
window.EventSource = class extends NativeEventSource {
  constructor(...address) {
    super(...address);
    for (const name of ["snapshot", "slotUpdate"])
      this.addEventListener(name, (event) => {
        received.push([name, event.lastEventId, JSON.parse(event.data)]);
        document.documentElement.dataset.received = received.length;
      });
  }
};
"""
SHOWS_SLOTS = """(expected) => Object.entries(expected).every(([id, [capacity, remaining]]) => {
  const slot = document.querySelector(`.hours .slot[data-slot="${id}"]`).dataset;
  return slot.capacity === String(capacity) && slot.remaining === String(remaining);
})"""
# Changes before the page is waited for. A subscriber that is further behind receives only the latest state of a slot.
CHANGES_AT_ONCE = MAX_BATCH // 2
# Capacity and booked places.
State = tuple[int, int]


@dataclass
class RandomChanges:
    """Books, cancels and raises capacities at random. `states` has every state of each slot, in order."""

    api: Api
    date: str
    states: dict[str, list[State]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._slots = {slot["_id"]: slot for slot in self.api.slots(self.date)}
        self.states = {slot_id: [(slot["capacity"], slot["bookedCount"])] for slot_id, slot in self._slots.items()}
        self._bookings: dict[str, list[Any]] = defaultdict(list)
        self._random = random.Random(7)  # the order of changes, no secrets

    def apply_one(self) -> None:
        """Change one slot."""
        slot_id = self._random.choice(list(self._slots))
        capacity, booked = self.states[slot_id][-1]
        action = self._random.choice(["book", "book", "cancel", "widen"])
        if action == "cancel" and self._bookings[slot_id]:
            assert self.api.held("DELETE", self._bookings[slot_id].pop()).status == 200
            self.states[slot_id].append((capacity, booked - 1))
        elif action == "widen" or booked == capacity:
            assert self.api.admin("PATCH", f"/slots/{slot_id}", json={"capacity": capacity + 1}).status == 200
            self.states[slot_id].append((capacity + 1, booked))
        else:
            self._bookings[slot_id] += book_times(self.api, self._slots[slot_id], 1)
            self.states[slot_id].append((capacity, booked + 1))

    def latest(self) -> dict[str, tuple[int, int]]:
        """Return the capacity and the places left of each slot, as a current page shows them."""
        return {slot_id: _capacity_and_remaining(states[-1]) for slot_id, states in self.states.items()}


def _capacity_and_remaining(state: State) -> tuple[int, int]:
    capacity, booked = state
    return capacity, capacity - booked


def count_skipped(received: list[tuple[str, str, Any]], states: dict[str, list[State]]) -> int:
    """Return how many states a snapshot replaced; fail if any other state was not received.

    A state can occur several times, so the position of a snapshot may be ambiguous: all possible positions are tracked.
    """
    positions = {slot_id: {0} for slot_id in states}
    skipped = 0
    for event, _, data in received:
        for slot in data if event == "snapshot" else [data]:
            slot_id = slot.get("_id") or slot["slotId"]
            state = (slot["capacity"], slot["bookedCount"])
            before = positions[slot_id]
            if event == "snapshot":
                after = {i for i in range(min(before), len(states[slot_id])) if states[slot_id][i] == state}
                skipped += min(after, default=0) - min(before)
            else:
                after = {i + 1 for i in before if states[slot_id][i + 1 : i + 2] == [state]}
            assert after, f"{event} of {state} after one of {before} in {states[slot_id]}"
            positions[slot_id] = after
    reached_end = (len(states[slot_id]) - 1 in positions[slot_id] for slot_id in states)
    assert all(reached_end), "the last state was not received"
    return skipped


def open_page(visit: Visit, proxy: TcpProxy, date: str) -> Page:
    """Return a page of `date` through the proxy, after its first snapshot."""
    page = visit(breaks=True, base_url=proxy.url)
    page.add_init_script(RECORD_EVENTS)
    page.goto(f"/?date={date}")
    expect(page.locator("html")).to_have_attribute("data-received", "1")
    return page


def change_and_cut(changes: RandomChanges, page: Page, proxy: TcpProxy, cuts: int) -> list[Any]:
    """Change slots until the connection was cut `cuts` times; returns the messages of the page, now up to date."""
    proxy.cuts_left = cuts
    proxy.cut_all()
    while proxy.cuts_left:
        for _ in range(CHANGES_AT_ONCE):
            changes.apply_one()
        if not proxy.drops_event_ids:  # Without resuming, the page may be out of date for long.
            page.wait_for_function(SHOWS_SLOTS, arg=changes.latest(), timeout=60_000)
    for slot_id, (capacity, remaining) in changes.latest().items():
        card = page.locator(f".hours .slot[data-slot='{slot_id}']")
        expect(card).to_have_attribute("data-remaining", str(remaining))
        expect(card).to_have_attribute("data-capacity", str(capacity))
    received: list[Any] = page.evaluate("received")
    return received


def test_stream_cut_a_hundred_times_delivers_every_change(visit: Visit, site: Served) -> None:
    changes = RandomChanges(site.api, CUT_DATE)
    with tcp_proxy(site.url, seed=1) as proxy:
        page = open_page(visit, proxy, CUT_DATE)
        fill_details(page)

        received = change_and_cut(changes, page, proxy, cuts=100)

        assert len(proxy.stream_requests) > 100
        assert all(b"Last-Event-ID: " in request for request in proxy.stream_requests[1:])
        assert received[0][0] == "snapshot"
        # A worker that is behind the other does not know the browser's position, and sends a snapshot.
        assert sum(event == "snapshot" for event, _, _ in received) < 5
        assert len({event_id for _, event_id, _ in received}) == len(received), "no event is received twice"
        updates = [number for number, (event, _, _) in enumerate(received) if event == "slotUpdate"]
        all_changes = sum(len(states) - 1 for states in changes.states.values())
        assert count_skipped(received, changes.states) + len(updates) == all_changes
        assert len(updates) > 100
        booked = {slot["_id"]: slot["bookedCount"] for slot in site.api.slots(CUT_DATE)}
        assert booked == {slot_id: states[-1][1] for slot_id, states in changes.states.items()}
        expect(page.locator("#email")).to_have_value("ada@example.org")
        # Control: one missing update is noticed.
        with pytest.raises(AssertionError):
            count_skipped(received[: updates[50]] + received[updates[51] :], changes.states)
        page.close()


def test_control_stream_without_last_event_id_misses_changes(visit: Visit, site: Served) -> None:
    changes = RandomChanges(site.api, NO_RESUME_DATE)
    with tcp_proxy(site.url, seed=2, drops_event_ids=True) as proxy:
        page = open_page(visit, proxy, NO_RESUME_DATE)

        received = change_and_cut(changes, page, proxy, cuts=30)

        assert len(proxy.stream_requests) > 30
        assert count_skipped(received, changes.states) > sum(event == "slotUpdate" for event, _, _ in received)
        page.close()


def book_nearly_all(api: Api, date: str) -> list[dict[str, Any]]:
    """Return the slots of `date`: the first with one place left, the last three empty, the others full."""
    slots = api.slots(date)
    book_times(api, slots[0], slots[0]["capacity"] - 1)
    for slot in slots[1:-3]:
        fill_slot(api, slot)
    return slots


def open_form_and_observe(page: Page, slot: dict[str, Any]) -> Page:
    """Return the page with a filled form for `slot`, which records layout shifts from now on."""
    observe_layout_shifts(page)
    page.goto(f"/?date={slot['date']}")
    select_slot(page, slot["_id"])
    fill_details(page)
    unfold_calendar(page)
    reset_layout_shifts(page)  # The guest's own selection may move things.
    return page


@pytest.mark.parametrize("width", [375, 1280])
def test_slot_updates_cause_no_layout_shift(visit: Visit, site: Served, width: int) -> None:
    slots = book_nearly_all(site.api, SHIFT_DATE[width])
    selected = slots[0]
    widened = slots[-1]
    page = open_form_and_observe(visit(width, height=2600), selected)
    day_total = expect(page.locator(".day[aria-current] .day-left"))

    book_times(site.api, slots[-3], 3)
    day_total.to_contain_text("10")
    site.api.book(selected)
    day_total.to_contain_text("9")
    expect(slot_state(page, selected)).to_have_text("Full: waiting list")
    expect(page.locator("#selection-changed")).to_contain_text("has just been filled")
    site.api.admin("PATCH", f"/slots/{widened['_id']}", json={"capacity": 12})
    expect(slot_state(page, widened)).to_have_text("12 places left")
    site.api.admin("PATCH", f"/slots/{selected['_id']}", json={"capacity": 5})
    expect(slot_state(page, selected)).to_have_text("1 place left")
    for slot in slots[-3:]:
        site.api.admin("PATCH", f"/slots/{slot['_id']}", json={"closed": True})
    site.api.book(selected)
    expect(slot_state(page, widened)).to_have_text("Closed")
    day_total.to_have_text("full", use_inner_text=True)
    expect(page.locator(".day[aria-current]")).to_have_class("day day-full")

    assert layout_shifts(page) == []
    # Control: an element that moves is noticed.
    page.evaluate("document.querySelector('h1').style.marginTop = '100px'")
    assert layout_shifts(page) != []


def boxes(page: Page) -> list[Any]:
    selectors = ("#hours", ".details", "#email", ".submit-actions", ".foot")
    return [page.locator(selector).bounding_box() for selector in selectors]


def test_selected_slot_that_fills_up_is_announced_in_place(visit: Visit, site: Served) -> None:
    page = visit()
    page.clock.install()
    slot = site.api.slots(FILLED_DATE)[0]
    page.goto(f"/?date={FILLED_DATE}")
    select_slot(page, slot["_id"])
    fill_details(page)
    before = boxes(page)
    book_times(site.api, slot, 3)

    page.clock.run_for(16_000)
    expect(slot_state(page, slot)).to_have_text("1 place left")
    site.api.book(slot)
    page.clock.run_for(16_000)

    expect(page.locator("#selection-changed")).to_contain_text(
        "The hour you chose, 10:00 to 11:00, has just been filled."
    )
    expect(page.get_by_role("button", name="Join the waiting list")).to_be_visible()
    expect(page.get_by_role("button", name="Book this place")).to_be_hidden()
    expect(page.locator(".day[aria-current] b")).to_have_text("32")
    expect(page.locator("#email")).to_have_value("ada@example.org")
    assert boxes(page) == before


def force_live(route: Route) -> None:
    """Let the page use an event stream, whatever the service says."""
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text().replace('data-live="0"', 'data-live="1"'))


def test_events_update_cards_and_a_broken_stream_is_polled(visit: Visit, site: Served) -> None:
    page = visit()
    slots = site.api.slots(STREAM_DATE)
    update = {"slotId": slots[1]["_id"], "date": STREAM_DATE, "bookedCount": 3, "capacity": 4, "remaining": 1}
    snapshot = [{**slots[0], "bookedCount": 4, "remaining": 0, "isFull": True}, *slots[1:]]
    events = (
        f"retry: 50\nevent: snapshot\ndata: {json.dumps(snapshot)}\n\nevent: slotUpdate\ndata: {json.dumps(update)}\n\n"
    )
    stream_requests: list[str] = []
    polls: list[str] = []

    def answer_first_stream(route: Route) -> None:
        stream_requests.append(route.request.url)
        if len(stream_requests) == 1:
            route.fulfill(body=events, content_type="text/event-stream")
        else:
            route.fulfill(status=204)

    page.route("**/api/live*", answer_first_stream)
    page.route(f"**/?date={STREAM_DATE}", force_live)
    page.clock.install()
    page.goto(f"/?date={STREAM_DATE}")

    expect(slot_state(page, slots[0])).to_have_text("Full: waiting list")
    expect(slot_state(page, slots[1])).to_have_text("1 place left")
    page.on("request", lambda request: polls.append(request.url) if "/api/slots" in request.url else None)
    for _ in range(128):
        page.clock.run_for(1_000)
        page.wait_for_timeout(10)
        if polls:  # More time on the page's clock would exceed the request's time-out.
            break
    assert polls
    expect(slot_state(page, slots[0])).to_have_text("4 places left")
