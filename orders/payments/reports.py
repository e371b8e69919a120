"""Reports of payment providers in webhooks, read from events in Stripe's form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from orders.payments.gateway import Payment, PaymentState

PAYMENT_STATES = {
    "payment_intent.succeeded": PaymentState.SUCCEEDED,
    "payment_intent.payment_failed": PaymentState.DECLINED,
    "payment_intent.canceled": PaymentState.DECLINED,
}
# The second one follows when an inquiry has become a dispute.
DISPUTE_TYPES = frozenset({"charge.dispute.created", "charge.dispute.funds_withdrawn"})
REFUND_TYPES = frozenset({"refund.updated", "refund.failed", "charge.refund.updated"})
FAILED_REFUNDS = frozenset({"failed", "canceled"})
MAX_ID = 255
MAX_AMOUNT = 2**53
# From an amount of the provider and its currency to minor units.
ToMinor = Callable[[int, str], int]


@dataclass(frozen=True)
class ChargeRefunded:
    """The refunded sum of a payment in minor units, also of refunds that were not made here."""

    order_id: str
    payment_id: str
    refunded: int


@dataclass(frozen=True)
class RefundFailed:
    """A refund that the provider had accepted failed; `refund_id` is ours."""

    order_id: str
    refund_id: str


@dataclass(frozen=True)
class PaymentDisputed:
    """The buyer's bank takes a payment back; several events may report one dispute."""

    dispute_id: str
    payment_id: str


@dataclass(frozen=True)
class DisputeWon:
    """The buyer's bank has given the money of a disputed payment back."""

    dispute_id: str
    payment_id: str


Report = Payment | ChargeRefunded | RefundFailed | PaymentDisputed | DisputeWon


@dataclass(frozen=True)
class ProviderEvent:
    """A report with the id of its event."""

    id: str
    report: Report


def read_event(event: Mapping[str, Any], to_minor: ToMinor) -> ProviderEvent | None:
    """Return the report of an event, or None for an unknown type; raises ValueError, KeyError or TypeError."""
    report = _report(event["type"], event["data"]["object"], to_minor)
    if report is None:
        return None
    return ProviderEvent(_id(event["id"]), report)


def _report(kind: str, fields: Mapping[str, Any], to_minor: ToMinor) -> Report | None:
    state = PAYMENT_STATES.get(kind)
    if state:
        return _payment(fields, state, to_minor)
    if kind == "charge.refunded":
        currency = _text(fields["currency"]).upper()
        refunded = to_minor(_amount(fields["amount_refunded"]), currency)
        return ChargeRefunded(_order_id(fields), _id(fields["payment_intent"]), refunded)
    if kind in REFUND_TYPES and fields["status"] in FAILED_REFUNDS:
        return RefundFailed(_order_id(fields), _id(fields["metadata"]["refundId"]))
    if kind in DISPUTE_TYPES and not _is_inquiry(fields):
        return PaymentDisputed(_id(fields["id"]), _id(fields["payment_intent"]))
    if kind == "charge.dispute.closed" and _text(fields["status"]) == "won":
        return DisputeWon(_id(fields["id"]), _id(fields["payment_intent"]))
    return None


def _is_inquiry(fields: Mapping[str, Any]) -> bool:
    """Return whether the buyer's bank only asks: no money is taken back yet."""
    return _text(fields.get("status", "")).startswith("warning_")


def _payment(fields: Mapping[str, Any], state: PaymentState, to_minor: ToMinor) -> Payment:
    currency = _text(fields["currency"]).upper()
    amount = fields["amount"]
    if state is PaymentState.SUCCEEDED:
        amount = fields.get("amount_received", amount)
    return Payment(
        id=_id(fields["id"]),
        order_id=_order_id(fields),
        amount=to_minor(_amount(amount), currency),
        currency=currency,
        state=state,
    )


def _order_id(fields: Mapping[str, Any]) -> str:
    return _id(fields["metadata"]["orderId"])


def _id(value: object) -> str:
    if isinstance(value, str) and value.isascii() and 0 < len(value) <= MAX_ID:
        return value
    raise ValueError("An id of an event is not usable.")


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise TypeError("A member of an event is no text.")


def _amount(value: object) -> int:
    if type(value) is int and 0 <= value <= MAX_AMOUNT:
        return value
    raise ValueError("An amount of an event is not usable.")
