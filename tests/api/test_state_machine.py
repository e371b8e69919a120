"""Any sequence of what people can do to slots, against a model of it, and `verify` after each step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

import wiring
from app import create_app
from core.mongo.client import Client
from core.web.context import runtime_of
from devdb.replica_set import ReplicaSet
from schedules.model import Slot as SlotState
from tests import factories
from tests.api.conftest import SMALL
from tests.api_client import Api, over_app

GUESTS = 5
SLOTS = 2
DAY = "2031-06-10"
LARGEST_PARTY = 3
NEVER = 10**6
# Nine days before the slots, and on their own day, when no place is saved any more.
EARLY = datetime(2031, 6, 1, 12, tzinfo=UTC)
LATE = datetime(2031, 6, 10, 6, tzinfo=UTC)
Slot = st.integers(0, SLOTS - 1)
Guest = st.integers(0, GUESTS - 1)
Seats = st.integers(1, LARGEST_PARTY)


@dataclass
class Party:
    """A guest and the places that it waits for; `bound` more released places are enough for it."""

    guest: int
    seats: int
    bound: int


@dataclass
class Room:
    """What the model knows of a slot: who has how many places, who waits in order, and the places saved for these."""

    saves: bool
    capacity: int = 1
    closed: bool = False
    booked: dict[int, int] = field(default_factory=dict)
    waiting: list[Party] = field(default_factory=list)
    saved: int = 0

    @property
    def free(self) -> int:
        return self.capacity - sum(self.booked.values())

    @property
    def open(self) -> int:
        return 0 if self.closed else self.free - self.saved

    @property
    def can_be_waited_for(self) -> bool:
        return not self.closed and self.open < self.capacity and len(self.booked) + len(self.waiting) < GUESTS

    @property
    def guests(self) -> list[int]:
        return [party.guest for party in self.waiting]

    def join(self, guest: int, seats: int) -> None:
        ahead = sum(party.seats for party in self.waiting)
        self.waiting.append(Party(guest, seats, ahead + seats))

    def leave(self, guest: int) -> None:
        self.waiting = [party for party in self.waiting if party.guest != guest]
        self.settle()

    def release(self, places: int) -> None:
        self.saved += places
        for party in self.waiting:
            party.bound -= places
        self.settle()

    def resize(self, capacity: int) -> None:
        added = capacity - self.capacity
        self.capacity = capacity
        self.saved = min(self.saved, self.free)
        self.release(max(0, added))
        for party in self.waiting:
            party.bound += max(0, -added)

    def settle(self) -> None:
        """Give places to the first in line as long as they fit; those who have booked meanwhile leave."""
        is_shorter = True
        while is_shorter and self.free and not self.closed:
            reached = self.in_line()[: self.free]
            self.call([party for party in reached if party.guest not in self.booked])
            gone = [party for party in reached if party.guest in self.booked]
            self.waiting = [party for party in self.waiting if party not in gone]
            is_shorter = bool(gone)
            if not self.saves or not self.in_line():
                self.saved = 0
        if not self.waiting:
            self.saved = 0

    def call(self, parties: list[Party]) -> None:
        for party in parties:
            if party.seats > self.free:
                return
            self.booked[party.guest] = party.seats
            self.saved = max(0, self.saved - party.seats)

    def in_line(self) -> list[Party]:
        """Return the parties in order; late, one that does not fit is passed over."""
        largest = self.capacity if self.saves else self.free
        return [party for party in self.waiting if party.seats <= largest]


class People(RuleBasedStateMachine):
    """Books, cancels, moves, joins, leaves, raises, lowers, closes and opens."""

    make: Callable[[], tuple[Api, wiring.Services]]

    def __init__(self) -> None:
        super().__init__()
        self.api, self.services = type(self).make()
        self.db = self.services.db
        for name in ("slots", "bookings", "waitlist", "letters", "audit"):
            self.db[name].delete_many({})
        self.services.schedules.invalidate_alternatives()
        self.services.booking.group_commit.admission._sold_out.clear()
        self.services.booking.group_commit.admission._nearly_full.clear()
        self.slots = self.api.slots(DAY)[:SLOTS]
        saves = self.services.schedules.clock() == EARLY
        self.rooms = [Room(saves) for _ in range(SLOTS)]
        self.forms = [factories.contact() for _ in range(GUESTS)]
        self.links: dict[tuple[str, int, int], dict[str, Any]] = {}

    def booking(self, guest: int, slot: int) -> dict[str, Any]:
        """Return the guest's booking with its link, also when a promotion made it."""
        found = self.db.bookings.find_one(
            {"email": self.forms[guest]["email"], "slotId": self.slots[slot]["_id"], "status": "confirmed"}
        )
        assert found is not None
        booking = self.services.booking.store.get(found["_id"])
        return {"id": booking.id, "manageUrl": self.services.booking.self_service.signed_links.url(booking.id)}

    @rule(guest=Guest, slot=Slot, seats=Seats)
    def book(self, guest: int, slot: int, seats: int) -> None:
        room = self.rooms[slot]
        answer = self.api.book(self.slots[slot], **self.forms[guest], seats=seats)
        if room.open >= seats and guest not in room.booked:
            assert answer.status == 201, answer.body
            room.booked[guest] = seats
        else:
            assert answer.status == 409, answer.body
            reasons = {"slot_closed"} if room.closed else {"slot_full", "duplicate_booking"}
            assert answer.code in reasons, answer.body

    @rule(data=st.data())
    @precondition(lambda self: any(room.booked for room in self.rooms))
    def cancel(self, data: st.DataObject) -> None:
        slot = data.draw(st.sampled_from([n for n, room in enumerate(self.rooms) if room.booked]))
        guest = data.draw(st.sampled_from(sorted(self.rooms[slot].booked)))
        self.cancel_of(guest, slot)

    def cancel_of(self, guest: int, slot: int) -> None:
        assert self.api.held("DELETE", self.booking(guest, slot)).status == 200
        self.rooms[slot].release(self.rooms[slot].booked.pop(guest))

    @rule(data=st.data(), to=Slot)
    @precondition(lambda self: any(room.booked for room in self.rooms))
    def reschedule(self, data: st.DataObject, to: int) -> None:
        slot = data.draw(st.sampled_from([n for n, room in enumerate(self.rooms) if room.booked]))
        guest = data.draw(st.sampled_from(sorted(self.rooms[slot].booked)))
        target = self.rooms[to]
        body = {"slotId": self.slots[to]["_id"]}
        answer = self.api.held("POST", self.booking(guest, slot), "/reschedule", json=body)
        if to == slot:
            assert answer.status == 200
        elif target.open >= self.rooms[slot].booked[guest] and guest not in target.booked:
            assert answer.status == 200, answer.body
            target.booked[guest] = self.rooms[slot].booked.pop(guest)
            self.rooms[slot].release(target.booked[guest])
        else:
            assert answer.code in {"slot_closed", "slot_full", "duplicate_booking"}, answer.body

    @rule(guest=Guest, slot=Slot, seats=Seats)
    def join(self, guest: int, slot: int, seats: int) -> None:
        room = self.rooms[slot]
        answer = self.api.wait_for(self.slots[slot], **self.forms[guest], seats=seats)
        if room.closed:
            assert answer.code == "slot_closed"
        elif guest in room.booked:
            assert answer.code == "duplicate_booking"
        elif guest in room.guests:
            assert answer.code == "already_waiting"
        elif room.open >= seats:
            assert answer.code == "slot_has_places"
        elif seats > max(1, room.capacity):
            assert answer.code == "party_too_large"
        else:
            assert (answer.status, answer.json["entry"]["position"]) == (202, len(room.waiting) + 1)
            room.join(guest, seats)
            self.links["entry", guest, slot] = answer.json["entry"]

    @rule(data=st.data())
    @precondition(lambda self: any(room.can_be_waited_for for room in self.rooms))
    def join_a_full_slot(self, data: st.DataObject) -> None:
        slot = data.draw(st.sampled_from([n for n, room in enumerate(self.rooms) if room.can_be_waited_for]))
        room = self.rooms[slot]
        guest = data.draw(st.sampled_from(sorted(set(range(GUESTS)) - {*room.booked, *room.guests})))
        self.join(guest, slot, data.draw(Seats))

    @rule(data=st.data())
    @precondition(lambda self: any(room.waiting for room in self.rooms))
    def leave(self, data: st.DataObject) -> None:
        slot = data.draw(st.sampled_from([n for n, room in enumerate(self.rooms) if room.waiting]))
        guest = data.draw(st.sampled_from(self.rooms[slot].guests))
        assert self.api.held("DELETE", self.links["entry", guest, slot]).status == 200
        self.rooms[slot].leave(guest)

    @rule(slot=Slot, capacity=st.integers(0, 4))
    def resize(self, slot: int, capacity: int) -> None:
        room = self.rooms[slot]
        answer = self.api.admin("PATCH", f"/slots/{self.slots[slot]['_id']}", json={"capacity": capacity})
        if capacity < sum(room.booked.values()):
            assert answer.code == "capacity_below_booked"
        else:
            assert answer.status == 200
            room.resize(capacity)

    @rule(slot=Slot, closed=st.booleans())
    def close_or_open(self, slot: int, closed: bool) -> None:  # drawn by hypothesis
        assert self.api.admin("PATCH", f"/slots/{self.slots[slot]['_id']}", json={"closed": closed}).status == 200
        self.rooms[slot].closed = closed
        self.rooms[slot].settle()

    @invariant()
    def the_database_reports_the_same(self) -> None:
        assert self.services.booking.find_mismatches.execute() == []
        for room, slot in zip(self.rooms, self.slots, strict=True):
            booked = self.db.bookings.find({"slotId": slot["_id"], "status": "confirmed"})
            assert {row["email"]: row.get("seats", 1) for row in booked} == {
                self.forms[guest]["email"]: seats for guest, seats in room.booked.items()
            }
            waiting = self.db.waitlist.find({"slotId": slot["_id"], "state": "waiting"}).sort("ticket")
            assert [(row["email"], row.get("seats", 1)) for row in waiting] == [
                (self.forms[party.guest]["email"], party.seats) for party in room.waiting
            ]
            shown = self.db.slots.find_one({"_id": slot["_id"]})
            assert shown is not None
            assert (shown["capacity"], shown["closed"]) == (room.capacity, room.closed)
            assert (shown["bookedCount"], shown.get("saved", 0)) == (sum(room.booked.values()), room.saved)

    @invariant()
    def no_entry_starves(self) -> None:
        """A party that could fit has its places once as many were released as those in front and it want."""
        for room in self.rooms:
            for party in room.waiting:
                if party.seats > room.capacity:
                    party.bound = NEVER
                assert room.closed or not room.saves or party.bound > 0

    @invariant()
    def no_newcomer_can_overtake(self) -> None:
        """The places that are open to newcomers are too few for each who waits."""
        for room in self.rooms:
            assert all(party.seats > room.open for party in room.waiting)


