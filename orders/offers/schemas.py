"""Schemas of the waiting lists of tiers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import marshmallow as ma

from core.schema_fields import TypedSchema
from orders.offers.model import MAX_WANTED


@dataclass(frozen=True)
class NewTierEntry:
    """A request to wait for tickets of a tier."""

    quantity: int


class WantedQuantity(ma.fields.Integer):
    """A JSON number from 1 to MAX_WANTED; texts and booleans are refused."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=ma.validate.Range(1, MAX_WANTED), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ma.ValidationError("Not a valid integer.")
        return value


class NewTierEntrySchema(TypedSchema):
    """A request to wait for tickets of a tier."""

    result_type = NewTierEntry

    class Meta:
        unknown = ma.RAISE

    quantity = WantedQuantity(load_default=1)


class TierPositionSchema(ma.Schema):
    """The position of an account in the waiting list, from 1."""

    position = ma.fields.Integer()
