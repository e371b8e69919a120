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


class Ticket(Generic[R, A]):
    """A request that waits for its answer."""

    __slots__ = ("_answer", "_error", "_trace", "_woken", "answered", "leads", "request")

    def __init__(self, request: R) -> None:
        """Begin unanswered."""
        self.request = request
        self.answered = False
        self.leads = False
        self._woken = threading.Event()
        self._answer: A | None = None
        self._error: BaseException | None = None
        self._trace: TracebackType | None = None

    def answer(self, value: A) -> None:
        """Give the waiting caller its answer; only the first answer or refusal counts."""
        if not self.answered:
            self._answer = value
            self._end()

    def refuse(self, error: BaseException) -> None:
        """Let the waiting caller raise `error`."""
        if not self.answered:
            self._error, self._trace = error, error.__traceback__
            self._end()

    def lead(self) -> None:
        """Wake the caller without an answer: it is its turn to work."""
        self.leads = True
        self._woken.set()

    def wait(self) -> None:
        """Sleep until answered or told to lead."""
        self._woken.wait()

    def result(self) -> A:
        """Return the answer or raise the refusal."""
        if self._error is not None:
            # Many callers may share one error: each raises it from where it was made, not from where others raised it.
            raise self._error.with_traceback(self._trace)
        return self._answer  # type: ignore[return-value]  # only asked once answered

    def _end(self) -> None:
        self.answered = True
        self._woken.set()


Tickets = Sequence[Ticket[R, A]]


class Combiner(Generic[R, A]):
    """Hands all waiting requests to `work` in one go, one round at a time, in order of arrival.

    `work(tickets)` answers or refuses tickets; those it leaves unanswered come first in the next round. An exception
    from `work` refuses every ticket of the round that has no answer yet.
    """

    def __init__(self, work: Callable[[Tickets[R, A]], None], *, most_waiting: int, most_at_once: int) -> None:
        """Bound the queue and the round; beyond `most_waiting` a request is refused at once."""
        self._work = work
        self._most_waiting = most_waiting
        self._most_at_once = most_at_once
        self._lock = threading.Lock()
        self._waiting: deque[Ticket[R, A]] = deque()
        self._busy = False

    def submit(self, request: R) -> A:
        """Return the answer to `request`; raises Unavailable when too many wait already."""
        ticket: Ticket[R, A] = Ticket(request)
        with self._lock:
            if len(self._waiting) >= self._most_waiting:
                raise Unavailable("Too many requests are waiting. Please try again in a moment.", retry_after=1)
            self._waiting.append(ticket)
            if not self._busy:
                self._busy = ticket.leads = True
        if not ticket.leads:
            ticket.wait()
        if ticket.leads:
            self._lead(ticket)
        return ticket.result()

    def _lead(self, own: Ticket[R, A]) -> None:
        try:
            while not own.answered:
                self._round()
        finally:
            self._hand_over()

    def _round(self) -> None:
        with self._lock:
            tickets = list(islice(self._waiting, self._most_at_once))
            for _ in tickets:
                self._waiting.popleft()
        try:
            self._work(tickets)
        except BaseException as error:
            # Whatever happened, nobody is left waiting for ever. The end of the process is not the others' error.
            known = error if isinstance(error, Exception) else Unavailable(retry_after=1)
            for ticket in tickets:
                ticket.refuse(known)
            if not isinstance(error, Exception):
                raise
        left = [ticket for ticket in tickets if not ticket.answered]
        with self._lock:
            self._waiting.extendleft(reversed(left))

    def _hand_over(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting[0].lead()
            else:
                self._busy = False


def shared_reads(
    read: Callable[[R], A], *, spoils: Callable[[Exception], bool] = lambda _: False, most_waiting: int = 10_000
) -> Callable[[R], A]:
    """Return `read` such that callers with one argument who wait at the same time share one call of it.

    The call an answer comes from always began after the request for it arrived, so everybody sees what was written
    before they asked. An error that `spoils` is raised for all who wait, whatever they asked for: what one read has
    waited for in vain is not waited for once more by each of the others.
    """

    def work(tickets: Tickets[R, A]) -> None:
        by_request: dict[R, list[Ticket[R, A]]] = {}
        for ticket in tickets:
            by_request.setdefault(ticket.request, []).append(ticket)
        for wanted, waiting in by_request.items():
            error = _read_for(waiting, wanted, read)
            if error is not None and spoils(error):
                raise error

    return Combiner(work, most_waiting=most_waiting, most_at_once=most_waiting).submit


class Recent(Generic[R, A]):
    """Answers from memory for `seconds` after a read began; those who find nothing there share one read.

    Only for what may be a moment old. `forget` empties the memory, for whoever knows that things have changed.
    """

    def __init__(self, read: Callable[[R], A], seconds: float) -> None:
        """Begin with nothing remembered."""
        self._read = shared_reads(read)
        self._seconds = seconds
        self._known: dict[R, tuple[float, A]] = {}

    def __call__(self, key: R) -> A:
        """Return what is known of `key`, read now if it is not recent."""
        until, value = self._known.get(key, (0.0, None))
        if value is not None and until > monotonic():
            return value
        end = monotonic() + self._seconds
        value = self._read(key)
        self._known[key] = (end, value)
        return value

    def forget(self) -> None:
        """Ask anew next time."""
        self._known = {}


def _read_for(tickets: Tickets[R, A], wanted: R, read: Callable[[R], A]) -> Exception | None:
    try:
        value = read(wanted)
    except Exception as error:
        for ticket in tickets:
            ticket.refuse(error)
        return error
    for ticket in tickets:
        ticket.answer(value)
    return None
