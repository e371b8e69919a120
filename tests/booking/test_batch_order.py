"""Order of the rows within one batch of the group commit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

import wiring
from booking.cancellation import Cancellation
from booking.errors import SlotFull
from core.concurrency.batcher import PendingRequest
from core.errors import DomainError
from core.mongo.client import Db
from inventory.group_commit import GroupCommit
from schedules.model import SlotChange
from tests.api_client import Api
from tests.factories import person


class Submitted(Exception):
    """A request was recorded instead of submitted."""


@dataclass
class Recorder:
    """Stands in for the group commit: records requests without committing them."""

    requests: list[Any] = field(default_factory=list)

    def submit(self, request: Any) -> Any:
        self.requests.append(request)
        raise Submitted


@dataclass
class Batch:
    """Commits the requests of several use cases as one batch."""

    services: wiring.Services
    recorder: Recorder = field(default_factory=Recorder)

    def add(self, use_case: Any, *arguments: Any) -> None:
        with pytest.raises(Submitted):
            replace(use_case, group_commit=cast("GroupCommit", self.recorder)).execute(*arguments)

    def commit(self) -> list[Any]:
        """Return the answers or errors in the order of the requests."""
        pending: list[PendingRequest[Any, Any]] = [PendingRequest(request) for request in self.recorder.requests]
        self.services.booking.group_commit._process_batch(pending)
        return [_answer(each) for each in pending]


def _answer(pending: PendingRequest[Any, Any]) -> Any:
    try:
        return pending.result()
    except DomainError as error:
        return error


@pytest.fixture
def batch(services: wiring.Services) -> Batch:
    return Batch(services)


@pytest.fixture
def slot(api: Api, db: Db) -> dict[str, Any]:
    """A full slot of one place."""
    slot = api.slots()[0]
    db["slots"].update_one({"_id": slot["_id"]}, {"$set": {"capacity": 1}})
    return slot


def waiting(api: Api, slot: dict[str, Any]) -> str:
    answer = api.wait_for(slot, email=person()["email"])
    assert answer.status == 202, answer.json
    return str(answer.json["entry"]["id"])


def test_guest_who_leaves_beside_a_cancellation_is_not_booked(
    services: wiring.Services, batch: Batch, api: Api, db: Db, slot: dict[str, Any]
) -> None:
    booked = api.book(slot).json["booking"]["id"]
    leaves = waiting(api, slot)
    stays = waiting(api, slot)

    batch.add(services.booking.cancel, Cancellation(booked))
    batch.add(services.waitlist.entries.leaving, leaves)
    batch.commit()

    states = {row["_id"]: row["state"] for row in db["waitlist"].find()}
    assert states == {leaves: "left", stays: "promoted"}
    assert (db["slots"].find_one({"_id": slot["_id"]}) or {})["bookedCount"] == 1


def test_lowered_capacity_beside_a_cancellation_follows_promotion(
    services: wiring.Services, batch: Batch, api: Api, db: Db, slot: dict[str, Any]
) -> None:
    booked = api.book(slot).json["booking"]["id"]
    entry = waiting(api, slot)

    batch.add(services.booking.cancel, Cancellation(booked))
    batch.add(services.booking.change_slot, slot["_id"], SlotChange(capacity=0), "frontdesk")
    _, refused = batch.commit()

    assert refused.code == "capacity_below_booked"
    assert (db["waitlist"].find_one({"_id": entry}) or {})["state"] == "promoted"


def test_repeated_move_into_the_last_place_returns_the_booking(
    services: wiring.Services, api: Api, db: Db, slot: dict[str, Any]
) -> None:
    target = api.slots()[1]
    db["slots"].update_one({"_id": target["_id"]}, {"$set": {"capacity": 1}})
    booked = api.book(slot).json["booking"]["id"]
    known = services.booking.store.get(booked)
    services.booking.reschedule.execute(booked, target["_id"], known)
    assert api.book(target).code == "slot_full"  # the shortage is cached now

    moved = services.booking.reschedule.execute(booked, target["_id"], known)

    assert moved.slot_id == target["_id"]


def test_move_into_a_full_slot_is_refused(services: wiring.Services, api: Api, db: Db, slot: dict[str, Any]) -> None:
    target = api.slots()[1]
    db["slots"].update_one({"_id": target["_id"]}, {"$set": {"capacity": 1}})
    booked = api.book(slot).json["booking"]["id"]
    api.book(target)
    assert api.book(target).code == "slot_full"

    with pytest.raises(SlotFull):
        services.booking.reschedule.execute(booked, target["_id"])