@contextmanager
def served(
    replica_set: ReplicaSet, mongo: Client, folder: Path, now: datetime
) -> Iterator[tuple[Api, wiring.Services]]:
    """Serve the small schedule with parties at a moment."""
    path = folder / "small.toml"
    path.write_text(SMALL.format(more=f"seats_per_booking = {LARGEST_PARTY}"), encoding="utf-8")
    made = factories.settings(replica_set.uri, SCHEDULE_FILE=str(path))
    wiring.prepare_database(mongo[made.mongodb_database])
    app = create_app(made, client=mongo, clock=lambda: now)
    yield Api(over_app(app)), runtime_of(app).get(wiring.Services)
    mongo.drop_database(made.mongodb_database)


@pytest.fixture(scope="module")
def house(replica_set: ReplicaSet, mongo: Client, tmp_path_factory: pytest.TempPathFactory) -> Any:
    with served(replica_set, mongo, tmp_path_factory.mktemp("schedule"), EARLY) as here:
        yield here


@pytest.fixture
def late_house(replica_set: ReplicaSet, mongo: Client, tmp_path: Path) -> Any:
    with served(replica_set, mongo, tmp_path, LATE) as here:
        yield here


def machine(house: tuple[Api, wiring.Services]) -> type[People]:
    class Here(People):
        make = staticmethod(lambda: house)

    return Here


