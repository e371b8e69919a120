"""Webhook of the payment provider."""

from __future__ import annotations

from flask import request

from core.web import context
from core.web.endpoint import Blueprint, Endpoint
from orders.payments.schemas import PaymentAck
from orders.payments.webhook import PaymentWebhook

blueprint = Blueprint("payments", __name__, url_prefix="/api/payments", description="Events of the payment provider")
SIGNATURE = "Stripe-Signature"


@blueprint.post("/webhook")
@Endpoint(PaymentAck, error_statuses=(413,), raw_body=True)
def payment_event() -> dict[str, bool]:
    """Take a signed event of the payment provider; the answer comes after it is stored."""
    body = request.get_data(cache=False)
    context.get_service(PaymentWebhook).execute(body, request.headers.get(SIGNATURE, ""))
    return {"received": True}
