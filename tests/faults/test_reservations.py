"""Reservations while the database misbehaves: fail points, and a primary that is killed during a rush."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app import create_app
from core.mongo.client import connect
from core.web.context import runtime_of
from devdb.replica_set import ReplicaSet, start_replica_set
from inventory.group_commit import Limits
from tests import factories
from tests.api_client import Answer, over_app
from tests.event_calls import new_tier, store_event
from tests.faults.conftest import FaultyService
from tests.members import Member, members
from wiring import Services, prepare_database

WRITE_CONFLICT, NOT_PRIMARY, STEPPED_DOWN, OTHER_TIME_LIMIT = 112, 10107, 189, 262
UNKNOWN = {"errorLabels": ["UnknownTransactionCommitResult"]}
OVERCOME: dict[str, tuple[str, dict[str, Any], int]] = {
    "a conflict when the ticket is claimed": ("findAndModify", {"errorCode": WRITE_CONFLICT}, 3),
    "a conflict when rows are inserted": ("insert", {"errorCode": WRITE_CONFLICT}, 2),
    "a connection closed at the claim": ("findAndModify", {"closeConnection": True}, 1),
    "a claim without time": ("findAndModify", {"errorCode": OTHER_TIME_LIMIT}, 1),
    "a step-down during an insert": ("insert", {"errorCode": NOT_PRIMARY}, 1),
    "a connection closed at the commit": ("commitTransaction", {"closeConnection": True}, 2),
    "a commit of unknown outcome": ("commitTransaction", {"errorCode": STEPPED_DOWN, **UNKNOWN}, 3),
}


def people(service: FaultyService, count: int) -> list[Member]:
    return members(service.db, service.services.settings, over_app(service.app), count)


def assert_verified(services: Services) -> None:
    assert services.orders.find_mismatches.execute() == []


@pytest.mark.parametrize("fault", OVERCOME.values(), ids=OVERCOME)
def test_fault_that_passes_is_not_noticed(fault: tuple[str, dict[str, Any], int], faulty: FaultyService) -> None:
    command, how, times = fault
    event = store_event(faulty.db, new_tier(capacity=2), pool=2)
    member, other = people(faulty, 2)
    other.reserve(event.id)

    with faulty.fault(command, times=times, **how):
        made = member.reserve(event.id)
    with faulty.fault("update", times=times, **how):
        cancelled = member.cancel(event.id)

    assert (made.status, cancelled.status) == (201, 200)
    assert faulty.db["reservations"].count_documents({"status": "CONFIRMED"}) == 1
    assert_verified(faulty.services)


def test_reservation_during_a_lasting_fault_is_503_and_repeatable(faulty: FaultyService) -> None:
    event = store_event(faulty.db, new_tier(capacity=1))
    member = people(faulty, 1)[0]
    faulty.services.orders.ticket_group_commit.limits = Limits(transaction_timeout=0.5)

    with faulty.fault("commitTransaction", errorCode=STEPPED_DOWN, **UNKNOWN):
        refused = member.reserve(event.id)

    assert (refused.status, refused.code) == (503, "outcome_unknown")
    assert refused.headers["Retry-After"]
    assert member.reserve(event.id).status in (201, 409)
    assert [booking["status"] for booking in member.bookings().json] == ["CONFIRMED"]
    assert_verified(faulty.services)


@pytest.fixture(scope="module")
def three_nodes() -> Iterator[ReplicaSet]:
    with start_replica_set(nodes=3, test_commands=True) as running:
        yield running


def test_rush_over_a_killed_primary_sells_exactly_the_capacity(three_nodes: ReplicaSet) -> None:
    capacity = 40
    settings = factories.settings(three_nodes.uri)
    client = connect(three_nodes.uri, "killed-primary")
    db = client[settings.mongodb_database]
    prepare_database(db)
    app = create_app(settings, client=client)
    services = runtime_of(app).get(Services)
    event = store_event(db, new_tier(capacity=capacity), pool=capacity)
    crowd = members(db, settings, over_app(app), 100)
    three_nodes.wait_writable(acknowledged_by=3)
    began = threading.Event()
    answers: list[Answer] = []

    def reserve_until_answered(member: Member) -> str:
        for _ in range(60):
            answer = member.reserve(event.id)
            answers.append(answer)
            began.set()
            if answer.status != 503:
                return "booked" if answer.status == 201 else answer.code
        return "never answered"

    with ThreadPoolExecutor(32) as threads:
        outcomes = threads.map(reserve_until_answered, crowd)
        began.wait(30)
        three_nodes.primary().kill()
        found = Counter(outcomes)

    three_nodes.wait_writable()
    # After an unknown outcome the repetition finds the reservation that the first attempt made.
    assert found["booked"] + found["already_booked"] == capacity, found
    assert found["sold_out"] == len(crowd) - capacity
    assert {answer.status for answer in answers} <= {201, 409, 503}
    assert db["reservations"].count_documents({"status": "CONFIRMED"}) == capacity
    assert_verified(services)
    client.close()