CALMLY = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True, database=None)


def test_any_sequence_of_changes_agrees_with_the_model(house: tuple[Api, wiring.Services]) -> None:
    run_state_machine_as_test(machine(house), settings=settings(CALMLY, max_examples=24, stateful_step_count=30))


def test_any_sequence_on_the_last_day_agrees_with_the_model(late_house: tuple[Api, wiring.Services]) -> None:
    run_state_machine_as_test(machine(late_house), settings=settings(CALMLY, max_examples=8, stateful_step_count=30))


def serve_a_queue_of_parties(house: tuple[Api, wiring.Services]) -> None:
    """Let a pair wait before a single guest while places are released one by one, and a newcomer tries to book."""
    run = machine(house)()
    run.resize(0, 2)
    run.book(0, 0, 1)
    run.book(1, 0, 1)
    run.join(2, 0, 2)
    run.join(3, 0, 1)
    run.cancel_of(0, 0)
    run.the_database_reports_the_same()
    run.book(4, 0, 1)
    run.cancel_of(1, 0)
    run.the_database_reports_the_same()
    assert (run.rooms[0].booked, run.rooms[0].guests) == ({2: 2}, [3])


def test_pair_in_front_of_a_single_guest_is_served_first(house: tuple[Api, wiring.Services]) -> None:
    serve_a_queue_of_parties(house)


