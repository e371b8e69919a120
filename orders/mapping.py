"""Stored form of orders, and of the items and the stock lines of orders and holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from core.mongo.client import Document
from orders.holds.model import HeldItem
from orders.model import Dispute, Order, OrderKey, OrderState, Refund, RefundState


def line_documents(lines: Mapping[str, int]) -> list[Document]:
    """Return counts by stock id as pairs, because a stock id is not a field name."""
    return [{"stockId": stock_id, "count": count} for stock_id, count in lines.items()]


def item_document(item: HeldItem) -> Document:
    """Return the stored form of an item."""
    return {
        "eventId": item.event_id,
        "tierId": item.tier_id,
        "code": item.code,
        "name": item.name,
        "quantity": item.quantity,
        "price": item.price,
        "currency": item.currency,
        "seats": list(item.seats),
    }


def item_of(row: dict[str, Any]) -> HeldItem:
    """Return the item of its stored form."""
    return HeldItem(
        event_id=row["eventId"],
        tier_id=row["tierId"],
        code=row["code"],
        name=row["name"],
        quantity=row["quantity"],
        price=row["price"],
        currency=row["currency"],
        seats=row["seats"],
    )


def order_document(order: Order) -> Document:
    """Return the stored form of an order. `refundDueAt` is when the first of its pending refunds is tried."""
    pending = [refund.due_at for refund in order.refunds if refund.state is RefundState.PENDING]
    return {
        "_id": order.id,
        "accountId": order.account_id,
        "name": order.name,
        "email": order.email,
        "language": order.language,
        "items": [item_document(item) for item in order.items],
        "lines": line_documents(order.lines),
        "currency": order.currency,
        "total": order.total,
        "state": order.state.value,
        "open": order.is_open,
        "createdAt": order.created_at,
        "holdUntil": order.hold_until,
        "busyUntil": order.busy_until,
        "queuedAt": order.queued_at,
        "waitedMs": order.waited // timedelta(milliseconds=1),
        "version": order.version,
        "key": _key_document(order.key),
        "holdId": order.hold_id,
        "paymentMethod": order.payment_method,
        "provider": order.provider,
        "paymentId": order.payment_id,
        "unconfirmedPaymentId": order.unconfirmed_payment_id,
        "consentedPaymentId": order.consented_payment_id,
        "paidAt": order.paid_at,
        "changedAt": order.changed_at,
        "refunds": [_refund_document(refund) for refund in order.refunds],
        "refundDueAt": min(pending, default=None),
        "disputes": [_dispute_document(dispute) for dispute in order.disputes],
        "flag": order.flag,
    }


def _key_document(key: OrderKey | None) -> Document | None:
    if key is None:
        return None
    return {"id": key.id, "fingerprint": key.fingerprint, "expiresAt": key.expires_at}


def _refund_document(refund: Refund) -> Document:
    return {
        "id": refund.id,
        "paymentId": refund.payment_id,
        "amount": refund.amount,
        "state": refund.state.value,
        "dueAt": refund.due_at,
        "attempts": refund.attempts,
        "failures": refund.failures,
    }


def _dispute_document(dispute: Dispute) -> Document:
    return {
        "id": dispute.id,
        "paymentId": dispute.payment_id,
        "won": dispute.is_won,
        "settled": dispute.is_settled,
        "voided": list(dispute.voided),
    }


def order_of(document: Document) -> Order:
    """Return the order of its stored form."""
    key = document["key"]
    return Order(
        id=document["_id"],
        account_id=document["accountId"],
        name=document["name"],
        email=document["email"],
        language=document["language"],
        items=[item_of(row) for row in document["items"]],
        lines={row["stockId"]: row["count"] for row in document["lines"]},
        currency=document["currency"],
        total=document["total"],
        state=OrderState(document["state"]),
        created_at=document["createdAt"],
        hold_until=document["holdUntil"],
        busy_until=document["busyUntil"],
        queued_at=document.get("queuedAt"),
        waited=timedelta(milliseconds=document.get("waitedMs", 0)),
        version=document["version"],
        key=OrderKey(key["id"], key["fingerprint"], key["expiresAt"]) if key else None,
        hold_id=document["holdId"],
        payment_method=document["paymentMethod"],
        provider=document["provider"],
        payment_id=document["paymentId"],
        unconfirmed_payment_id=document.get("unconfirmedPaymentId", ""),
        consented_payment_id=document.get("consentedPaymentId", ""),
        paid_at=document["paidAt"],
        changed_at=document["changedAt"],
        refunds=[_refund(row) for row in document["refunds"]],
        disputes=[_dispute(row) for row in document.get("disputes", ())],
        flag=document["flag"],
    )


def _refund(row: Document) -> Refund:
    return Refund(
        id=row["id"],
        payment_id=row["paymentId"],
        amount=row["amount"],
        state=RefundState(row["state"]),
        due_at=row["dueAt"],
        attempts=row["attempts"],
        failures=row.get("failures", 0),
    )


def _dispute(row: Document) -> Dispute:
    return Dispute(
        id=row["id"],
        payment_id=row["paymentId"],
        is_won=row["won"],
        is_settled=row["settled"],
        voided=row["voided"],
    )
