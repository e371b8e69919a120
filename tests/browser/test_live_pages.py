"""Places change on the page as they change in the database: over a bad wire, in any number, and nothing moves."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from live.streams import MAX_BATCH
from tests.api_client import Api
from tests.browser.conftest import Visit
from tests.browser.journeys import choose, fill_in
from tests.browser.wire import Wire, wired
from tests.conftest import Served

CUT_DATE, FORGETFUL_DATE = "2026-03-23", "2026-03-27"
MOVING_DATE = {375: "2026-03-29", 1280: "2026-03-31"}
# A real EventSource that also writes down what it was told.
WRITE_DOWN = """
window.told = [];
const Real = window.EventSource;
window.EventSource = class extends Real {
  constructor(...address) {
    super(...address);
    for (const name of ["snapshot", "slotUpdate"])
      this.addEventListener(name, (event) => {
        told.push([name, event.lastEventId, JSON.parse(event.data)]);
        document.documentElement.dataset.told = told.length;
      });
  }
};
"""
IS_RIGHT = """(shown) => Object.entries(shown).every(([name, [capacity, remaining]]) => {
  const slot = document.querySelector(`.hours .slot[data-slot="${name}"]`).dataset;
  return slot.capacity === String(capacity) && slot.remaining === String(remaining);
})"""
# As many changes happen before the page is waited for: one that is further behind is told the latest of each slot only.
AT_ONCE = MAX_BATCH // 2
State = tuple[int, int]


@dataclass
class Crowd:
    """Books, cancels and changes capacities at random; `made` is every state of each slot, in order."""

    api: Api
    date: str
    made: dict[str, list[State]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Look at the day as it begins."""
        self._slots = {slot["_id"]: slot for slot in self.api.slots(self.date)}
        self.made = {name: [(slot["capacity"], slot["bookedCount"])] for name, slot in self._slots.items()}
        self._held: dict[str, list[Any]] = defaultdict(list)
        self._random = random.Random(7)  # what happens, no secrets

    def act(self) -> None:
        """Change one slot."""
        name = self._random.choice(list(self._slots))
        capacity, booked = self.made[name][-1]
        wish = self._random.choice(["book", "book", "cancel", "widen"])
        if wish == "cancel" and self._held[name]:
            assert self.api.held("DELETE", self._held[name].pop()).status == 200
            self.made[name].append((capacity, booked - 1))
        elif wish == "widen" or booked == capacity:
            assert self.api.admin("PATCH", f"/slots/{name}", json={"capacity": capacity + 1}).status == 200
            self.made[name].append((capacity + 1, booked))
        else:
            answer = self.api.book(self._slots[name])
            assert answer.status == 201
            self._held[name].append(answer.json["booking"])
            self.made[name].append((capacity, booked + 1))

    def shown(self) -> dict[str, list[int]]:
        """Return what a page shows when it is up to date: capacity and places left."""
        return {name: [states[-1][0], states[-1][0] - states[-1][1]] for name, states in self.made.items()}


def skipped(told: list[tuple[str, str, Any]], made: dict[str, list[State]]) -> int:
    """Return how many states nobody told of, because a snapshot went over them; fail when any other is missing.

    The same state may come again, so where a snapshot stands may not be clear: all the places it may stand at are kept.
    """
    at = {name: {0} for name in made}
    jumped = 0
    for event, _, slots in told:
        for slot in slots if event == "snapshot" else [slots]:
            name, state = slot.get("_id") or slot["slotId"], (slot["capacity"], slot["bookedCount"])
            if event == "snapshot":
                here = {i for i in range(min(at[name]), len(made[name])) if made[name][i] == state}
                jumped += min(here, default=0) - min(at[name])
            else:
                here = {i + 1 for i in at[name] if made[name][i + 1 : i + 2] == [state]}
            assert here, f"{event} of {state} after one of {at[name]} in {made[name]}"
            at[name] = here
    assert all(len(states) - 1 in at[name] for name, states in made.items()), "the last word was not told"
    return jumped


def watched(visit: Visit, wire: Wire, date: str) -> Page:
    """Return a page of `date` over the wire, past its first snapshot."""
    page = visit(breaks=True, base_url=wire.url)
    page.add_init_script(WRITE_DOWN)
    page.goto(f"/?date={date}")
    expect(page.locator("html")).to_have_attribute("data-told", "1")
    return page


def rush(crowd: Crowd, page: Page, wire: Wire, cuts: int) -> list[Any]:
    """Let the crowd act until so many connections were cut, then until the page is right; return what it was told."""
    wire.cuts_left = cuts
    wire.cut()
    while wire.cuts_left:
        for _ in range(AT_ONCE):
            crowd.act()
        if not wire.forgetful:  # else it begins anew each time, and may be wrong for long
            page.wait_for_function(IS_RIGHT, arg=crowd.shown(), timeout=60_000)
    for name, (capacity, remaining) in crowd.shown().items():
        card = page.locator(f".hours .slot[data-slot='{name}']")
        expect(card).to_have_attribute("data-remaining", str(remaining))
        expect(card).to_have_attribute("data-capacity", str(capacity))
    told: list[Any] = page.evaluate("told")
    return told


