"""Reconciliation of waiting lists: a periodic task promotes guests into places that no change gave away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from booking.promotion import WaitlistPromotion
from core.mongo.transactions import Session
from inventory.group_commit import GroupCommit
from inventory.requests import RowsOfKind, StockChange
from notifications.outbox.model import OutboxEmail
from schedules.service import Schedules


@dataclass(frozen=True)
class Reconciliation:
    """Reconciles the free places of a slot with the guests who wait for it."""

    slot_id: str


Request = StockChange[Reconciliation, None]


def reconciliation_of(slot_id: str) -> Request:
    """Return the request to promote the guests who wait for a slot with free places."""
    return StockChange(Reconciliation(slot_id), {slot_id: 0})


@dataclass(frozen=True)
class ReconcileWaitlists:
    """Reconciles free places with waiting guests, for example after another cut-off in the schedule file."""

    group_commit: GroupCommit
    schedules: Schedules

    def execute(self) -> int:
        """Promote waiting guests into all free places; return the number of slots that had any."""
        slot_ids = [slot.id for slot in self.schedules.all_slots() if self.schedules.promotable_places(slot)]
        for slot_id in slot_ids:
            self.group_commit.submit(reconciliation_of(slot_id))
        return len(slot_ids)


@dataclass(frozen=True)
class ReconciliationRows(RowsOfKind[OutboxEmail]):
    """The rows of reconciliations: bookings by promotion."""

    promotion: WaitlistPromotion

    def write(self, session: Session, requests: Sequence[Request]) -> list[OutboxEmail]:
        """Promote guests; return the e-mails to enqueue."""
        return self.promotion.execute(session, [request.detail.slot_id for request in requests])
