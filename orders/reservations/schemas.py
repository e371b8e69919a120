"""Schemas of reservations, which the API calls bookings of events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import marshmallow as ma

from core.clock import iso
from core.schema_fields import PatternString, TypedSchema
from core.web.request_parser import QuerySchema
from events.model import Event
from events.schemas import EventSchema, event_members
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


class ReservationSchema(ma.Schema):
    """A reservation; `seat` is there if the tier is numbered. The counts of its event are at most a second old."""

    id = ma.fields.String()
    userId = ma.fields.String()
    eventId = ma.fields.String()
    status = ma.fields.String(metadata={"enum": [status.value for status in ReservationStatus]})
    createdAt = ma.fields.String(metadata={"format": "date-time"})
    updatedAt = ma.fields.String(metadata={"format": "date-time"})
    seat = ma.fields.String()
    event = ma.fields.Nested(EventSchema)


def reservation_members(reservation: Reservation, event: Event) -> dict[str, Any]:
    """Return the JSON members of a reservation with its event."""
    members = own_members(reservation)
    members["event"] = event_members(event)
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
