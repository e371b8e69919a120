"""Batcher: the requests that arrive during a batch share the next one, without a timer or a thread of its own.

A request that comes alone is processed at once by its own thread. Each batch is run by one of its requests, the leader.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from types import TracebackType
from typing import Generic, TypeVar

from core.errors import Unavailable

R = TypeVar("R")
A = TypeVar("A")


class PendingRequest(Generic[R, A]):
    """A request that waits for its answer, as a future does."""

    __slots__ = ("_error", "_trace", "_value", "_wait_lock", "done", "is_leader", "request")

    def __init__(self, request: R) -> None:
        self.request = request
        self.done = False
        self.is_leader = False
        # A locked lock: half as many calls as an event, of which each request would make one.
        self._wait_lock = threading.Lock()
        self._wait_lock.acquire()
        self._value: A | None = None
        self._error: BaseException | None = None
        self._trace: TracebackType | None = None

    def resolve(self, value: A) -> None:
        """Set the answer, unless there is one already."""
        if not self.done:
            self._value = value
            self._finish()

    def reject(self, error: BaseException) -> None:
        """Set the error that the caller raises, unless there is an answer already."""
        if not self.done:
            self._error = error
            self._trace = error.__traceback__
            self._finish()

    def become_leader(self) -> None:
        """Wake the caller without an answer, to run the next batch."""
        self.is_leader = True
        self._wait_lock.release()

    def wait(self) -> None:
        """Block until there is an answer or this request becomes the leader; only its own thread may wait."""
        self._wait_lock.acquire()

    def result(self) -> A:
        """Return the answer or raise the error; only valid when done."""
        if self._error is not None:
            # Callers may share one error object: each raises it with the traceback of its origin, not of the others.
            raise self._error.with_traceback(self._trace)
        return self._value  # type: ignore[return-value]  # set when done

    def _finish(self) -> None:
        self.done = True
        self._wait_lock.release()


PendingRequests = Sequence[PendingRequest[R, A]]


class Batcher(Generic[R, A]):
    """Passes all waiting requests to `process`, one batch at a time, in order of arrival.

    `process(batch)` resolves or rejects requests; those without an answer come first in the next batch. An exception
    from `process` rejects the requests of its batch that have no answer yet.
    """

    def __init__(self, process: Callable[[PendingRequests[R, A]], None], *, max_queue: int, max_batch: int) -> None:
        """Bound the queue, beyond which a request is refused at once, and the batch."""
        self._process = process
        self._max_queue = max_queue
        self._max_batch = max_batch
        self._lock = threading.Lock()
        self._queue: deque[PendingRequest[R, A]] = deque()
        self._busy = False

    def submit(self, request: R) -> A:
        """Return the answer to `request`; raises Unavailable if the queue is full."""
        own: PendingRequest[R, A] = PendingRequest(request)
        with self._lock:
            if len(self._queue) >= self._max_queue:
                raise Unavailable("Too many requests are waiting. Please try again in a moment.", retry_after=1)
            self._queue.append(own)
            if not self._busy:
                self._busy = own.is_leader = True
        if not own.is_leader:
            own.wait()
        if own.is_leader:
            try:
                while not own.done:
                    self._run_batch()
            finally:
                self._elect_next()
        return own.result()

    def _run_batch(self) -> None:
        with self._lock:
            batch = list(islice(self._queue, self._max_batch))
            for _ in batch:
                self._queue.popleft()
        try:
            self._process(batch)
        except BaseException as error:
            # No caller may wait forever. The end of the process is not the error of the other callers.
            known = error if isinstance(error, Exception) else Unavailable(retry_after=1)
            for pending in batch:
                pending.reject(known)
            if not isinstance(error, Exception):
                raise
        left = [pending for pending in batch if not pending.done]
        with self._lock:
            self._queue.extendleft(reversed(left))

    def _elect_next(self) -> None:
        with self._lock:
            if self._queue:
                self._queue[0].become_leader()
            else:
                self._busy = False
