"""Change of a slot's capacity or closing. Places that it frees go to the waiting list in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from booking.promotion import WaitlistPromotion
from booking.unit_of_work import Action, UnitOfWork
from core.mongo.transactions import Session
from schedules.model import Slot, SlotChange
from schedules.service import Schedules


@dataclass(frozen=True)
class ChangeSlot:
    """Changes slots."""

    unit_of_work: UnitOfWork
    schedules: Schedules
    promotion: WaitlistPromotion

    def execute(self, slot_id: str, change: SlotChange, actor: str) -> Slot:
        """Change a slot; return it after promotion. Raises SlotNotFound or CapacityBelowBooked; then nothing changed.

        `actor` is the label of the admin's key.
        """
        self.schedules.get_states([self.schedules.get_plan(slot_id).id])
        changed = self.unit_of_work.run(lambda session: self._change(session, slot_id, change, actor))
        self.unit_of_work.publish(slot_id)
        return changed

    def _change(self, session: Session, slot_id: str, change: SlotChange, actor: str) -> Slot:
        before = self.schedules.store.get(session, slot_id)
        after = self.schedules.store.update(session, slot_id, change)
        if _settings(before) != _settings(after):
            action = Action(actor, "slot.changed", slot_id)
            self.unit_of_work.record(session, action, _settings(before), _settings(after))
        return self.promotion.execute(session, after)


def _settings(slot: Slot) -> Mapping[str, Any]:
    return {"capacity": slot.capacity, "closed": slot.closed}
