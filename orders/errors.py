"""Errors of ticket claims and orders."""

from __future__ import annotations

from core.errors import Conflict, Invalid, NotFound, PaymentRequired
from inventory.errors import InsufficientStock


class SoldOut(InsufficientStock):
    """This event is sold out."""

    code = "sold_out"


class OrderNotFound(NotFound):
    """Order not found."""

    code = "order_not_found"


class IdempotencyKeyRequired(Invalid):
    """An Idempotency-Key header is required."""

    code = "idempotency_key_required"


class RequestInProgress(Conflict):
    """The first request with this Idempotency-Key is still running. Please try again."""

    code = "request_in_progress"


class PaymentDeclined(PaymentRequired):
    """The payment was declined."""

    code = "payment_declined"

    def __init__(self, order_id: str, *, replayed: bool = False) -> None:
        """Name the declined order; `replayed` if an earlier request with the same key has placed it."""
        super().__init__(extra={"orderId": order_id})
        self.headers = {"Idempotency-Replayed": "true"} if replayed else {}


class PaymentTokenUnknown(Invalid):
    """The payment provider does not know this payment token."""

    code = "payment_token_unknown"


class OrderNotPaid(Conflict):
    """Only a paid order can be cancelled or refunded."""

    code = "order_not_paid"


class TooLateToCancel(Conflict):
    """The event has begun."""

    code = "too_late_to_cancel"


class TicketsTransferred(Conflict):
    """A ticket of this order belongs to another person by now, so the order cannot be cancelled."""

    code = "tickets_transferred"


class KeyExpired(Exception):
    """The idempotency key of a new order is that of an old one, and has expired: forget it, and try again."""


class OrderChanged(Exception):
    """Another transaction has changed the order; the decision must be made again."""
