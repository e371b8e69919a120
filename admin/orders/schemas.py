"""Schemas of the back office's orders."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from admin.schemas import MAX_PAGE_SIZE
from core.schema_fields import ClampedInteger, NormalizedString, VisibleString
from core.web.request_parser import QuerySchema
from orders.model import OPEN_STATES, PENDING, Order, OrderState
from orders.schemas import OrderSchema

MAX_PAGE = 1_000_000
MAX_CODES = 400
STATUSES = (PENDING, *(state.name for state in OrderState if state not in OPEN_STATES))


class OrderFilter(QuerySchema):
    """Filters of orders: the status as the API shows it, the buyer's e-mail address, an event."""

    status = ma.fields.String(validate=ma.validate.OneOf(STATUSES), load_default="")
    email = NormalizedString(str.lower, 254)
    eventId = NormalizedString(str, 100, attribute="event_id")


class AdminOrdersQuery(OrderFilter):
    """A page of orders."""

    page = ClampedInteger(MAX_PAGE, load_default=1, metadata={"minimum": 1})
    limit = ClampedInteger(MAX_PAGE_SIZE, load_default=15, metadata={"minimum": 1})


class PaymentSchema(ma.Schema):
    """The payment at the provider."""

    provider = ma.fields.String()
    id = ma.fields.String()


class AdminOrderSchema(OrderSchema):
    """An order in the back office."""

    name = ma.fields.String()
    email = ma.fields.String()
    payment = ma.fields.Nested(PaymentSchema, allow_none=True)
    flag = ma.fields.String()


class AdminOrdersSchema(ma.Schema):
    """A page of orders, newest first."""

    items = ma.fields.List(ma.fields.Nested(AdminOrderSchema))
    total = ma.fields.Integer()
    page = ma.fields.Integer()
    limit = ma.fields.Integer()
    totalPages = ma.fields.Integer()


class RefundTicketsSchema(ma.Schema):
    """The codes of the tickets to be refunded."""

    class Meta:
        unknown = ma.RAISE

    tickets = ma.fields.List(
        VisibleString(validate=ma.validate.Length(1, 100)), required=True, validate=ma.validate.Length(1, MAX_CODES)
    )


def mongo_filter(status: str, email: str, event_id: str) -> dict[str, Any]:
    """Return the filter of the store."""
    wanted: dict[str, Any] = {}
    if status == PENDING:
        wanted["open"] = True
    elif status:
        wanted["state"] = OrderState[status].value
    if email:
        wanted["email"] = email
    if event_id:
        wanted["items.eventId"] = event_id
    return wanted


def admin_members(order: Order) -> dict[str, Any]:
    """Return the members that only the back office sees."""
    payment = {"provider": order.provider, "id": order.payment_id} if order.payment_id else None
    return {"name": order.name, "email": order.email, "payment": payment, "flag": order.flag}
