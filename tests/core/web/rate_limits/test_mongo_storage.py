"""Counts of the rate limits in MongoDB: many keys in a few round trips, each as exact as if it were counted alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from limits.storage import MongoDBStorage
from pymongo.errors import BulkWriteError
from pymongo.monitoring import CommandListener

from core.mongo.client import Client
from core.web.rate_limits.batched_storage import BatchedStorage
from core.web.rate_limits.mongo_storage import BatchedMongoStorage, Key
from devdb.replica_set import ReplicaSet

HOUR = 3600
Make = Callable[..., Any]


class Commands(CommandListener):
    """Remembers the names of the commands that were sent."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def started(self, event: Any) -> None:
        if event.command_name in ("insert", "update", "find", "findAndModify"):
            self.names.append(event.command_name)

    def succeeded(self, event: Any) -> None:
        """Not used."""

    def failed(self, event: Any) -> None:
        """Not used."""


@pytest.fixture
def make(replica_set: ReplicaSet, mongo: Client) -> Iterator[Make]:
    """Make storages as different processes have them, over the same rows."""
    database = f"t_counts_{time.monotonic_ns()}"
    made: list[BatchedMongoStorage] = []

    def storage(kind: Any = BatchedMongoStorage, **options: Any) -> Any:
        made.append(kind(replica_set.uri, database_name=database, w=1, **options))
        return made[-1]

    yield storage
    for each in made:
        each.storage.close()
    mongo.drop_database(database)


def hits(*keys: str, amount: int = 1, seconds: int = HOUR) -> dict[Key, int]:
    return {(key, seconds): amount for key in keys}


def test_batched_counts_equal_those_of_the_library(make: Make) -> None:
    counts = make()
    library = make(MongoDBStorage)

    first = counts.incr_many({("a", HOUR): 1, ("b", 60): 5})
    library.incr("a", HOUR, 2)
    ends = library.get_expiry("a")
    time.sleep(0.01)
    second = counts.incr_many(hits("a", "c", amount=10))

    assert first == {("a", HOUR): 1, ("b", 60): 5}
    assert second == {("a", HOUR): 13, ("c", HOUR): 10}
    assert [library.get(key) for key in ("a", "b", "c", "d")] == [13, 5, 10, 0]
    assert library.get_expiry("a") == ends
    now = time.time()
    assert [round((library.get_expiry(key) - now) / 10) for key in ("a", "b")] == [360, 6]


def test_expired_window_starts_at_zero(make: Make) -> None:
    counts = make()
    assert counts.incr_many(hits("a", "b", amount=7, seconds=1)) == {("a", 1): 7, ("b", 1): 7}

    time.sleep(1.2)

    assert counts.incr_many({("a", 60): 2, ("c", 60): 1}) == {("a", 60): 2, ("c", 60): 1}
    assert counts.get("a") == 2


@pytest.mark.parametrize(
    ("seen", "asked", "commands"),
    [
        (0, range(500), ["insert"]),
        (500, range(500), ["update", "find"]),
        (500, range(250, 750), ["update", "find", "insert"]),
    ],
)
def test_batched_counts_of_many_keys_take_few_round_trips(
    make: Make, seen: int, asked: range, commands: list[str]
) -> None:
    sent = Commands()
    counts = make(event_listeners=[sent])
    counts.incr("warm", HOUR)
    counts.incr_many(hits(*(f"address {n}" for n in range(seen))))
    sent.names.clear()

    recorded = counts.incr_many(hits(*(f"address {n}" for n in asked)))

    assert sent.names == commands
    assert recorded == {(f"address {n}", HOUR): 2 if n < seen else 1 for n in asked}


def test_keys_known_to_another_process_take_few_round_trips(make: Make) -> None:
    sent = Commands()
    counts = make(event_listeners=[sent])
    counts.incr("warm", HOUR)
    asked = hits(*(f"address {n}" for n in range(500)))
    make().incr_many(asked)
    sent.names.clear()

    assert counts.incr_many(asked) == dict.fromkeys(asked, 2)
    assert sent.names == ["insert", "update", "find"]


def test_keys_whose_rows_expired_are_inserted_again(make: Make) -> None:
    sent = Commands()
    counts = make(event_listeners=[sent])
    asked = hits(*(f"address {n}" for n in range(500)))
    counts.incr_many(asked)
    counts.counters.delete_many({})
    sent.names.clear()

    assert counts.incr_many(asked) == asked
    assert sent.names == ["update", "find", "insert"]


