"""Allowances in blocks: never more than the limit, however many workers give them out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from limits import parse
from limits.storage import MemoryStorage

from core.web.allowance import MOST, Allowances


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
    worker = Allowances(MemoryStorage())
    item = parse(f"{limit} per hour")

    passed = [worker.hit(item, "requests", "address") for _ in range(limit + 20)]

    assert passed == [True] * limit + [False] * 20


@pytest.mark.parametrize("limit", [3, 300, 2000])
def test_several_workers_together_never_exceed_the_limit(limit: int) -> None:
    storage, item = MemoryStorage(), parse(f"{limit} per hour")
    workers = [Allowances(storage) for _ in range(4)]

    with ThreadPoolExecutor(16) as threads:
        passed = list(threads.map(lambda n: workers[n % 4].hit(item, "requests", "a"), range(limit + 400)))

    assert sum(passed) <= limit
    assert sum(passed) >= limit - 4 * MOST
    if limit < 64:
        assert sum(passed) == limit


def test_addresses_are_counted_apart() -> None:
    worker, item = Allowances(MemoryStorage()), parse("1 per hour")

    assert [worker.hit(item, "requests", who) for who in ("a", "b", "a")] == [True, True, False]


def test_a_large_allowance_costs_few_questions_and_a_small_one_each() -> None:
    large, small = CountedStorage(), CountedStorage()

    many, few = Allowances(large), Allowances(small)
    for _ in range(1000):
        many.hit(parse("100000 per hour"), "a")
    for _ in range(3):
        few.hit(parse("3 per hour"), "a")

    assert large.asked < 30
    assert small.asked == 3
