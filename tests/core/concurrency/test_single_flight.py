"""Batched reads: the keys that wait together are read together, and one that fails fails alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor

import pytest
from pymongo.errors import ServerSelectionTimeoutError

from core.concurrency.single_flight import batched_read
from tests.notifications.running_worker import wait_until

Reads = list[frozenset[str]]


def read_together(read_many: Callable[[Collection[str]], dict[str, int]], keys: str) -> list[int | str | None]:
    """Read `keys` while another read is in progress; return the values, or the names of the errors."""
    begun = threading.Event()
    release = threading.Event()

    def slow_at_first(wanted: Collection[str]) -> dict[str, int]:
        if not begun.is_set():
            begun.set()
            assert release.wait(10)
            return {}
        return read_many(wanted)

    read = batched_read(slow_at_first)
    waiting = read.__self__._queue  # type: ignore[attr-defined]

    def outcome(key: str) -> int | str | None:
        try:
            return read(key)
        except Exception as error:
            return type(error).__name__

    with ThreadPoolExecutor(len(keys) + 1) as pool:
        pool.submit(outcome, "first")
        assert begun.wait(10)
        outcomes = [pool.submit(outcome, key) for key in keys]
        wait_until(lambda: len(waiting) == len(keys))
        release.set()
        return [each.result() for each in outcomes]


@pytest.mark.parametrize(
    ("error", "outcomes", "reads"),
    [
        (ValueError, [1, "ValueError", "ValueError", None], 4),
        # Each further read would wait for the database in vain.
        (ServerSelectionTimeoutError, ["ServerSelectionTimeoutError"] * 4, 1),
    ],
)
def test_key_that_fails_fails_alone_but_for_the_database(
    error: type[Exception], outcomes: list[int | str | None], reads: int
) -> None:
    asked: Reads = []

    def read_many(keys: Collection[str]) -> dict[str, int]:
        asked.append(frozenset(keys))
        if "b" in keys:
            raise error
        return {key: 1 for key in keys if key == "a"}

    assert read_together(read_many, "abbc") == outcomes
    assert asked[0] == {"a", "b", "c"}
    assert len(asked) == reads


def test_keys_that_wait_together_are_one_read() -> None:
    asked: Reads = []

    def read_many(keys: Collection[str]) -> dict[str, int]:
        asked.append(frozenset(keys))
        return dict.fromkeys(keys, 1)

    assert read_together(read_many, "aab") == [1, 1, 1]
    assert asked == [{"a", "b"}]
