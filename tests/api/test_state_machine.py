"""Any sequence of what people can do to slots, against a model of it, and `verify` after each step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
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
from tests import factories
from tests.api.conftest import SMALL
from tests.api_client import Api, over_app

GUESTS = 4
SLOTS = 2
DAY = "2031-06-10"
Slot = st.integers(0, SLOTS - 1)
Guest = st.integers(0, GUESTS - 1)


@dataclass
class Room:
    """What the model knows of a slot: who holds a place and who waits, in order."""

    capacity: int = 1
    closed: bool = False
    booked: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)

    @property
    def free(self) -> int:
        return 0 if self.closed else self.capacity - len(self.booked)

    @property
    def can_be_waited_for(self) -> bool:
        return not self.closed and self.free == 0 and len(self.booked) + len(self.waiting) < GUESTS

    def settle(self) -> None:
        while self.free > 0 and self.waiting:
            self.booked.append(self.waiting.pop(0))


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
        self.rooms = [Room() for _ in range(SLOTS)]
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

    @rule(guest=Guest, slot=Slot)
    def book(self, guest: int, slot: int) -> None:
        room = self.rooms[slot]
        answer = self.api.book(self.slots[slot], **self.forms[guest])
        if room.free > 0 and guest not in room.booked:
            assert answer.status == 201, answer.body
            room.booked.append(guest)
        else:
            reasons = {"slot_closed"} if room.closed else {"slot_full", "duplicate_booking"}
            assert answer.code in reasons, answer.body

    @rule(data=st.data())
    @precondition(lambda self: any(room.booked for room in self.rooms))
    def cancel(self, data: st.DataObject) -> None:
        slot = data.draw(st.sampled_from([n for n, room in enumerate(self.rooms) if room.booked]))
        guest = data.draw(st.sampled_from(self.rooms[slot].booked))
        assert self.api.held("DELETE", self.booking(guest, slot)).status == 200
        self.rooms[slot].booked.remove(guest)
        self.rooms[slot].settle()

    @rule(data=st.data(), to=Slot)
    @precondition(lambda self: any(room.booked for room in self.rooms))
    def reschedule(self, data: st.DataObject, to: int) -> None:
        slot = data.draw(st.sampled_from([n for n, room in enumerate(self.rooms) if room.booked]))
        guest = data.draw(st.sampled_from(self.rooms[slot].booked))
        target = self.rooms[to]
        body = {"slotId": self.slots[to]["_id"]}
        answer = self.api.held("POST", self.booking(guest, slot), "/reschedule", json=body)
        if to == slot:
            assert answer.status == 200
        elif target.free > 0 and guest not in target.booked:
            assert answer.status == 200, answer.body
            self.rooms[slot].booked.remove(guest)
            target.booked.append(guest)
            self.rooms[slot].settle()
        else:
            assert answer.code in {"slot_closed", "slot_full", "duplicate_booking"}, answer.body

    @rule(guest=Guest, slot=Slot)
    def join(self, guest: int, slot: int) -> None:
        room = self.rooms[slot]
        answer = self.api.wait_for(self.slots[slot], **self.forms[guest])
        if room.closed:
            assert answer.code == "slot_closed"
        elif guest in room.booked:
            assert answer.code == "duplicate_booking"
        elif room.free > 0:
            assert answer.code == "slot_has_places"
        elif guest in room.waiting:
            assert answer.code == "already_waiting"
        else:
            assert (answer.status, answer.json["entry"]["position"]) == (202, len(room.waiting) + 1)
            room.waiting.append(guest)
            self.links["entry", guest, slot] = answer.json["entry"]

    @rule(data=st.data())
    @precondition(lambda self: any(room.can_be_waited_for for room in self.rooms))
    def join_a_full_slot(self, data: st.DataObject) -> None:
        slot = data.draw(st.sampled_from([n for n, room in enumerate(self.rooms) if room.can_be_waited_for]))
        room = self.rooms[slot]
        self.join(data.draw(st.sampled_from(sorted(set(range(GUESTS)) - {*room.booked, *room.waiting}))), slot)

    @rule(data=st.data())
    @precondition(lambda self: any(room.waiting for room in self.rooms))
    def leave(self, data: st.DataObject) -> None:
        slot = data.draw(st.sampled_from([n for n, room in enumerate(self.rooms) if room.waiting]))
        guest = data.draw(st.sampled_from(self.rooms[slot].waiting))
        assert self.api.held("DELETE", self.links["entry", guest, slot]).status == 200
        self.rooms[slot].waiting.remove(guest)

    @rule(slot=Slot, capacity=st.integers(0, 2))
    def resize(self, slot: int, capacity: int) -> None:
        room = self.rooms[slot]
        answer = self.api.admin("PATCH", f"/slots/{self.slots[slot]['_id']}", json={"capacity": capacity})
        if capacity < len(room.booked):
            assert answer.code == "capacity_below_booked"
        else:
            assert answer.status == 200
            room.capacity = capacity
            room.settle()

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
            assert {row["email"] for row in booked} == {self.forms[guest]["email"] for guest in room.booked}
            waiting = self.db.waitlist.find({"slotId": slot["_id"], "state": "waiting"}).sort("ticket")
            assert [row["email"] for row in waiting] == [self.forms[guest]["email"] for guest in room.waiting]
            shown = self.db.slots.find_one({"_id": slot["_id"]})
            assert shown is not None
            assert (shown["capacity"], shown["closed"]) == (room.capacity, room.closed)


@pytest.fixture(scope="module")
def house(replica_set: ReplicaSet, mongo: Client, tmp_path_factory: pytest.TempPathFactory) -> Any:
    path: Path = tmp_path_factory.mktemp("schedule") / "small.toml"
    path.write_text(SMALL.format(more=""), encoding="utf-8")
    made = factories.settings(replica_set.uri, SCHEDULE_FILE=str(path))
    wiring.prepare_database(mongo[made.mongodb_database])
    app = create_app(made, client=mongo, clock=lambda: datetime(2031, 6, 1, 12, tzinfo=UTC))
    yield Api(over_app(app)), runtime_of(app).get(wiring.Services)
    mongo.drop_database(made.mongodb_database)


def machine(house: tuple[Api, wiring.Services]) -> type[People]:
    class Here(People):
        make = staticmethod(lambda: house)

    return Here


CALMLY = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True, database=None)


def test_any_sequence_of_changes_agrees_with_the_model(house: tuple[Api, wiring.Services]) -> None:
    run_state_machine_as_test(machine(house), settings=settings(CALMLY, max_examples=30, stateful_step_count=30))


def test_control_the_model_notices_when_no_one_is_promoted(
    house: tuple[Api, wiring.Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(house[1].schedules), "promotable_places", lambda *_: 0)

    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            machine(house), settings=settings(CALMLY, max_examples=400, stateful_step_count=25, phases=[Phase.generate])
        )
