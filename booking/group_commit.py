"""Group commit over the places of slots: one transaction writes the rows of all kinds of requests of a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from booking.booking_change import BookingChange
from booking.capacity import ChangeOfSlot
from booking.errors import SlotFull
from booking.reconciliation import reconciliation_of
from core.errors import DomainError
from core.mongo.transactions import Session
from inventory.admission import Shortage
from inventory.requests import Batch, Pending, RowsOfKind, StockChange, StockRequest, claimed_lines, released_lines
from notifications.outbox.model import OutboxEmail
from notifications.outbox.service import Outbox
from schedules.errors import SlotClosed
from schedules.model import Slot
from schedules.service import Schedules

T = TypeVar("T")
SlotRows = RowsOfKind[OutboxEmail]


@dataclass(frozen=True)
class SlotRecords:
    """The rows of all requests for places of slots.

    `rows` are by kind, which is the type of a request or of its detail, in the order in which they are written.
    """

    schedules: Schedules
    outbox: Outbox
    rows: Mapping[type, SlotRows]

    def stock_levels(self, stock_ids: Iterable[str]) -> Mapping[str, Slot]:
        """Return the majority-committed slots by id; creates missing ones."""
        return self.schedules.get_states(stock_ids)

    def write(self, session: Session, requests: Sequence[StockRequest[Any]]) -> None:
        """Write the rows, and the e-mails of all of them at once. Released places are reconciled with who waits."""
        by_kind = _by_kind([*requests, *map(reconciliation_of, released_lines(requests))], _kind)
        emails: list[OutboxEmail] = []
        for kind, rows in self.rows.items():
            if kind in by_kind:
                emails += rows.write(session, by_kind[kind])
        if emails:
            self.outbox.enqueue(session, emails)

    def refresh(self, batch: Batch) -> None:
        """Bring the requests up to date with their rows."""
        for kind, pending in _by_kind(batch, _kind_of_pending).items():
            self.rows[kind].refresh(pending)

    def answer_known_keys(self, batch: Batch) -> None:
        """Answer the requests whose key is known with the first response, or with IdempotencyKeyReused."""
        for kind, pending in _by_kind(batch, _kind_of_pending).items():
            self.rows[kind].answer_known_keys(pending)

    def answer_duplicates(self, batch: Batch) -> None:
        """Answer the requests that were committed before."""
        for kind, pending in _by_kind(batch, _kind_of_pending).items():
            self.rows[kind].answer_duplicates(pending)

    def renew_references(self, requests: Sequence[StockRequest[Any]]) -> bool:
        """Give the bookings whose reference is taken another one; return whether there were any."""
        by_kind = _by_kind(requests, _kind)
        renewed = [self.rows[kind].renew_references(of_kind) for kind, of_kind in by_kind.items()]
        return any(renewed)

    def refusal(self, shortage: Shortage) -> DomainError:
        """Return SlotClosed or SlotFull."""
        return SlotClosed() if shortage.closed else SlotFull()

    def after_commit(self, requests: Sequence[StockRequest[Any]]) -> None:
        """Bring the cached alternatives up to date and wake the delivery worker."""
        if any(_kind(request) is ChangeOfSlot for request in requests):
            self.schedules.invalidate_alternatives()
        self.schedules.claim_alternatives(claimed_lines(requests))
        self.outbox.wake_worker()


def _kind(request: StockRequest[Any]) -> type:
    if not isinstance(request, StockChange):
        return type(request)
    # Changes of bookings share their commands, whatever they change.
    return BookingChange if isinstance(request.detail, BookingChange) else type(request.detail)


def _kind_of_pending(pending: Pending) -> type:
    return _kind(pending.request)


def _by_kind(items: Iterable[T], kind_of: Callable[[T], type]) -> dict[type, list[T]]:
    kinds: dict[type, list[T]] = {}
    for item in items:
        kinds.setdefault(kind_of(item), []).append(item)
    return kinds