def test_memory_of_known_keys_is_bounded_and_only_a_hint(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.web.rate_limits.mongo_storage.MAX_KEYS", 3)
    counts, other = make(), make()
    counts.incr_many(hits("a", "b"))
    other.incr_many(hits("c", "d"))

    assert counts.incr_many(hits("b", "c")) == {("b", HOUR): 2, ("c", HOUR): 2}
    counts.clear("b")
    assert counts.incr_many(hits("a", "b", "d")) == {("a", HOUR): 2, ("b", HOUR): 1, ("d", HOUR): 2}
    assert [counts.get(key) for key in "abcd"] == [2, 1, 2, 2]
    assert len(counts._seen) <= 3


class Overtaken(BatchedMongoStorage):
    """Another process counts between the two round trips of this one."""

    def __init__(self, *arguments: Any, other: BatchedMongoStorage, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.other = other
        self.others: Mapping[Key, int] = {}

    def _add(self, statements: list[Any]) -> None:
        super()._add(statements)
        self.others = self.other.incr_many(hits("a", "b"))


class Vanishing(BatchedMongoStorage):
    """Some rows go before they are read, and another process makes one of them again."""

    def __init__(self, *arguments: Any, other: MongoDBStorage, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.other = other

    def _add(self, statements: list[Any]) -> None:
        super()._add(statements)
        for key in ("gone", "made again"):
            self.clear(key)
        self.other.incr("made again", HOUR)


def test_count_on_an_expiring_row_moves_to_the_next_row(make: Make) -> None:
    one = make(Vanishing, other=make())
    one.other.incr_many(hits("gone", "made again", "stays", amount=5))

    recorded = one.incr_many(hits("gone", "made again", "stays", amount=2))

    assert recorded == {("gone", HOUR): 2, ("made again", HOUR): 3, ("stays", HOUR): 7}
    assert [one.get(key) for key in ("gone", "made again", "stays")] == [2, 3, 7]


def test_count_just_written_is_read_despite_the_read_preference(make: Make) -> None:
    counts = make(readConcernLevel="majority")

    recorded = [counts.incr_many(hits("a", "b"))["a", HOUR] for _ in range(100)]

    assert recorded == list(range(1, 101))


def test_known_keys_expire_with_their_window(make: Make) -> None:
    for _ in range(3):
        make().incr_many(hits("a", "b", seconds=1))
    time.sleep(1.2)
    last = make()

    last.incr_many(hits("a", "b"))

    row = last.counters.find_one({"_id": "a"})
    assert (row["count"], row["after"]) == (1, {last._worker_id: 1})


def test_each_process_gets_its_own_position_in_the_count(make: Make) -> None:
    one = make(Overtaken, other=make())
    one.other.incr_many(hits("a", "b"))

    mine = one.incr_many(hits("a", "b"))

    assert mine == {("a", HOUR): 2, ("b", HOUR): 2}
    assert one.others == {("a", HOUR): 3, ("b", HOUR): 3}


class Careless(Overtaken):
    """Reads the count, whichever process counted last."""

    def incr_many(self, amounts: Mapping[Key, int]) -> dict[Key, int]:
        super().incr_many(amounts)
        return {key: self.get(key[0]) for key in amounts}


def test_control_position_read_separately_belongs_to_another_process(make: Make) -> None:
    one = make(Careless, other=make())
    one.other.incr_many(hits("a", "b"))

    assert one.incr_many(hits("a", "b")) == {("a", HOUR): 3, ("b", HOUR): 3}


def test_parallel_counts_of_the_same_keys_are_exact(make: Make) -> None:
    processes = [make() for _ in range(3)]
    keys = [f"address {n}" for n in range(10)]

    def rounds(counts: BatchedMongoStorage) -> list[dict[Key, int]]:
        return [counts.incr_many(hits(*keys)) for _ in range(30)]

    with ThreadPoolExecutor(3) as threads:
        recorded = [each for some in threads.map(rounds, processes) for each in some]

    for key in keys:
        assert sorted(each[key, HOUR] for each in recorded) == list(range(1, 91))


@pytest.mark.parametrize("amounts", [{"known": 10, "new": 1}, {"there": 1, "new": 10}])
def test_write_error_other_than_duplicate_key_is_raised(make: Make, amounts: dict[str, int]) -> None:
    counts = make()
    make().incr_many(hits("there", "known"))
    counts.incr_many(hits("known", "warm"))
    counts._database.command({"collMod": counts.counters.name, "validator": {"count": {"$lt": 5}}})

    with pytest.raises(BulkWriteError):
        counts.incr_many({(key, HOUR): amount for key, amount in amounts.items()})


def test_rejected_statement_does_not_stop_the_other_counts(make: Make) -> None:
    counts = make()
    counts.incr_many(hits("a", "b", "c"))
    counts.incr_many(hits("a", amount=4))
    counts._database.command({"collMod": counts.counters.name, "validator": {"count": {"$lt": 6}}})

    with pytest.raises(BulkWriteError):
        counts.incr_many(hits("a", "b", "c"))

    assert [counts.get(key) for key in "abc"] == [5, 2, 2]


def test_requests_from_many_addresses_are_counted_exactly(
    make: Make, replica_set: ReplicaSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A machine under load may take longer than the product waits before it counts in memory.
    monkeypatch.setattr("core.web.rate_limits.batched_storage.MAX_SECONDS", 60)
    commands = Commands()
    database = make()._database_name
    together = BatchedStorage("batched://", replica_set.uri, database_name=database, w=1, event_listeners=[commands])
    addresses = [f"address {n % 50}" for n in range(400)]
    together.incr("warm", HOUR)
    commands.names.clear()

    with closing(together), ThreadPoolExecutor(50) as threads:
        recorded = list(threads.map(lambda key: (key, together.incr(key, HOUR)), addresses))

    assert sorted(recorded) == sorted((f"address {n}", place) for n in range(50) for place in range(1, 9))
    assert len(commands.names) < 200, "fewer than half a question for each hit"
