"""Schemas of the back office's reservations."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from accounts.model import Account
from admin.schemas import MAX_PAGE_SIZE
from core.schema_fields import ClampedInteger
from core.web.request_parser import QuerySchema
from orders.reservations.model import Reservation
from orders.reservations.schemas import ReservationSchema, own_members

MAX_PAGE = 1_000_000


class ReservationsQuery(QuerySchema):
    """The page of an event's reservations."""

    page = ClampedInteger(MAX_PAGE, load_default=1, metadata={"minimum": 1})
    limit = ClampedInteger(MAX_PAGE_SIZE, load_default=15, metadata={"minimum": 1})


class AdminReservationSchema(ReservationSchema):
    """A reservation with the name and address of its account, both null once that is deleted."""

    class Meta:
        exclude = ("event",)

    name = ma.fields.String(allow_none=True)
    email = ma.fields.String(allow_none=True)


class AdminReservationsSchema(ma.Schema):
    """A page of an event's reservations, newest first."""

    items = ma.fields.List(ma.fields.Nested(AdminReservationSchema))
    total = ma.fields.Integer()
    page = ma.fields.Integer()
    limit = ma.fields.Integer()
    totalPages = ma.fields.Integer()


def admin_members(reservation: Reservation, account: Account | None) -> dict[str, Any]:
    """Return the JSON members of a reservation with those of its account."""
    members = {**own_members(reservation), "name": None, "email": None}
    if account:
        members |= {"name": account.name, "email": account.email}
    return members