def test_a_browser_whose_stream_is_cut_a_hundred_times_is_told_every_change(visit: Visit, site: Served) -> None:
    crowd = Crowd(site.api, CUT_DATE)
    with wired(site.url, seed=1) as wire:
        page = watched(visit, wire, CUT_DATE)
        fill_in(page)

        told = rush(crowd, page, wire, cuts=100)

        assert len(wire.heads) > 100
        assert all(b"Last-Event-ID: " in head for head in wire.heads[1:])
        assert told[0][0] == "snapshot"
        # A worker that is behind the other for a moment knows nothing of where the browser was, and begins anew.
        assert sum(event == "snapshot" for event, _, _ in told) < 5
        assert len({name for _, name, _ in told}) == len(told), "nothing is told twice"
        updates = [number for number, (event, _, _) in enumerate(told) if event == "slotUpdate"]
        assert skipped(told, crowd.made) + len(updates) == sum(len(states) - 1 for states in crowd.made.values())
        assert len(updates) > 100
        taken = {slot["_id"]: slot["bookedCount"] for slot in site.api.slots(CUT_DATE)}
        assert taken == {name: states[-1][1] for name, states in crowd.made.items()}
        expect(page.locator("#email")).to_have_value("ada@example.org")
        # Control: one that is missing is noticed.
        with pytest.raises(AssertionError):
            skipped(told[: updates[50]] + told[updates[51] :], crowd.made)
        page.close()


def test_control_a_browser_whose_memory_does_not_arrive_misses_what_happened_meanwhile(
    visit: Visit, site: Served
) -> None:
    crowd = Crowd(site.api, FORGETFUL_DATE)
    with wired(site.url, seed=2, forgetful=True) as wire:
        page = watched(visit, wire, FORGETFUL_DATE)

        told = rush(crowd, page, wire, cuts=30)

        assert len(wire.heads) > 30
        assert skipped(told, crowd.made) > sum(event == "slotUpdate" for event, _, _ in told)
        page.close()


SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => list.getEntries().forEach((entry) => shifts.push(
  [entry.value, entry.sources.map((source) => source.node?.className ?? "")]
))).observe({ type: "layout-shift", buffered: true });
"""
# Entries are handed over after the frame they belong to.
SHIFTED = "() => new Promise((told) => requestAnimationFrame(() => setTimeout(() => told(shifts), 50)))"


def nearly_sold_out(api: Api, date: str) -> list[dict[str, Any]]:
    """Return the slots of `date`: the first with one place left, the last three empty, the others full."""
    slots = api.slots(date)
    for slot in slots[:-3]:
        for _ in range(slot["capacity"] - (slot is slots[0])):
            assert api.book(slot).status == 201
    return slots


def filled_and_still(page: Page, chosen: dict[str, Any]) -> Page:
    """Return a page where a guest has chosen and typed, from when on it notes what moves."""
    page.add_init_script(SHIFTS)
    page.goto(f"/?date={chosen['date']}")
    choose(page, chosen["_id"])
    fill_in(page)
    page.evaluate(SHIFTED)
    page.evaluate("shifts.splice(0)")  # What somebody chose may move what is theirs.
    return page


@pytest.mark.parametrize("width", [375, 1280])
def test_news_of_places_move_nothing_on_the_screen(visit: Visit, site: Served, width: int) -> None:
    slots = nearly_sold_out(site.api, MOVING_DATE[width])
    chosen, kept = slots[0], slots[-1]
    page = filled_and_still(visit(width, height=2600), chosen)

    def state(slot: dict[str, Any]) -> Any:
        return expect(page.locator(f".hours .slot[data-slot='{slot['_id']}'] .slot-state"))

    def left() -> Any:
        return expect(page.locator(".day[aria-current] .day-left"))

    for _ in range(3):
        site.api.book(slots[-3])
    left().to_contain_text("10")
    site.api.book(chosen)
    left().to_contain_text("9")
    state(chosen).to_have_text("Full: waiting list")
    expect(page.locator("#selection-changed")).to_contain_text("has just been filled")
    site.api.admin("PATCH", f"/slots/{kept['_id']}", json={"capacity": 12})
    state(kept).to_have_text("12 places left")
    site.api.admin("PATCH", f"/slots/{chosen['_id']}", json={"capacity": 5})
    state(chosen).to_have_text("1 place left")
    for slot in slots[-3:]:
        site.api.admin("PATCH", f"/slots/{slot['_id']}", json={"closed": True})
    site.api.book(chosen)
    state(kept).to_have_text("Closed")
    left().to_have_text("full", use_inner_text=True)
    expect(page.locator(".day[aria-current]")).to_have_class("day day-full")

    assert page.evaluate(SHIFTED) == []
    # Control: what moves is seen.
    page.evaluate("document.querySelector('h1').style.marginTop = '100px'")
    assert page.evaluate(SHIFTED) != []
