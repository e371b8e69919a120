"""Change of a slot's capacity or closing through the group commit; free places go to the waiting list at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit.service import Audit
from booking.promotion import WaitlistPromotion
from core.errors import Conflict
from core.mongo.transactions import Session
from inventory.group_commit import GroupCommit
from inventory.requests import RowsOfKind, StockChange
from notifications.outbox.model import OutboxEmail
from schedules.model import Slot, SlotChange
from schedules.service import Schedules


@dataclass(frozen=True)
class ChangeOfSlot:
    """Changes a slot; `actor` is the label of the admin's key."""

    slot_id: str
    change: SlotChange
    actor: str


Request = StockChange[ChangeOfSlot, Slot]


@dataclass(frozen=True)
class ChangeSlot:
    """Changes slots."""

    group_commit: GroupCommit
    schedules: Schedules

    def execute(self, slot_id: str, change: SlotChange, actor: str) -> Slot:
        """Change a slot; return it after promotion. Raises SlotNotFound or CapacityBelowBooked; then nothing changed.

        `actor` is the label of the admin's key.
        """
        planned = self.schedules.get_plan(slot_id)
        self.schedules.get_states([planned.id])  # creates the slot if it is missing
        request: Request = StockChange(ChangeOfSlot(slot_id, change, actor), {slot_id: 0})
        return self.group_commit.submit(request)


@dataclass(frozen=True)
class ChangeOfSlotRows(RowsOfKind[OutboxEmail]):
    """The rows of changed slots: slot, audit, bookings by promotion."""

    schedules: Schedules
    audit: Audit
    promotion: WaitlistPromotion

    def write(self, session: Session, requests: Sequence[Request]) -> list[OutboxEmail]:
        """Change the slots one by one; return the e-mails to enqueue."""
        emails: list[OutboxEmail] = []
        for request in requests:
            try:
                emails += self._write(session, request)
            except Conflict as error:
                request.outcome = error
        return emails

    def _write(self, session: Session, request: Request) -> list[OutboxEmail]:
        wanted = request.detail
        slots = self.schedules.store
        before = slots.get(session, wanted.slot_id)
        after = slots.update(session, wanted.slot_id, wanted.change)
        if _settings(before) != _settings(after):
            self.audit.record(
                session, wanted.actor, "slot.changed", wanted.slot_id, _settings(before), _settings(after)
            )
        added = max(0, after.capacity - before.capacity)
        emails = self.promotion.execute(session, {wanted.slot_id: added})
        request.outcome = slots.get(session, wanted.slot_id)
        return emails


def _settings(slot: Slot) -> Mapping[str, Any]:
    return {"capacity": slot.capacity, "closed": slot.closed}
