"""Group commit over the places of slots: one transaction writes the rows of all kinds of requests of a batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from booking.booking_change import BookingChange
from booking.capacity import ChangeOfSlot
from booking.errors import SlotFull
from booking.reconciliation import reconciliation_of
from core.errors import DomainError
from inventory.admission import Shortage
from inventory.records import RecordsByKind
from inventory.requests import RowsOfKind, StockChange, StockRequest, claimed_lines, released_lines
from notifications.outbox.model import OutboxEmail
from notifications.outbox.service import Outbox
from schedules.errors import SlotClosed
from schedules.model import Slot
from schedules.service import Schedules
from waitlist.departure import Departure

SlotRows = RowsOfKind[OutboxEmail]


class SlotRecords(RecordsByKind[OutboxEmail]):
    """The rows of all requests for places of slots, by the type of a request or of its detail."""

    def __init__(self, schedules: Schedules, outbox: Outbox, rows: Mapping[type, SlotRows]) -> None:
        super().__init__(rows, _kind, outbox.enqueue)
        self._schedules = schedules
        self._outbox = outbox

    def stock_levels(self, stock_ids: Iterable[str]) -> Mapping[str, Slot]:
        """Return the majority-committed slots by id; creates missing ones."""
        return self._schedules.get_states(stock_ids)

    def _following(self, requests: Sequence[StockRequest[Any]]) -> Iterable[StockRequest[Any]]:
        """Return the reconciliations of released places, and of places saved for who left, with who waits."""
        released = released_lines(requests)
        for request in requests:
            if _kind(request) is Departure:
                released.update(dict.fromkeys(request.lines.keys() - released.keys(), 0))
        return [reconciliation_of(slot_id, count) for slot_id, count in released.items()]

    def refusal(self, shortage: Shortage) -> DomainError:
        """Return SlotClosed or SlotFull."""
        return SlotClosed() if shortage.closed else SlotFull.with_remaining(shortage.remaining)

    def after_commit(self, requests: Sequence[StockRequest[Any]]) -> None:
        """Bring the cached alternatives up to date and wake the delivery worker."""
        if any(_kind(request) is ChangeOfSlot for request in requests):
            self._schedules.invalidate_alternatives()
        self._schedules.claim_alternatives(claimed_lines(requests))
        self._outbox.wake_worker()


def _kind(request: StockRequest[Any]) -> type:
    if not isinstance(request, StockChange):
        return type(request)
    # Changes of bookings share their commands, whatever they change.
    return BookingChange if isinstance(request.detail, BookingChange) else type(request.detail)
