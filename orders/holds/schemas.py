"""Schemas of carts and holds."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from core import text
from core.clock import iso
from core.schema_fields import ParsedString, TypedSchema
from core.web.problem_schema import ProblemSchema
from events.money import Money
from events.schemas import SeatLabel, require_distinct
from orders.holds.model import MAX_QUANTITY, CartLine, HeldItem, Hold, HoldKind

MAX_LINES = 20


class TierId(ParsedString):
    """The id of a tier: 10 to 100 visible ASCII characters."""

    plain_pattern = r"[!-~]{10,100}"

    def parse(self, value: str) -> str:
        value = text.strip_invisible(value)
        if not 10 <= len(value) <= 100 or not text.visible_ascii(value):
            raise ValueError("Not a tier's id.")
        return value


class Quantity(ma.fields.Integer):
    """A JSON number from 1 to MAX_QUANTITY; texts and booleans are refused."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=ma.validate.Range(1, MAX_QUANTITY), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ma.ValidationError("Not a valid integer.")
        return value


class CartLineSchema(TypedSchema):
    """Tickets of one tier: a quantity, or the seats of a numbered tier."""

    result_type = CartLine

    class Meta:
        unknown = ma.RAISE

    tierId = TierId(required=True, attribute="tier_id", metadata={"minLength": 10, "maxLength": 100})
    quantity = Quantity()
    seats = ma.fields.List(
        SeatLabel(),
        validate=[ma.validate.Length(1, MAX_QUANTITY), require_distinct],
        metadata={"example": ["A1", "A2"], "description": "Instead of `quantity`, for a numbered tier."},
    )

    @ma.validates_schema(skip_on_field_errors=False)
    def quantity_or_seats(self, values: dict[str, Any], **_: Any) -> None:
        """Refuse a line with both, or with neither."""
        if "quantity" in values and "seats" in values:
            raise ma.ValidationError({"seats": ["Give quantity or seats."]})

    @ma.validates_schema(skip_on_field_errors=True)
    def has_a_number_of_tickets(self, values: dict[str, Any], **_: Any) -> None:
        """Refuse a line without any number of tickets."""
        if "quantity" not in values and "seats" not in values:
            raise ma.ValidationError({"quantity": ["Missing data for required field."]})


class NewHoldSchema(ma.Schema):
    """A cart whose tickets are to be held."""

    class Meta:
        unknown = ma.RAISE

    items = ma.fields.List(ma.fields.Nested(CartLineSchema), required=True, validate=ma.validate.Length(1, MAX_LINES))


class HeldItemSchema(ma.Schema):
    """Tickets of one tier at the price that is frozen for this purchase."""

    tierId = ma.fields.String()
    tier = ma.fields.String(metadata={"example": "VIP"})
    name = ma.fields.String()
    eventId = ma.fields.String()
    quantity = ma.fields.Integer()
    priceAtPurchase = ma.fields.String(metadata={"example": "100.00"})
    seats = ma.fields.List(ma.fields.String())


class HoldSchema(ma.Schema):
    """A hold as its account sees it."""

    id = ma.fields.String()
    items = ma.fields.List(ma.fields.Nested(HeldItemSchema))
    totalAmount = ma.fields.String(metadata={"example": "250.00"})
    currency = ma.fields.String(metadata={"example": "USD"})
    expiresAt = ma.fields.String(metadata={"format": "date-time"})


class OwnHoldSchema(HoldSchema):
    """An active hold of the account: its cart, or an offer of a waiting list."""

    kind = ma.fields.String(metadata={"enum": [kind.value for kind in HoldKind]})


class OwnHoldsSchema(ma.Schema):
    """The active holds of the account, oldest first."""

    data = ma.fields.List(ma.fields.Nested(OwnHoldSchema))


class ShortStockProblemSchema(ProblemSchema):
    """The reason why a cart cannot be bought: what is left of a tier, or with `seat_taken` the seats that are taken."""

    tier = ma.fields.String(metadata={"example": "VIP"})
    tierId = ma.fields.String()
    requested = ma.fields.Integer()
    remaining = ma.fields.Integer()
    seats = ma.fields.List(ma.fields.String(), metadata={"example": ["A1"]})


def item_members(item: HeldItem) -> dict[str, Any]:
    """Return the members of `HeldItemSchema`."""
    return {
        "tierId": item.tier_id,
        "tier": item.code,
        "name": item.name,
        "eventId": item.event_id,
        "quantity": item.quantity,
        "priceAtPurchase": str(Money(item.price, item.currency)),
        "seats": list(item.seats),
    }


def hold_members(hold: Hold) -> dict[str, Any]:
    """Return the members of `HoldSchema`."""
    return {
        "id": hold.id,
        "items": [item_members(item) for item in hold.items],
        "totalAmount": str(Money(hold.total, hold.currency)),
        "currency": hold.currency,
        "expiresAt": iso(hold.expires_at),
    }


def own_hold_members(hold: Hold) -> dict[str, Any]:
    """Return the members of `OwnHoldSchema`."""
    return {**hold_members(hold), "kind": hold.kind.value}
