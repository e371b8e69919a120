"""The batcher: concurrent requests share a batch, in order, with leftovers first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from core.concurrency.batcher import Batcher, PendingRequests
from core.concurrency.single_flight import single_flight
from core.errors import Unavailable


@dataclass
class Room:
    """Work that keeps its rounds, and whose first round waits until it is let go."""

    act: Callable[[PendingRequests[int, int]], None]
    rounds: list[list[int]] = field(default_factory=list)
    inside: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)
    busy: int = 0
    most_busy: int = 0

    def __call__(self, tickets: PendingRequests[int, int]) -> None:
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        self.rounds.append([ticket.request for ticket in tickets])
        self.inside.set()
        assert self.go.wait(10)
        try:
            self.act(tickets)
        finally:
            self.busy -= 1


def double(tickets: PendingRequests[int, int]) -> None:
    for ticket in tickets:
        ticket.resolve(ticket.request * 2)


def queue_up(
    combiner: Batcher[int, int], requests: list[int], pool: ThreadPoolExecutor, room: Room
) -> list[Future[int]]:
    """Submit `requests` one after the other while the first of them is inside."""
    futures: list[Future[int]] = []
    for position, request in enumerate(requests):
        futures.append(pool.submit(combiner.submit, request))
        if position == 0:
            assert room.inside.wait(30)
        else:
            wait_until(lambda waiting=position: len(combiner._queue) == waiting)  # type: ignore[misc]
    return futures


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_a_request_that_comes_alone_is_served_at_once_by_its_own_thread() -> None:
    threads: list[int] = []

    def work(tickets: PendingRequests[int, int]) -> None:
        threads.append(threading.get_ident())
        double(tickets)

    combiner = Batcher(work, max_queue=10, max_batch=10)

    assert [combiner.submit(n) for n in (1, 2, 3)] == [2, 4, 6]
    assert threads == [threading.get_ident()] * 3


def test_those_who_arrive_meanwhile_share_the_next_round_in_order() -> None:
    room = Room(double)
    combiner = Batcher(room, max_queue=10, max_batch=10)

    with ThreadPoolExecutor(6) as pool:
        futures = queue_up(combiner, [1, 2, 3, 4, 5], pool, room)
        room.go.set()
        answers = [future.result(5) for future in futures]

    assert answers == [2, 4, 6, 8, 10]
    assert room.rounds == [[1], [2, 3, 4, 5]]


def test_a_round_takes_no_more_than_it_may() -> None:
    room = Room(double)
    combiner = Batcher(room, max_queue=10, max_batch=2)

    with ThreadPoolExecutor(6) as pool:
        futures = queue_up(combiner, [1, 2, 3, 4, 5, 6], pool, room)
        room.go.set()
        assert [future.result(5) for future in futures] == [2, 4, 6, 8, 10, 12]

    assert room.rounds == [[1], [2, 3], [4, 5], [6]]


def test_who_was_left_without_an_answer_comes_first_in_the_next_round() -> None:
    def only_the_last(tickets: PendingRequests[int, int]) -> None:
        tickets[-1].resolve(0)

    room = Room(only_the_last)
    combiner = Batcher(room, max_queue=10, max_batch=2)

    with ThreadPoolExecutor(6) as pool:
        futures = queue_up(combiner, [1, 2, 3, 4], pool, room)
        room.go.set()
        assert [future.result(5) for future in futures] == [0] * 4

    # 2 leads and is left over twice, before those who came after it.
    assert room.rounds == [[1], [2, 3], [2, 4], [2]]


def test_an_error_befalls_its_round_and_no_other() -> None:
    def act(tickets: PendingRequests[int, int]) -> None:
        if len(tickets) > 1:
            tickets[0].resolve(-1)
            raise KeyError("a bug")
        double(tickets)

    room = Room(act)
    combiner = Batcher(room, max_queue=10, max_batch=3)

    with ThreadPoolExecutor(6) as pool:
        futures = queue_up(combiner, [1, 2, 3, 4, 5], pool, room)
        room.go.set()
        outcomes = [type(future.exception(5)) if future.exception(5) else future.result() for future in futures]

    assert outcomes == [2, -1, KeyError, KeyError, 10]
    assert combiner.submit(7) == 14


def test_a_refusal_is_raised_to_the_one_who_was_refused() -> None:
    def odd_ones_out(tickets: PendingRequests[int, int]) -> None:
        for ticket in tickets:
            if ticket.request % 2:
                ticket.reject(ValueError(ticket.request))
            else:
                ticket.resolve(ticket.request)

    room = Room(odd_ones_out)
    combiner = Batcher(room, max_queue=10, max_batch=10)

    with ThreadPoolExecutor(6) as pool:
        futures = queue_up(combiner, [2, 3, 4, 5], pool, room)
        room.go.set()
        assert [futures[0].result(5), futures[2].result(5)] == [2, 4]
        assert [str(futures[1].exception(5)), str(futures[3].exception(5))] == ["3", "5"]


def test_only_the_first_answer_counts() -> None:
    def twice(tickets: PendingRequests[int, int]) -> None:
        tickets[0].resolve(1)
        tickets[0].resolve(2)
        tickets[0].reject(ValueError())

    assert Batcher(twice, max_queue=1, max_batch=1).submit(0) == 1


def test_the_end_of_the_process_is_not_the_others_error() -> None:
    def act(tickets: PendingRequests[int, int]) -> None:
        if len(tickets) > 1:
            raise SystemExit(1)
        double(tickets)

    room = Room(act)
    combiner = Batcher(room, max_queue=10, max_batch=10)

    with ThreadPoolExecutor(6) as pool:
        futures = queue_up(combiner, [1, 2, 3], pool, room)
        room.go.set()
        outcomes = [futures[0].result(5), futures[1].exception(5), futures[2].exception(5)]

    assert outcomes[0] == 2
    assert isinstance(outcomes[1], SystemExit)
    assert isinstance(outcomes[2], Unavailable)
    assert combiner.submit(4) == 8


def test_beyond_the_bound_a_request_is_refused_at_once() -> None:
    room = Room(double)
    combiner = Batcher(room, max_queue=2, max_batch=10)

    with ThreadPoolExecutor(6) as pool:
        futures = queue_up(combiner, [1, 2, 3], pool, room)
        with pytest.raises(Unavailable) as refused:
            combiner.submit(4)
        room.go.set()
        assert [future.result(5) for future in futures] == [2, 4, 6]

    assert refused.value.retry_after
    assert combiner.submit(5) == 10


def test_batches_run_one_at_a_time_and_answer_every_request() -> None:
    room = Room(double)
    room.go.set()
    combiner = Batcher(room, max_queue=1000, max_batch=7)

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(combiner.submit, range(2000)))

    assert answers == [2 * n for n in range(2000)]
    assert room.most_busy == 1
    assert sorted(n for served in room.rounds for n in served) == list(range(2000))


def test_those_who_ask_the_same_at_one_time_share_one_read() -> None:
    reads: list[str] = []
    inside, go = threading.Event(), threading.Event()

    def read(wanted: str) -> int:
        reads.append(wanted)
        inside.set()
        assert go.wait(10)
        return len(reads)

    ask = single_flight(read)
    with ThreadPoolExecutor(20) as pool:
        first = pool.submit(ask, "a")
        assert inside.wait(30)
        others = [pool.submit(ask, wanted) for wanted in "ab" * 5]
        time.sleep(0.2)
        go.set()
        assert first.result(5) == 1
        answers = [other.result(5) for other in others]

    assert sorted(reads) == ["a", "a", "b"]
    # A later request is not answered by a read that began before it.
    assert 1 not in answers
    assert len(set(answers[0::2])) == len(set(answers[1::2])) == 1


def test_a_read_that_fails_fails_for_those_who_asked_it_alone() -> None:
    def read(wanted: str) -> str:
        if wanted == "bad":
            raise LookupError(wanted)
        return wanted

    ask = single_flight(read)

    assert ask("good") == "good"
    with pytest.raises(LookupError):
        ask("bad")
    assert ask("good") == "good"


def test_a_read_that_fails_for_all_is_not_tried_for_each_who_waits() -> None:
    inside, go = threading.Event(), threading.Event()
    reads: list[str] = []

    def read(wanted: str) -> str:
        reads.append(wanted)
        inside.set()
        assert go.wait(10)
        raise ConnectionError(wanted)

    ask = single_flight(read, fails_all=lambda error: isinstance(error, ConnectionError))
    with ThreadPoolExecutor(20) as pool:
        first = pool.submit(ask, "first")
        assert inside.wait(30)
        others = [pool.submit(ask, wanted) for wanted in "abcdefgh"]
        time.sleep(0.2)
        go.set()
        refusals = [other.exception(30) for other in [first, *others]]

    assert {type(refusal) for refusal in refusals} == {ConnectionError}
    assert len(reads) == 2
