"""Slot endpoints of the back office."""

from __future__ import annotations

from admin.blueprint import blueprint
from admin.guards import current_admin
from admin.slots.schemas import AdminSlotSchema, SlotChangeSchema, SlotsQuery
from booking.capacity import ChangeSlot
from core.web import context
from core.web.endpoint import Endpoint
from schedules.model import Slot, SlotChange
from schedules.service import Schedules


@blueprint.get("/slots")
@Endpoint(
    AdminSlotSchema(many=True),
    query=SlotsQuery,
    error_statuses=(
        401,
        403,
    ),
    security="adminKey",
)
def slots(date: str | None) -> list[Slot]:
    """List the slots of a date, or all slots."""
    schedules = context.get_service(Schedules)
    return schedules.all_slots() if date is None else schedules.slots_on(date)


@blueprint.patch("/slots/<slot_id>")
@Endpoint(AdminSlotSchema, body=SlotChangeSchema, error_statuses=(401, 403, 404, 409, 413, 415), security="adminKey")
def change_slot(change: SlotChange, slot_id: str) -> Slot:
    """Change the capacity of a slot, or close it for booking."""
    return context.get_service(ChangeSlot).execute(slot_id, change, actor=current_admin())
