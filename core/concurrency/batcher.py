"""One worker at a time does the work of everybody who waits: group commit, shared reads, shared counting.

The first request goes straight to work; those that arrive meanwhile wait and share the next round. There is no timer,
no thread and no delay for a request that comes alone: the round is led by one of the requests in it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from types import TracebackType
from typing import Generic, TypeVar

from core.clock import monotonic
from core.errors import Unavailable

R = TypeVar("R")
A = TypeVar("A")


class PendingRequest(Generic[R, A]):
    """A request that waits for its answer."""

    __slots__ = ("_error", "_trace", "_value", "_woken", "done", "is_leader", "request")

    def __init__(self, request: R) -> None:
        """Begin unanswered."""
        self.request = request
        self.done = False
        self.is_leader = False
        self._woken = threading.Event()
        self._value: A | None = None
        self._error: BaseException | None = None
        self._trace: TracebackType | None = None

    def resolve(self, value: A) -> None:
        """Give the waiting caller its answer; only the first answer or refusal counts."""
        if not self.done:
            self._value = value
            self._settle()

    def reject(self, error: BaseException) -> None:
        """Let the waiting caller raise `error`."""
        if not self.done:
            self._error, self._trace = error, error.__traceback__
            self._settle()

    def become_leader(self) -> None:
        """Wake the caller without an answer: it is its turn to work."""
        self.is_leader = True
        self._woken.set()

    def wait(self) -> None:
        """Sleep until answered or told to lead."""
        self._woken.wait()

    def result(self) -> A:
        """Return the answer or raise the refusal."""
        if self._error is not None:
            # Many callers may share one error: each raises it from where it was made, not from where others raised it.
            raise self._error.with_traceback(self._trace)
        return self._value  # type: ignore[return-value]  # only asked once answered

    def _settle(self) -> None:
        self.done = True
        self._woken.set()


PendingRequests = Sequence[PendingRequest[R, A]]


class Batcher(Generic[R, A]):
    """Hands all waiting requests to `work` in one go, one round at a time, in order of arrival.

    `work(tickets)` answers or refuses tickets; those it leaves unanswered come first in the next round. An exception
    from `work` refuses every ticket of the round that has no answer yet.
    """

    def __init__(self, work: Callable[[PendingRequests[R, A]], None], *, max_queue: int, max_batch: int) -> None:
        """Bound the queue and the round; beyond `most_waiting` a request is refused at once."""
        self._work = work
        self._max_queue = max_queue
        self._max_batch = max_batch
        self._lock = threading.Lock()
        self._queue: deque[PendingRequest[R, A]] = deque()
        self._busy = False

    def submit(self, request: R) -> A:
        """Return the answer to `request`; raises Unavailable when too many wait already."""
        pending: PendingRequest[R, A] = PendingRequest(request)
        with self._lock:
            if len(self._queue) >= self._max_queue:
                raise Unavailable("Too many requests are waiting. Please try again in a moment.", retry_after=1)
            self._queue.append(pending)
            if not self._busy:
                self._busy = pending.is_leader = True
        if not pending.is_leader:
            pending.wait()
        if pending.is_leader:
            self._run_as_leader(pending)
        return pending.result()

    def _run_as_leader(self, own: PendingRequest[R, A]) -> None:
        try:
            while not own.done:
                self._run_batch()
        finally:
            self._elect_next()

    def _run_batch(self) -> None:
        with self._lock:
            tickets = list(islice(self._queue, self._max_batch))
            for _ in tickets:
                self._queue.popleft()
        try:
            self._work(tickets)
        except BaseException as error:
            # Whatever happened, nobody is left waiting for ever. The end of the process is not the others' error.
            known = error if isinstance(error, Exception) else Unavailable(retry_after=1)
            for ticket in tickets:
                ticket.reject(known)
            if not isinstance(error, Exception):
                raise
        left = [ticket for ticket in tickets if not ticket.done]
        with self._lock:
            self._queue.extendleft(reversed(left))

    def _elect_next(self) -> None:
        with self._lock:
            if self._queue:
                self._queue[0].become_leader()
            else:
                self._busy = False


def single_flight(
    read: Callable[[R], A], *, fails_all: Callable[[Exception], bool] = lambda _: False, max_queue: int = 10_000
) -> Callable[[R], A]:
    """Return `read` such that callers with one argument who wait at the same time share one call of it.

    The call an answer comes from always began after the request for it arrived, so everybody sees what was written
    before they asked. An error that `spoils` is raised for all who wait, whatever they asked for: what one read has
    waited for in vain is not waited for once more by each of the others.
    """

    def work(tickets: PendingRequests[R, A]) -> None:
        by_request: dict[R, list[PendingRequest[R, A]]] = {}
        for ticket in tickets:
            by_request.setdefault(ticket.request, []).append(ticket)
        for wanted, waiting in by_request.items():
            error = _resolve_all(waiting, wanted, read)
            if error is not None and fails_all(error):
                raise error

    return Batcher(work, max_queue=max_queue, max_batch=max_queue).submit


class TTLCache(Generic[R, A]):
    """Answers from memory for `seconds` after a read began; those who find nothing there share one read.

    Only for what may be a moment old. `forget` empties the memory, for whoever knows that things have changed.
    """

    def __init__(self, read: Callable[[R], A], ttl: float) -> None:
        """Begin with nothing remembered."""
        self._read = single_flight(read)
        self._ttl = ttl
        self._entries: dict[R, tuple[float, A]] = {}

    def __call__(self, key: R) -> A:
        """Return what is known of `key`, read now if it is not recent."""
        until, value = self._entries.get(key, (0.0, None))
        if value is not None and until > monotonic():
            return value
        end = monotonic() + self._ttl
        value = self._read(key)
        self._entries[key] = (end, value)
        return value

    def invalidate(self) -> None:
        """Ask anew next time."""
        self._entries = {}


def _resolve_all(tickets: PendingRequests[R, A], wanted: R, read: Callable[[R], A]) -> Exception | None:
    try:
        value = read(wanted)
    except Exception as error:
        for ticket in tickets:
            ticket.reject(error)
        return error
    for ticket in tickets:
        ticket.resolve(value)
    return None
