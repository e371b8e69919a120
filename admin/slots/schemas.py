"""Schemas of the back office's slots."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from core.schema_fields import StrictBoolean
from core.web.request_parser import QuerySchema
from schedules.model import SlotChange
from schedules.schemas import SlotSchema


class SlotsQuery(QuerySchema):
    """Date of the slots; all slots without one."""

    date = ma.fields.String(load_default=None)


class SlotChangeSchema(ma.Schema):
    """Change of a slot; at least one member is required."""

    class Meta:
        unknown = ma.RAISE

    capacity = ma.fields.Integer(strict=True, validate=ma.validate.Range(0, 1_000_000_000))
    closed = StrictBoolean()

    @ma.validates_schema
    def not_empty(self, values: dict[str, Any], **_: Any) -> None:
        """Refuse an empty change."""
        if not values:
            raise ma.ValidationError({"capacity": ["Give capacity, closed, or both."]})

    @ma.post_load
    def to_change(self, values: dict[str, Any], **_: Any) -> SlotChange:
        return SlotChange(**values)


class AdminSlotSchema(SlotSchema):
    """A slot in the back office."""

    closed = ma.fields.Boolean()
    waiting = ma.fields.Integer()
    saved = ma.fields.Integer(metadata={"description": "Free places that only the waiting list gets."})
