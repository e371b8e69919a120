"""The primary dies in the middle of a rush, or is cut off: what was acknowledged stays, what was not can be settled."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app import create_app
from core.mongo.client import Db, connect
from core.web.context import runtime_of
from devdb.node import Node
from devdb.replica_set import ReplicaSet, start_replica_set
from inventory.group_commit import Limits
from tests import factories
from tests.api_client import Answer, Api, over_app
from tests.conftest import Served, serving
from tests.faults.concurrency import (
    active_ids,
    assert_consistent,
    booked_ids,
    is_retryable_refusal,
    outcome,
    run_concurrently,
)
from wiring import Services, prepare_database

DATES = ("2026-03-01", "2026-03-03", "2026-03-05", "2026-03-07")


@pytest.fixture
def three_nodes() -> Iterator[ReplicaSet]:
    """A replica set that survives the loss of a node."""
    with start_replica_set(nodes=3, test_commands=True) as running:
        yield running


@contextmanager
def replication_stopped(nodes: Iterable[Node]) -> Iterator[None]:
    """Let `nodes` hear nothing of what is written meanwhile."""
    chosen, stop = list(nodes), {"configureFailPoint": "stopReplProducer"}
    for node in chosen:
        node.command({**stop, "mode": "alwaysOn"})
    try:
        time.sleep(1)  # A fetch that is under way still takes what comes.
        yield
    finally:
        for node in chosen:
            node.command({**stop, "mode": "off"})


def application(nodes: ReplicaSet) -> tuple[Api, Services]:
    """Return the verbs over an application on `nodes`, and what is behind it."""
    settings = factories.settings(nodes.uri)
    client = connect(nodes.uri, "cut-off")
    prepare_database(client[settings.mongodb_database])
    app = create_app(settings, client=client)
    return Api(over_app(app)), runtime_of(app).get(Services)


def test_acknowledged_booking_survives_loss_of_an_isolated_primary(three_nodes: ReplicaSet) -> None:
    api, services = application(three_nodes)
    services.booking.group_commit.limits = Limits(transaction_timeout=1.0)
    form, key = factories.person(), uuid.uuid4().hex
    slot = api.slots()[0]
    three_nodes.wait_writable(acknowledged_by=3)
    primary = three_nodes.primary()
    with replication_stopped(node for node in three_nodes.nodes if node is not primary):
        answers = [api.book(slot, key=key, **form) for _ in range(3)]
        primary.kill()
    three_nodes.wait_writable()

    assert all(answer.status == 201 or is_retryable_refusal(answer) for answer in answers)
    stored = connect(three_nodes.uri)
    assert booked_ids(answers) <= active_ids(stored[services.db.name])
    services.booking.group_commit.limits = Limits()
    assert api.book(slot, key=key, **form).status == 201
    assert_consistent(stored[services.db.name])
    stored.close()
    services.client.close()


def test_booking_is_not_refused_by_rows_that_fail_over_rolls_back(three_nodes: ReplicaSet) -> None:
    api, services = application(three_nodes)
    counter = services.booking.group_commit
    counter.limits = Limits(transaction_timeout=1.0)
    slot = api.slots()[0]
    three_nodes.wait_writable(acknowledged_by=3)
    primary = three_nodes.primary()
    with replication_stopped(node for node in three_nodes.nodes if node is not primary):
        first = run_concurrently([partial(api.book, slot) for _ in range(slot["capacity"])])
        after = run_concurrently([partial(api.book, slot) for _ in range(2)])
        primary.kill()
    three_nodes.wait_writable()
    counter.limits = Limits()
    in_the_end = [api.book(slot) for _ in range(slot["capacity"] + 1)]

    assert all(map(is_retryable_refusal, first))
    assert all(map(is_retryable_refusal, after)), [answer.body for answer in after]
    assert list(map(outcome, in_the_end)) == [(201, "booked")] * slot["capacity"] + [(409, "slot_full")]
    services.client.close()


def test_change_is_not_decided_by_rows_that_fail_over_rolls_back(three_nodes: ReplicaSet) -> None:
    api, services = application(three_nodes)
    full, roomy, nearly, free = api.slots()[:4]
    for slot, count in ((full, 4), (nearly, 3)):
        assert [api.book(slot).status for _ in range(count)] == [201] * count
    first, second = (api.book(roomy).json["booking"] for _ in range(2))
    waits = factories.contact()
    three_nodes.wait_writable(acknowledged_by=3)
    primary = three_nodes.primary()

    with replication_stopped(node for node in three_nodes.nodes if node is not primary):
        services.booking.group_commit.limits = Limits(transaction_timeout=1.0)
        answers = [
            api.wait_for(full, **waits),
            api.wait_for(full, **waits),
            api.held("POST", first, "/reschedule", json={"slotId": nearly["_id"]}),
            api.held("POST", second, "/reschedule", json={"slotId": nearly["_id"]}),
            api.held("DELETE", second),
            api.held("POST", second, "/reschedule", json={"slotId": free["_id"]}),
            api.admin("PATCH", f"/slots/{full['_id']}", json={"capacity": 9}),
            api.wait_for(full),
        ]
        primary.kill()
    three_nodes.wait_writable()
    services.booking.group_commit.limits = Limits()

    assert [answer.status for answer in answers] == [503] * len(answers), [answer.body for answer in answers]
    assert services.db.waitlist.count_documents({}) == 0
    assert api.wait_for(full, **waits).status == 202
    assert api.wait_for(full, **waits).code == "already_waiting"
    assert api.held("POST", second, "/reschedule", json={"slotId": nearly["_id"]}).status == 200
    assert services.booking.find_mismatches.execute() == []
    services.client.close()


def test_answers_stay_true_when_the_primary_dies_under_load(three_nodes: ReplicaSet, tmp_path: Path) -> None:
    with serving(three_nodes.uri, tmp_path) as served:
        slots = [slot for date in DATES for slot in served.api.slots(date)]
        guests = [Guest(served, slots[number % len(slots)]) for number in range(6 * len(slots))]
        client = connect(three_nodes.uri)
        db: Db = client[served.environment["MONGODB_DATABASE"]]
        killed = threading.Event()

        def ask(number: int) -> None:
            if number == len(guests) // 3:
                three_nodes.primary().kill()
                killed.set()
            guests[number].asks()

        run_concurrently([partial(ask, number) for number in range(len(guests))], most=16)

        assert killed.is_set()
        first = [guest.answer for guest in guests]
        three_nodes.wait_writable()
        assert booked_ids(first) <= active_ids(db)
        emails = {row["email"] for row in db.bookings.find()}
        assert not emails & {guest.email for guest in guests if guest.answer.status in (400, 409)}
        for _ in range(20):
            waiting = [guest for guest in guests if guest.answer.status == 503]
            if not waiting:
                break
            run_concurrently([guest.asks for guest in waiting], most=16)
        last = [guest.answer for guest in guests]
        assert {answer.status for answer in last} == {201, 409}, {outcome(answer) for answer in last}
        assert booked_ids(first) <= booked_ids(last) == active_ids(db)
        assert len(active_ids(db)) == 4 * len(slots)
        assert_consistent(db)
        assert "agrees" in served.verify()
        client.close()


class Guest:
    """Somebody who asks for one place with a key; the service always answers, and never with 500."""

    answer: Answer

    def __init__(self, served: Served, slot: dict[str, Any]) -> None:
        self._served, self._slot = served, slot
        self._form, self._key = factories.person(), uuid.uuid4().hex

    @property
    def email(self) -> str:
        return str(self._form["email"])

    def asks(self) -> None:
        self.answer = self._served.api.book(self._slot, key=self._key, **self._form)
        assert self.answer.status in (201, 409) or is_retryable_refusal(self.answer), self.answer.body
