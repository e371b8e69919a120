"""Reads of holds: what is read before the orders of a key is majority-committed, as those are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from devdb.replica_set import ReplicaSet
from orders.holds.errors import HoldNotFound
from orders.holds.store import HoldStore


class ReadConcerns(CommandListener):
    """The levels of the read concerns of all `find` commands."""

    def __init__(self) -> None:
        self.levels: list[str] = []

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name == "find":
            self.levels.append(event.command.get("readConcern", {}).get("level", "local"))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing is recorded."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing is recorded."""


@pytest.fixture
def concerns() -> ReadConcerns:
    return ReadConcerns()


@pytest.fixture
def store(replica_set: ReplicaSet, concerns: ReadConcerns) -> Iterator[HoldStore]:
    with MongoClient[dict[str, Any]](replica_set.uri, event_listeners=[concerns]) as client:
        yield HoldStore(client["hold_reads"])


def test_get_of_reads_a_majority_committed_hold(store: HoldStore, concerns: ReadConcerns) -> None:
    with pytest.raises(HoldNotFound):
        store.get_of("no account", "missing")

    assert concerns.levels == ["majority"]


def test_control_get_may_see_a_use_before_its_order(store: HoldStore, concerns: ReadConcerns) -> None:
    assert store.get("missing") is None

    assert concerns.levels == ["local"]
