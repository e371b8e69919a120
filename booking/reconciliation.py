"""Reconciliation of waiting lists: a periodic task promotes guests into places that no change gave away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from booking.promotion import WaitlistPromotion
from booking.waitlist_order import WaitlistOrder
from core.mongo.transactions import Session
from inventory.group_commit import GroupCommit
from inventory.requests import RowsOfKind, StockChange
from notifications.outbox.model import OutboxEmail
from schedules.service import Schedules


@dataclass(frozen=True)
class Reconciliation:
    """Reconciles the free places of a slot with the guests who wait for it."""

    slot_id: str
    # The places that the same transaction has released.
    released: int = 0


Request = StockChange[Reconciliation, None]


def reconciliation_of(slot_id: str, released: int = 0) -> Request:
    """Return the request to promote the guests who wait for a slot with free places."""
    return StockChange(Reconciliation(slot_id, released), {slot_id: 0})


@dataclass(frozen=True)
class ReconcileWaitlists:
    """Reconciles free places with waiting guests, for example after another cut-off in the schedule file."""

    group_commit: GroupCommit
    schedules: Schedules
    order: WaitlistOrder

    def execute(self) -> int:
        """Promote waiting guests into all free places; return the number of slots that had some for them."""
        slot_ids: list[str] = []
        for slots in self.schedules.occupancy.by_month():
            slot_ids += [slot.id for slot in slots if self.order.is_due(slot)]
        for slot_id in slot_ids:
            self.group_commit.submit(reconciliation_of(slot_id))
        return len(slot_ids)


@dataclass(frozen=True)
class ReconciliationRows(RowsOfKind[OutboxEmail]):
    """The rows of reconciliations: bookings by promotion."""

    promotion: WaitlistPromotion

    def write(self, session: Session, requests: Sequence[Request]) -> list[OutboxEmail]:
        """Promote guests; return the e-mails to enqueue."""
        released: Counter[str] = Counter()
        for request in requests:
            released[request.detail.slot_id] += request.detail.released
        return self.promotion.execute(session, released)
