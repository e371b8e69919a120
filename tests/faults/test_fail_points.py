"""Whatever the database answers, a booking is made once with its letters, or not made, and the guest can find out."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from unittest.mock import Mock

import pytest

import core.mongo.client
import core.mongo.failures
import core.mongo.transactions
from booking.store import BookingStore
from core.mongo.client import Client
from inventory.group_commit import Limits
from tests import factories
from tests.api_client import Answer, Api
from tests.faults.concurrency import active_ids, assert_consistent, is_retryable_refusal, outcome, run_concurrently
from tests.faults.conftest import FaultyService

WRITE_CONFLICT, NO_SUCH_TRANSACTION, STEPPED_DOWN, SHUTTING_DOWN = 112, 251, 189, 11600
TIME_LIMIT, NOT_PRIMARY, WRITE_CONCERN_FAILED, OTHER_TIME_LIMIT = 50, 10107, 64, 262
UNKNOWN = {"errorLabels": ["UnknownTransactionCommitResult"]}


@dataclass(frozen=True)
class Fault:
    """What `failCommand` does to which commands how often."""

    commands: tuple[str, ...]
    how: dict[str, Any]
    times: int = 1


@dataclass
class Guest:
    """Somebody who repeats one request with one key."""

    api: Api
    slot: dict[str, Any]
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    form: dict[str, Any] = field(default_factory=factories.person)

    def asks(self) -> Answer:
        return self.api.book(self.slot, key=self.key, **self.form)


@pytest.fixture
def guest(faulty: FaultyService) -> Guest:
    slots = faulty.api.slots()
    assert faulty.api.book(slots[1]).status == 201  # somebody else, in another slot
    return Guest(faulty.api, slots[0])


OVERCOME = {
    "a conflict when the place is claimed": Fault(("findAndModify",), {"errorCode": WRITE_CONFLICT}, 3),
    "a conflict when rows are inserted": Fault(("insert",), {"errorCode": WRITE_CONFLICT}, 2),
    "a connection closed when the place is claimed": Fault(("findAndModify",), {"closeConnection": True}),
    "a connection closed when rows are inserted": Fault(("insert",), {"closeConnection": True}),
    "a claim the server had no time for": Fault(("findAndModify",), {"errorCode": OTHER_TIME_LIMIT}),
    "a primary that steps down during the claim": Fault(("findAndModify",), {"errorCode": STEPPED_DOWN}),
    "a primary that steps down during an insert": Fault(("insert",), {"errorCode": NOT_PRIMARY}),
    "a transaction that is gone at an insert": Fault(("insert",), {"errorCode": NO_SUCH_TRANSACTION}),
    "a transaction that is gone at the commit": Fault(("commitTransaction",), {"errorCode": NO_SUCH_TRANSACTION}),
    "a conflict at the commit": Fault(("commitTransaction",), {"errorCode": WRITE_CONFLICT}),
    "a connection closed at the commit": Fault(("commitTransaction",), {"closeConnection": True}),
    "a connection closed at five commits": Fault(("commitTransaction",), {"closeConnection": True}, 5),
    "a primary that shuts down at the commit": Fault(("commitTransaction",), {"errorCode": SHUTTING_DOWN}, 3),
    "a commit whose outcome is unknown": Fault(("commitTransaction",), {"errorCode": STEPPED_DOWN, **UNKNOWN}, 3),
    "a commit that takes too long": Fault(("commitTransaction",), {"errorCode": TIME_LIMIT}),
    "a commit the majority is late to confirm": Fault(
        ("commitTransaction",), {"writeConcernError": {"code": WRITE_CONCERN_FAILED, "errmsg": "late"}}, 2
    ),
    "a commit interrupted while it waits for the majority": Fault(
        ("commitTransaction",), {"writeConcernError": {"code": SHUTTING_DOWN, "errmsg": "ending"}}, 2
    ),
}


@pytest.mark.parametrize("fault", OVERCOME.values(), ids=OVERCOME)
def test_booking_during_a_transient_fault_succeeds(faulty: FaultyService, guest: Guest, fault: Fault) -> None:
    with faulty.fault(*fault.commands, times=fault.times, **fault.how):
        answer = guest.asks()

    assert outcome(answer) == (201, "booked"), answer.body
    assert_settled(faulty, guest, {answer.json["booking"]["id"]})


RESOLVABLE = {
    "a claim that takes too long": Fault(("findAndModify",), {"errorCode": TIME_LIMIT}),
    "an insert that takes too long": Fault(("insert",), {"errorCode": TIME_LIMIT}),
    "conflicts without end": Fault(("findAndModify",), {"errorCode": WRITE_CONFLICT}, 100_000),
    "connections closed without end": Fault(("insert",), {"closeConnection": True}, 100_000),
    "a claim that hangs": Fault(("findAndModify",), {"blockConnection": True, "blockTimeMS": 1500}),
    "an insert that hangs": Fault(("insert",), {"blockConnection": True, "blockTimeMS": 1500}),
    "a commit that hangs": Fault(("commitTransaction",), {"blockConnection": True, "blockTimeMS": 1500}),
    "commits that hang": Fault(("commitTransaction",), {"blockConnection": True, "blockTimeMS": 800}, 100_000),
    "commits cut off without end": Fault(("commitTransaction",), {"closeConnection": True}, 100_000),
    "commits of unknown outcome without end": Fault(
        ("commitTransaction",), {"errorCode": STEPPED_DOWN, **UNKNOWN}, 100_000
    ),
    "a commit that no majority confirms": Fault(
        ("commitTransaction",), {"writeConcernError": {"code": WRITE_CONCERN_FAILED, "errmsg": "late"}}, 100_000
    ),
    "a commit refused for a reason nobody foresaw": Fault(("commitTransaction",), {"errorCode": 8}),
    "a write concern that cannot be met": Fault(
        ("commitTransaction",), {"writeConcernError": {"code": 100, "errmsg": "too few"}}
    ),
}


@pytest.mark.parametrize("fault", RESOLVABLE.values(), ids=RESOLVABLE)
def test_booking_during_a_lasting_fault_is_503_and_repeatable(
    faulty: FaultyService, guest: Guest, fault: Fault
) -> None:
    faulty.hurry(0.4)
    with faulty.fault(*fault.commands, times=fault.times, **fault.how):
        answer = guest.asks()
        during = guest.asks()

    assert is_retryable_refusal(answer), answer.body
    if "commitTransaction" in fault.commands:
        assert answer.code == "outcome_unknown"
    assert during.status == 201 or is_retryable_refusal(during), during.body
    faulty.hurry(2.0)
    settled = guest.asks()
    assert settled.status == 201, settled.body
    assert_settled(faulty, guest, {settled.json["booking"]["id"]})


READS = {
    "gone": {"closeConnection": True},
    "stepped down": {"errorCode": STEPPED_DOWN},
    **{f"code {code}": {"errorCode": code} for code in core.mongo.failures.TRANSIENT_CODES},
}


@pytest.mark.parametrize("how", READS.values(), ids=READS)
def test_full_slot_that_cannot_be_read_is_503_with_retry_after(
    faulty: FaultyService, guest: Guest, how: dict[str, Any]
) -> None:
    for _ in range(4):
        assert faulty.api.book(guest.slot).status == 201

    with faulty.fault("find", times=1000, **how):
        answer = guest.asks()

    assert is_retryable_refusal(answer), answer.body
    assert outcome(guest.asks()) == (409, "slot_full")
    assert_consistent(faulty.db)


@pytest.mark.parametrize("command", ["findAndModify", "update", "insert", "commitTransaction"])
def test_two_slots_are_filled_exactly_despite_random_conflicts(
    faulty: FaultyService, mongo: Client, command: str
) -> None:
    slots = faulty.api.slots()[:2]
    with faulty.fault(command, times=5, errorCode=WRITE_CONFLICT):
        answers = run_concurrently([book(faulty, slots[number % 2]) for number in range(40)], most=40)

    assert sorted(map(outcome, answers)) == [(201, "booked")] * 8 + [(409, "slot_full")] * 32
    assert_consistent(faulty.db)


@pytest.mark.parametrize("times", [1, 7, 30])
def test_booking_survives_write_conflicts_at_any_statement(faulty: FaultyService, mongo: Client, times: int) -> None:
    slots = faulty.api.slots()[:2]
    point = {"configureFailPoint": "WTWriteConflictException"}
    mongo.admin.command({**point, "mode": {"times": times}})
    try:
        answers = run_concurrently([book(faulty, slots[number % 2]) for number in range(40)], most=40)
    finally:
        mongo.admin.command({**point, "mode": "off"})

    assert sorted(map(outcome, answers)) == [(201, "booked")] * 8 + [(409, "slot_full")] * 32
    assert_consistent(faulty.db)


def test_commit_with_unknown_outcome_blocks_no_place(faulty: FaultyService, guest: Guest) -> None:
    faulty.hurry(0.4)
    with faulty.fault("commitTransaction", closeConnection=True):
        assert outcome(guest.asks()) == (503, "outcome_unknown")

    faulty.hurry(2.0)
    answers = [faulty.api.book(guest.slot) for _ in range(5)]

    made = active_ids(faulty.db)
    assert {answer.status for answer in answers} == {201, 409}, [answer.body for answer in answers]
    assert len(made) == 1 + 4
    assert_consistent(faulty.db)


@pytest.mark.parametrize("step", ["the first", "one in the middle", "the commit"])
def test_connections_opened_to_a_node_in_transition_are_reopened(
    faulty: FaultyService, guest: Guest, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The driver believes for as long as they live that there are no sessions, and so no transactions."""
    moments = {
        "the first": (core.mongo.transactions, "_attempt"),
        "one in the middle": (BookingStore, "add"),
        "the commit": (core.mongo.transactions, "_commit"),
    }
    where, name = moments[step]
    go_on, met = getattr(where, name), list[int]()

    def at_a_bad_moment(*args: Any) -> Any:
        servers = faulty.services.client._topology._servers.values() if not met else ()
        met.extend(id(known) for server in servers for known in server.pool.conns)
        for server in servers:
            for known in server.pool.conns:
                known.supports_sessions = False
        return go_on(*args)

    monkeypatch.setattr(where, name, at_a_bad_moment)
    answers = [guest.asks(), *(faulty.api.book(guest.slot) for _ in range(4))]

    assert met, "a connection was met"
    assert list(map(outcome, answers)) == [(201, "booked")] * 4 + [(409, "slot_full")]
    assert_consistent(faulty.db)


