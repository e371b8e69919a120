"""Plans of the list's queries: each reads its index in order, and documents of the page alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo import MongoClient, monitoring

from core.mongo.client import Client, Db, Document
from devdb.replica_set import ReplicaSet
from events.listing.model import EventOrder, EventQuery
from events.listing.query import EventListing
from events.model import EventStatus
from events.store import EventStore
from tests.event_calls import new_tier, store_event

EVENTS = 60


class Commands(monitoring.CommandListener):
    """Records the finds and counts over events."""

    def __init__(self) -> None:
        self.sent: list[Document] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command.get("find") == "events" or event.command.get("count") == "events":
            self.sent.append(
                {name: value for name, value in event.command.items() if name[0] != "$" and name != "lsid"}
            )

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


@pytest.fixture
def full(db: Db) -> Db:
    for number in range(EVENTS):
        status = EventStatus.DRAFT if number % 3 == 0 else EventStatus.PUBLISHED
        store_event(db, new_tier(price=number), title=f"Event {number}", status=status)
    return db


@pytest.fixture
def commands() -> Commands:
    return Commands()


@pytest.fixture
def heard(replica_set: ReplicaSet, full: Db, commands: Commands) -> Iterator[Db]:
    client: Client = MongoClient(replica_set.uri, tz_aware=True, event_listeners=[commands])
    yield client[full.name]
    client.close()


def stages(plan: Document) -> Iterator[Document]:
    yield plan
    for inner in (plan.get("inputStage"), *plan.get("inputStages", [])):
        if inner:
            yield from stages(inner)


def explained(db: Db, command: Document) -> Any:
    return db.command({"explain": command, "verbosity": "executionStats"})


@pytest.mark.parametrize("part", [{}, {"search": "event 5"}, {"search": "no such event"}, {"page": 4}], ids=str)
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("order", list(EventOrder))
def test_page_reads_its_index_in_order_and_no_other_document(
    heard: Db, full: Db, commands: Commands, order: EventOrder, descending: bool, part: dict[str, Any]
) -> None:
    query = EventQuery(order=order, descending=descending, limit=5, **part)
    found = EventListing(heard, EventStore(heard)).find(query, datetime.now(UTC))
    assert len(found.events) == min(found.total, 5)

    assert commands.sent
    for command in commands.sent:
        plan = explained(full, command)
        names = {stage["stage"] for stage in stages(plan["queryPlanner"]["winningPlan"])}
        assert names & {"IXSCAN", "COUNT_SCAN"}
        assert not names & {"COLLSCAN", "SORT"}
        if "find" in command:
            assert plan["executionStats"]["totalDocsExamined"] <= 6
        else:
            assert plan["executionStats"]["totalDocsExamined"] == 0


def test_control_plan_without_the_index_sorts(full: Db) -> None:
    full["events"].drop_index("by_title")
    command = {"find": "events", "filter": {"status": "published"}, "sort": {"titleKey": 1}, "limit": 5}

    plan = explained(full, command)

    assert "SORT" in {stage["stage"] for stage in stages(plan["queryPlanner"]["winningPlan"])}
