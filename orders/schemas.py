"""Schemas of orders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import marshmallow as ma

from core.clock import iso
from core.schema_fields import ClampedInteger, ParsedString, PatternString, TypedSchema
from core.web.problem_schema import ProblemSchema
from core.web.request_parser import QuerySchema
from events.money import Money
from orders.holds.schemas import MAX_LINES, CartLineSchema, HeldItemSchema, item_members
from orders.model import NewOrder, Order, QueuePosition, Refund, RefundState
from orders.tickets.model import Ticket, TicketState

MAX_PAGE = 1_000_000
MAX_PAGE_SIZE = 50


class VisibleAscii(ParsedString):
    """1 to 255 visible ASCII characters."""

    plain_pattern = r"[!-~]{1,255}"

    def parse(self, value: str) -> str:
        if not 1 <= len(value) <= 255 or not all("!" <= letter <= "~" for letter in value):
            raise ValueError("1 to 255 visible ASCII characters.")
        return value


class NewOrderSchema(TypedSchema):
    """A cart or a hold to be bought; `paymentToken` unless it is free."""

    result_type = NewOrder

    class Meta:
        unknown = ma.RAISE

    items = ma.fields.List(ma.fields.Nested(CartLineSchema), validate=ma.validate.Length(1, MAX_LINES))
    holdId = VisibleAscii(attribute="hold_id")
    paymentToken = VisibleAscii(attribute="payment_token", metadata={"example": "tok_approve"})

    @ma.validates_schema
    def one_source(self, values: dict[str, Any], **_: Any) -> None:
        """Refuse an order with items and a hold, or with neither."""
        if ("items" in values) == ("hold_id" in values):
            raise ma.ValidationError({"items": ["Give items or holdId."]})


class OrderKeyHeader(ma.Schema):
    """The header that makes repeating a request safe."""

    class Meta:
        unknown = ma.EXCLUDE

    key = PatternString(
        r"[\x21-\x7e]{1,255}",
        "7f3c9a10-55aa-4d2e-9a51-000000000001",
        error="1 to 255 visible ASCII characters.",
        data_key="Idempotency-Key",
        load_default=None,
    )


class OrdersQuery(QuerySchema):
    """A page of orders."""

    page = ClampedInteger(MAX_PAGE, load_default=1, metadata={"minimum": 1})
    limit = ClampedInteger(MAX_PAGE_SIZE, load_default=10, metadata={"minimum": 1})


class OrderTicketSchema(ma.Schema):
    """A ticket of an order."""

    code = ma.fields.String(metadata={"example": "3PFQ47-KXW9CD-7MN4TR"})
    tier = ma.fields.String()
    seat = ma.fields.String(allow_none=True)
    status = ma.fields.String()


class RefundSchema(ma.Schema):
    """The money that goes back."""

    status = ma.fields.String(metadata={"example": "succeeded"})
    amount = ma.fields.String(metadata={"example": "100.00"})


class OrderPaymentSchema(ma.Schema):
    """What the buyer's browser needs to confirm the payment; only in the answer to `POST /api/orders`."""

    clientSecret = ma.fields.String()


class QueueSchema(ma.Schema):
    """The order's position in the queue for the payment provider; the clock of its hold is stopped."""

    position = ma.fields.Integer(metadata={"example": 3})
    etaSeconds = ma.fields.Integer(metadata={"example": 2})


class OrderSchema(ma.Schema):
    """An order as its account sees it."""

    id = ma.fields.String()
    status = ma.fields.String(metadata={"example": "PAID"})
    currency = ma.fields.String(metadata={"example": "USD"})
    totalAmount = ma.fields.String(metadata={"example": "250.00"})
    items = ma.fields.List(ma.fields.Nested(HeldItemSchema))
    tickets = ma.fields.List(ma.fields.Nested(OrderTicketSchema))
    refund = ma.fields.Nested(RefundSchema, allow_none=True)
    holdUntil = ma.fields.String(metadata={"format": "date-time"})
    payment = ma.fields.Nested(OrderPaymentSchema)
    queue = ma.fields.Nested(QueueSchema)
    createdAt = ma.fields.String(metadata={"format": "date-time"})


class PageMetaSchema(ma.Schema):
    """Where a page is."""

    total = ma.fields.Integer()
    page = ma.fields.Integer()
    limit = ma.fields.Integer()
    totalPages = ma.fields.Integer()


class OrdersSchema(ma.Schema):
    """A page of orders, newest first."""

    data = ma.fields.List(ma.fields.Nested(OrderSchema))
    meta = ma.fields.Nested(PageMetaSchema)


class CancelProblemSchema(ProblemSchema):
    """The reason why an order cannot be cancelled."""

    checkedInAt = ma.fields.String(
        allow_none=True, metadata={"format": "date-time", "description": "With `already_checked_in`: its time."}
    )


def order_members(order: Order, tickets: Sequence[Ticket], queue: QueuePosition | None = None) -> dict[str, Any]:
    """Return the members of `OrderSchema`; `tickets` are all tickets of the order."""
    own = [ticket for ticket in tickets if _is_shown(order, ticket)]
    members: dict[str, Any] = {
        "id": order.id,
        "status": order.status,
        "currency": order.currency,
        "totalAmount": str(Money(order.total, order.currency)),
        "items": [item_members(item) for item in order.items],
        "tickets": [_ticket_members(ticket) for ticket in own],
        "refund": _refund_members(order.refunds, order.currency),
        "createdAt": iso(order.created_at),
    }
    if order.is_open:
        members["holdUntil"] = iso(order.hold_until)
    if queue:
        members["holdUntil"] = iso(queue.hold_until)
        members["queue"] = {"position": queue.position, "etaSeconds": queue.eta_seconds}
    return members


def _ticket_members(ticket: Ticket) -> dict[str, Any]:
    return {
        "code": ticket.code,
        "tier": ticket.tier,
        "seat": ticket.seat or None,
        "status": ticket.state.value,
    }


def _is_shown(order: Order, ticket: Ticket) -> bool:
    """Return whether the buyer still holds the ticket; the code of another holder is not shown."""
    return ticket.holder_id == order.account_id and ticket.state is not TicketState.TRANSFERRED


def _refund_members(refunds: Sequence[Refund], currency: str) -> dict[str, str] | None:
    if not refunds:
        return None
    states = {refund.state for refund in refunds}
    state = RefundState.SUCCEEDED
    for worse in (RefundState.FAILED, RefundState.PENDING):
        if worse in states:
            state = worse
    amount = Money(sum(refund.amount for refund in refunds), currency)
    return {"status": state.value, "amount": str(amount)}
