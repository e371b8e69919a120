"""Schemas of reservations, which the API calls bookings of events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import marshmallow as ma

from core.clock import iso
from core.schema_fields import PatternString, TypedSchema
from core.web.request_parser import QuerySchema
from events.model import Event, Tier
from events.money import Money
from orders.reservations.model import Reservation, ReservationStatus

ALL = "all"
MAX_ID = 100


@dataclass(frozen=True)
class NewReservation:
    """A request to reserve a ticket of an event."""

    event_id: str


class NewReservationSchema(TypedSchema):
    """The event of which a ticket is reserved."""

    result_type = NewReservation

    class Meta:
        unknown = ma.RAISE

    eventId = PatternString(
        rf"[!-~]{{1,{MAX_ID}}}",
        "019a3c5e7d1f4b2a9c8e6d5f4a3b2c1d",
        error="Must be the id of an event.",
        required=True,
        attribute="event_id",
    )


class ReservationsQuery(QuerySchema):
    """The state of the reservations to list."""

    status = PatternString(
        "(?:CONFIRMED|CANCELLED|all)",
        ReservationStatus.CONFIRMED.value,
        error="Must be CONFIRMED, CANCELLED or all.",
        load_default=ReservationStatus.CONFIRMED.value,
    )


class ReservedTierSchema(ma.Schema):
    """A tier of the event."""

    id = ma.fields.String()
    code = ma.fields.String()
    name = ma.fields.String()
    price = ma.fields.String()
    capacity = ma.fields.Integer()
    remaining = ma.fields.Integer()


class ReservedEventSchema(ma.Schema):
    """The event of a reservation; the counts are at most a second old."""

    id = ma.fields.String()
    title = ma.fields.String()
    description = ma.fields.String()
    date = ma.fields.String(metadata={"format": "date-time"})
    venue = ma.fields.String()
    currency = ma.fields.String()
    status = ma.fields.String()
    price = ma.fields.String()
    totalTickets = ma.fields.Integer()
    remainingTickets = ma.fields.Integer()
    tiers = ma.fields.List(ma.fields.Nested(ReservedTierSchema))


class ReservationSchema(ma.Schema):
    """A reservation; `seat` is there if the tier is numbered."""

    id = ma.fields.String()
    userId = ma.fields.String()
    eventId = ma.fields.String()
    status = ma.fields.String(metadata={"enum": [status.value for status in ReservationStatus]})
    createdAt = ma.fields.String(metadata={"format": "date-time"})
    updatedAt = ma.fields.String(metadata={"format": "date-time"})
    seat = ma.fields.String()
    event = ma.fields.Nested(ReservedEventSchema)


def reservation_members(reservation: Reservation, event: Event) -> dict[str, Any]:
    """Return the JSON members of a reservation with its event."""
    members = own_members(reservation)
    members["event"] = _event_members(event)
    return members


def own_members(reservation: Reservation) -> dict[str, Any]:
    """Return the JSON members of a reservation without its event."""
    members = {
        "id": reservation.id,
        "userId": reservation.account_id,
        "eventId": reservation.event_id,
        "status": reservation.status.value,
        "createdAt": iso(reservation.created_at),
        "updatedAt": iso(reservation.updated_at),
    }
    if reservation.seat:
        members["seat"] = reservation.seat
    return members


def _event_members(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "title": event.title,
        "description": event.description,
        "date": iso(event.date),
        "venue": event.venue,
        "currency": event.currency,
        "status": event.status.value,
        "price": str(Money(event.tiers[0].price, event.currency)),
        "totalTickets": event.capacity,
        "remainingTickets": event.remaining,
        "tiers": [_tier_members(event, tier) for tier in event.tiers],
    }


def _tier_members(event: Event, tier: Tier) -> dict[str, Any]:
    return {
        "id": tier.id,
        "code": tier.code,
        "name": tier.name,
        "price": str(Money(tier.price, event.currency)),
        "capacity": tier.capacity,
        "remaining": event.remaining_of(tier),
    }
