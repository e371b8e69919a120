"""Allowances in blocks: never more than the limit, however many workers give them out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from limits import parse
from limits.storage import MemoryStorage

from core import clock
from core.web.rate_limits import prefetch
from core.web.rate_limits.prefetch import MAX_BLOCK, PrefetchingCounter


class CountedStorage(MemoryStorage):
    """A storage that knows how often it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        self.asked += 1
        return super().incr(key, expiry, amount)


@pytest.mark.parametrize("limit", [1, 3, 10, 64, 300, 1000])
def test_one_worker_gives_out_exactly_the_limit(limit: int) -> None:
    worker = PrefetchingCounter(MemoryStorage())
    item = parse(f"{limit} per hour")

    passed = [worker.hit(item, "requests", "address") for _ in range(limit + 20)]

    assert passed == [True] * limit + [False] * 20


@pytest.mark.parametrize("limit", [3, 300, 2000])
def test_several_workers_together_never_exceed_the_limit(limit: int) -> None:
    storage, item = MemoryStorage(), parse(f"{limit} per hour")
    workers = [PrefetchingCounter(storage) for _ in range(4)]

    with ThreadPoolExecutor(16) as threads:
        passed = list(threads.map(lambda n: workers[n % 4].hit(item, "requests", "a"), range(limit + 400)))

    assert sum(passed) <= limit
    assert sum(passed) >= limit - 4 * MAX_BLOCK
    if limit < 64:
        assert sum(passed) == limit


class HeldStorage(MemoryStorage):
    """A storage that answers once as many calls wait as `crowd` has parties."""

    crowd = Barrier(1)

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        self.crowd.wait(10)
        return super().incr(key, expiry, amount)


@pytest.mark.parametrize("limit", [300, 1000, 6400])
def test_a_crowd_from_one_address_is_given_the_whole_limit(limit: int) -> None:
    """Each who finds the block used up would reserve another one, of which only the last is given out."""
    storage, item = HeldStorage(), parse(f"{limit} per hour")
    worker = PrefetchingCounter(storage)
    passed = [worker.hit(item, "a")]
    with ThreadPoolExecutor(8) as threads:
        while (left := worker._quotas[item.key_for("a")].left) or passed[-1]:
            passed += [worker.hit(item, "a") for _ in range(left)]
            storage.crowd = Barrier(8)
            passed += threads.map(lambda _: worker.hit(item, "a"), range(8))
            storage.crowd = Barrier(1)

    assert sum(passed) == limit


def test_what_was_reserved_in_one_window_is_not_given_out_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    storage, item = CountedStorage(), parse("640 per minute")
    worker = PrefetchingCounter(storage)
    assert all(worker.hit(item, "a") for _ in range(3))
    assert storage.asked == 2, "a block is reserved"
    ends_in = 0.5
    monkeypatch.setattr(storage, "get_expiry", lambda _: clock.now().timestamp() + ends_in)
    while worker._quotas[item.key_for("a")].left:
        worker.hit(item, "a")
    worker.hit(item, "a")
    asked, begun = storage.asked, clock.monotonic()

    monkeypatch.setattr(prefetch, "monotonic", lambda: begun + ends_in)
    assert worker.hit(item, "a")

    assert storage.asked == asked + 1


def test_addresses_are_counted_apart() -> None:
    worker, item = PrefetchingCounter(MemoryStorage()), parse("1 per hour")

    assert [worker.hit(item, "requests", who) for who in ("a", "b", "a")] == [True, True, False]


def test_a_large_quota_costs_few_questions_and_a_small_one_each() -> None:
    large, small = CountedStorage(), CountedStorage()

    many, few = PrefetchingCounter(large), PrefetchingCounter(small)
    for _ in range(1000):
        many.hit(parse("100000 per hour"), "a")
    for _ in range(3):
        few.hit(parse("3 per hour"), "a")

    assert large.asked < 30
    assert small.asked == 3
