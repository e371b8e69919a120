"""Flags of orders whose payment at the provider differs; the back office resolves them."""

from __future__ import annotations

from core import log, metrics
from orders.model import Order
from orders.order_change import OrderChange, changed

LOG = log.get_logger("orders")
AMOUNT_MISMATCH = "amount_mismatch"
REFUNDED_AT_PROVIDER = "refunded_at_provider"
REFUND_MISSING = "refund_missing"
PAYMENT_MISSING = "payment_missing"
DISPUTED = "disputed"
DISPUTE_WON = "dispute_won"
REFUND_FAILED = "refund_failed"
UNKNOWN_ORDER = "unknown_order"


def report(kind: str, order_id: str) -> None:
    """Log and count a difference between an order and its payment."""
    LOG.error("payment_difference", kind=kind, order=order_id)
    metrics.PAYMENT_DIFFERENCES.labels(kind).inc()


def flagged(order: Order, flag: str) -> OrderChange | None:
    """Return the change that flags an order, or None if it has a flag already."""
    if order.flag:
        return None
    return OrderChange(before=order, after=changed(order, flag=flag))