def test_party_that_has_booked_meanwhile_leaves_the_queue(house: tuple[Api, wiring.Services]) -> None:
    run = machine(house)()
    run.resize(0, 4)
    run.book(0, 0, 2)
    run.join(1, 0, 3)
    run.book(1, 0, 2)
    run.join(2, 0, 1)
    run.join(3, 0, 2)
    run.the_database_reports_the_same()
    run.cancel_of(0, 0)
    run.the_database_reports_the_same()
    assert (run.rooms[0].booked, run.rooms[0].guests, run.rooms[0].saved) == ({1: 2, 2: 1}, [3], 1)


def test_control_the_model_notices_when_no_one_is_promoted(
    house: tuple[Api, wiring.Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(house[1].schedules), "promotable_places", lambda *_: 0)

    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            machine(house), settings=settings(CALMLY, max_examples=400, stateful_step_count=25, phases=[Phase.generate])
        )


def test_control_the_model_notices_when_a_party_is_passed_over(
    house: tuple[Api, wiring.Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(house[1].schedules), "saves_places", lambda *_: False)

    with pytest.raises(AssertionError):
        serve_a_queue_of_parties(house)


def test_control_the_model_notices_when_newcomers_take_saved_places(
    house: tuple[Api, wiring.Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    stock = house[1].schedules.store.stock
    monkeypatch.setattr(stock, "_fields", replace(stock._fields, saved=""))
    # The guard is the last of two: what is read says first that the places are not left.
    monkeypatch.setattr(SlotState, "remaining", property(lambda slot: (not slot.closed) * slot.free))

    with pytest.raises(AssertionError):
        serve_a_queue_of_parties(house)
