"""Group commit over the places of slots: one transaction writes the rows of all kinds of requests of a batch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from booking.create import NewBookingRows
from booking.errors import SlotFull
from booking.model import PendingBooking
from booking.promotion import WaitlistPromotion
from core.errors import DomainError
from core.mongo.transactions import Session
from inventory.admission import Shortage
from inventory.requests import Batch, Pending, StockChange, StockRequest, released_lines
from notifications.outbox.model import OutboxEmail
from notifications.outbox.service import Outbox
from schedules.errors import SlotClosed
from schedules.model import Slot
from schedules.service import Schedules


class ChangeRows(Protocol):
    """The rows of one kind of changes, told by the type of their detail."""

    def write(self, session: Session, requests: Sequence[Any]) -> list[OutboxEmail]:
        """Write the rows within the caller's transaction; return the e-mails to enqueue. May raise StaleRequest."""

    def refresh(self, batch: Sequence[Any]) -> None:
        """See `StockRecords.refresh`."""

    def answer_duplicates(self, batch: Sequence[Any]) -> None:
        """See `StockRecords.answer_duplicates`."""


@dataclass(frozen=True)
class SlotRecords:
    """The rows of all requests for places of slots.

    They are written in this order: new bookings, `releases` by type, promotion into released places, `after_promotion`
    by type. A guest who joins a waiting list, and a lowered capacity, so find the slot as it is after promotion.
    """

    schedules: Schedules
    outbox: Outbox
    new_bookings: NewBookingRows
    releases: Mapping[type, ChangeRows]
    after_promotion: Mapping[type, ChangeRows]
    promotion: WaitlistPromotion

    def stock_levels(self, stock_ids: Iterable[str]) -> Mapping[str, Slot]:
        """Return the majority-committed slots by id; creates missing ones."""
        return self.schedules.get_states(stock_ids)

    def write(self, session: Session, requests: Sequence[StockRequest[Any]]) -> None:
        """Write the rows, and the e-mails of all of them at once."""
        by_kind = _requests_by_kind(requests)
        emails: list[OutboxEmail] = []
        if PendingBooking in by_kind:
            emails += self.new_bookings.write(session, by_kind[PendingBooking])
        emails += _write(session, self.releases, by_kind)
        released = released_lines(requests)
        if released:
            emails += self.promotion.execute(session, released)
        emails += _write(session, self.after_promotion, by_kind)
        if emails:
            self.outbox.enqueue(session, emails)

    def refresh(self, batch: Batch) -> None:
        """Bring the changes up to date with their rows."""
        for kind, pending in _pending_by_kind(batch).items():
            if kind is not PendingBooking:
                self._rows(kind).refresh(pending)

    def answer_known_keys(self, batch: Batch) -> None:
        """Answer the bookings whose key is known with the first response, or with IdempotencyKeyReused."""
        self.new_bookings.answer_known_keys(_pending_by_kind(batch).get(PendingBooking, []))

    def answer_duplicates(self, batch: Batch) -> None:
        """Answer the requests that were committed before."""
        for kind, pending in _pending_by_kind(batch).items():
            rows = self.new_bookings if kind is PendingBooking else self._rows(kind)
            rows.answer_duplicates(pending)

    def renew_references(self, requests: Sequence[StockRequest[Any]]) -> bool:
        """Give the bookings whose reference is taken another one; return whether there were any."""
        return self.new_bookings.renew_references(_requests_by_kind(requests).get(PendingBooking, []))

    def refusal(self, shortage: Shortage) -> DomainError:
        """Return SlotClosed or SlotFull."""
        return SlotClosed() if shortage.closed else SlotFull()

    def after_commit(self) -> None:
        """Invalidate the cached alternatives and wake the delivery worker."""
        self.schedules.invalidate_alternatives()
        self.outbox.wake_worker()

    def _rows(self, kind: type) -> ChangeRows:
        if kind in self.releases:
            return self.releases[kind]
        return self.after_promotion[kind]


def _write(session: Session, rows: Mapping[type, ChangeRows], by_kind: Mapping[type, list[Any]]) -> list[OutboxEmail]:
    emails: list[OutboxEmail] = []
    for kind, rows_of_kind in rows.items():
        if kind in by_kind:
            emails += rows_of_kind.write(session, by_kind[kind])
    return emails


def _kind(request: StockRequest[Any]) -> type:
    return type(request.detail) if isinstance(request, StockChange) else type(request)


def _requests_by_kind(requests: Iterable[StockRequest[Any]]) -> dict[type, list[Any]]:
    kinds: dict[type, list[Any]] = {}
    for request in requests:
        kinds.setdefault(_kind(request), []).append(request)
    return kinds


def _pending_by_kind(batch: Collection[Pending]) -> dict[type, list[Any]]:
    kinds: dict[type, list[Any]] = {}
    for pending in batch:
        kinds.setdefault(_kind(pending.request), []).append(pending)
    return kinds
