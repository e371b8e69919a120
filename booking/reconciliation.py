"""Reconciliation of waiting lists: a periodic task promotes guests into places that no change gave away."""

from __future__ import annotations

from dataclasses import dataclass

from booking.promotion import WaitlistPromotion
from booking.unit_of_work import UnitOfWork
from core.mongo.transactions import Session
from schedules.service import Schedules


@dataclass(frozen=True)
class ReconcileWaitlists:
    """Reconciles free places with waiting guests, for example after another cut-off in the schedule file."""

    unit_of_work: UnitOfWork
    schedules: Schedules
    promotion: WaitlistPromotion

    def execute(self) -> int:
        """Promote waiting guests into all free places; return the number of slots that had any."""
        slot_ids = [slot.id for slot in self.schedules.all_slots() if self.schedules.promotable_places(slot)]
        for slot_id in slot_ids:
            self._reconcile(slot_id)
        return len(slot_ids)

    def _reconcile(self, slot_id: str) -> None:
        def work(session: Session) -> None:
            self.promotion.execute(session, self.schedules.store.get(session, slot_id))

        self.unit_of_work.run(work)
        self.unit_of_work.publish(slot_id)