def test_contended_slot_does_not_delay_other_slots(faulty: FaultyService, mongo: Client) -> None:
    held, free = faulty.api.slots()[:2]
    faulty.hurry(1.0)
    with mongo.start_session() as session, session.start_transaction():
        mongo[faulty.db.name].slots.update_one({"_id": held["_id"]}, {"$inc": {"bookedCount": 1}}, session=session)
        answers = run_concurrently([book(faulty, slot) for slot in (held, held, free, held, free)])
        session.abort_transaction()

    assert [outcome(answer) for answer in answers[2::2]] == [(201, "booked")] * 2
    assert all(map(is_retryable_refusal, (answers[0], answers[1], answers[3])))
    assert_consistent(faulty.db)


def test_long_queue_for_a_contended_slot_does_not_delay_other_slots(
    faulty: FaultyService, mongo: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, free = faulty.api.slots()[:2]
    line = faulty.services.booking.group_commit._batcher
    submit = Mock(side_effect=line.submit)
    monkeypatch.setattr(line, "submit", submit)
    with mongo.start_session() as session, session.start_transaction():
        mongo[faulty.db.name].slots.update_one({"_id": held["_id"]}, {"$inc": {"bookedCount": 1}}, session=session)
        crowd = threading.Thread(target=lambda: run_concurrently([book(faulty, held) for _ in range(300)], most=300))
        crowd.start()
        while submit.call_count < 280:
            time.sleep(0.01)
        answers = run_concurrently([book(faulty, free) for _ in range(4)])
        session.abort_transaction()
    crowd.join()

    assert [outcome(answer) for answer in answers] == [(201, "booked")] * 4
    assert_consistent(faulty.db)


def test_parallel_cancellations_all_succeed(faulty: FaultyService) -> None:
    slot = faulty.api.slots()[0]
    assert faulty.api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": 120}).status == 200
    booked = run_concurrently([book(faulty, slot) for _ in range(60)], most=60)
    ids = [answer.json["booking"]["id"] for answer in booked]

    cancels: list[Callable[[], Answer]] = [
        partial(faulty.api.admin, "POST", f"/bookings/{booking}/cancel") for booking in ids
    ]
    answers = run_concurrently([*cancels, *[book(faulty, slot) for _ in range(60)]], most=120)

    assert sorted(answer.status for answer in answers) == [200] * 60 + [201] * 60
    assert_consistent(faulty.db)


def test_booking_beyond_the_queue_bound_is_503_at_once(faulty: FaultyService) -> None:
    slots = faulty.api.slots()
    faulty.services.booking.group_commit.limits = Limits(max_queue=3)
    faulty.services.booking.group_commit.__post_init__()

    with faulty.fault("commitTransaction", times=1, blockConnection=True, blockTimeMS=500):
        answers = run_concurrently([book(faulty, slots[number % 8]) for number in range(20)])

    refused = [answer for answer in answers if answer.status != 201]
    assert refused
    assert {outcome(answer) for answer in refused} == {(503, "unavailable")}
    assert {answer.headers["Retry-After"] for answer in refused} == {"1"}
    assert len(active_ids(faulty.db)) == 20 - len(refused)
    assert_consistent(faulty.db)


def book(faulty: FaultyService, slot: dict[str, Any]) -> Callable[[], Answer]:
    """Return a call that books `slot` for somebody new."""
    form = factories.person()
    return lambda: faulty.api.book(slot, **form)


def assert_settled(faulty: FaultyService, guest: Guest, ids: set[str]) -> None:
    """Fail unless the guest has this one booking, whole, and is told of it again however often he asks."""
    stored = list(faulty.db.bookings.find({"email": guest.form["email"]}))
    assert {row["_id"] for row in stored} == ids
    again = guest.asks()
    assert outcome(again) == (201, "replayed")
    assert {again.json["booking"]["id"]} == ids
    assert faulty.services.booking.find_mismatches.execute() == []
    assert_consistent(faulty.db)
