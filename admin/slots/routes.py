"""Slot endpoints of the back office."""

from __future__ import annotations

import orjson

from admin.blueprint import blueprint
from admin.guards import current_admin
from admin.slots.schemas import AdminSlotSchema, SlotChangeSchema, SlotsQuery
from booking.capacity import ChangeSlot
from core.web import context
from core.web.answer import Answer
from core.web.endpoint import Endpoint
from schedules.model import Slot, SlotChange
from schedules.service import Schedules

SLOTS = AdminSlotSchema(many=True)


@blueprint.get("/slots")
@Endpoint(
    SLOTS,
    query=SlotsQuery,
    error_statuses=(
        401,
        403,
    ),
    security="adminKey",
)
def slots(date: str | None) -> list[Slot] | Answer:
    """List the slots of a date, or all slots."""
    schedules = context.get_service(Schedules)
    if date is not None:
        return schedules.slots_on(date)
    # Each month is encoded before the next one is read, so that few of the slots of a long schedule are in memory.
    months = [orjson.dumps(SLOTS.dump(slots))[1:-1] for slots in schedules.occupancy.by_month()]
    return Answer(200, b"[" + b",".join(months) + b"]")


@blueprint.patch("/slots/<slot_id>")
@Endpoint(AdminSlotSchema, body=SlotChangeSchema, error_statuses=(401, 403, 404, 409, 413, 415), security="adminKey")
def change_slot(change: SlotChange, slot_id: str) -> Slot:
    """Change the capacity of a slot, or close it for booking."""
    return context.get_service(ChangeSlot).execute(slot_id, change, actor=current_admin())
