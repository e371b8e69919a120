"""Stripe as a payment provider: PaymentIntents that are confirmed at creation, through Stripe's SDK."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import stripe

from core import log
from orders.payments.gateway import (
    Charge,
    Payment,
    PaymentState,
    PaymentThrottled,
    PaymentUnanswered,
    Repayment,
    RepaymentFailed,
    RepaymentRefused,
)
from orders.payments.stripe_amounts import AmountNotPayable, from_stripe, to_stripe
from orders.payments.stripe_http import build_http_client

LOG = log.get_logger("orders.payments")
# The SDK imports a class at its first use: here, so that the first payment does not wait for it.
RESOURCES = (stripe.PaymentIntent, stripe.Refund)
PAYMENT_METHOD = re.compile(r"pm_[A-Za-z0-9_]{1,250}", re.ASCII)
STATES = {
    "succeeded": PaymentState.SUCCEEDED,
    "requires_action": PaymentState.ACTION_REQUIRED,
    "requires_payment_method": PaymentState.DECLINED,
    "canceled": PaymentState.DECLINED,
}
# Of several payments of an order the first of these counts.
PREFERENCE = (
    PaymentState.SUCCEEDED,
    PaymentState.PROCESSING,
    PaymentState.ACTION_REQUIRED,
    PaymentState.DECLINED,
)
PAGE = 100
DEFAULT_PAUSE = 1.0
LONGEST_PAUSE = 60.0


def build_client(api_key: str, api_base: str, timeout: float) -> stripe.StripeClient:
    """Return a client that never repeats a request; all threads share its connections."""
    return stripe.StripeClient(
        api_key,
        base_addresses={"api": api_base},
        http_client=build_http_client(api_base, timeout),
        max_network_retries=0,
    )


@dataclass(frozen=True)
class StripeGateway:
    """Implements `Gateway`. A payment token is the id of a PaymentMethod."""

    client: stripe.StripeClient

    @property
    def name(self) -> str:
        return "stripe"

    def accepts(self, token: str) -> bool:
        """Return whether it has the form of a PaymentMethod's id."""
        return PAYMENT_METHOD.fullmatch(token) is not None

    def authorise(self, charge: Charge) -> Payment:
        """Create and confirm a PaymentIntent; a request that Stripe refuses is a declined payment."""
        try:
            with _provider_errors():
                return _payment(self._create(charge))
        except stripe.CardError as error:
            return _declined(charge, error)
        except (stripe.InvalidRequestError, AmountNotPayable) as error:
            LOG.error("payment_refused", order=charge.order_id, reason=getattr(error, "code", None) or "amount")
            return _declined(charge, error)

    def refund(self, repayment: Repayment) -> None:
        """Create a refund; raises RepaymentRefused if Stripe refuses it, RepaymentFailed if it failed."""
        try:
            with _provider_errors():
                refund = self.client.v1.refunds.create(
                    {
                        "payment_intent": repayment.payment_id,
                        "amount": to_stripe(repayment.amount, repayment.currency),
                        "metadata": {"orderId": repayment.order_id, "refundId": repayment.key},
                    },
                    {"idempotency_key": repayment.key},
                )
        except (stripe.CardError, stripe.InvalidRequestError, AmountNotPayable):
            raise RepaymentRefused from None
        if refund.status in ("failed", "canceled"):
            raise RepaymentFailed

    def find(self, key: str) -> Payment | None:
        """Return the payment of an order, read again after the search, whose index is late by up to a minute."""
        order_id = key.removeprefix("order-").partition("-pay-")[0]
        with _provider_errors():
            payments = [self._retrieve(payment_id) for payment_id in self._search(order_id)]
        payments.sort(key=lambda payment: PREFERENCE.index(payment.state))
        return next(iter(payments), None)

    def get(self, payment_id: str) -> Payment | None:
        """Return a payment by its id; None for one that is no order's, or that Stripe does not know."""
        try:
            with _provider_errors():
                intent = self.client.v1.payment_intents.retrieve(payment_id, {"expand": ["latest_charge"]})
                if "orderId" not in intent.metadata:
                    return None
                return _payment(intent)
        except (stripe.InvalidRequestError, AmountNotPayable):
            return None

    def confirm(self, payment: Payment) -> Payment:
        """Return the payment unchanged: the bank asks the buyer in a window that Stripe.js opens."""
        return payment

    def payments_since(self, moment: datetime) -> Iterator[Payment]:
        """Yield the payments of orders that were created since `moment`."""
        with _provider_errors():
            found = self.client.v1.payment_intents.list(
                {"created": {"gte": int(moment.timestamp())}, "limit": PAGE, "expand": ["data.latest_charge"]}
            )
            for intent in found.auto_paging_iter():
                if "orderId" in intent.metadata:
                    yield from _readable(intent)

    def _create(self, charge: Charge) -> stripe.PaymentIntent:
        return self.client.v1.payment_intents.create(
            {
                "amount": to_stripe(charge.amount, charge.currency),
                "currency": charge.currency.lower(),
                "payment_method": charge.token,
                "confirm": True,
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                "metadata": {"orderId": charge.order_id},
            },
            {"idempotency_key": charge.key},
        )

    def _search(self, order_id: str) -> list[str]:
        """Return the ids of an order's payments; raises PaymentUnanswered where Stripe offers no search."""
        query = f'metadata["orderId"]:"{order_id}"'
        try:
            found = self.client.v1.payment_intents.search({"query": query, "limit": PAGE})
        except stripe.InvalidRequestError:
            LOG.error("payment_search_refused")
            raise PaymentUnanswered from None
        return [intent.id for intent in found.data]

    def _retrieve(self, payment_id: str) -> Payment:
        return _payment(self.client.v1.payment_intents.retrieve(payment_id, {"expand": ["latest_charge"]}))


@contextmanager
def _provider_errors() -> Iterator[None]:
    """Raise PaymentUnanswered for errors of unknown outcome and PaymentThrottled for 429, without text of Stripe."""
    try:
        yield
    except (stripe.CardError, stripe.InvalidRequestError, AmountNotPayable):
        raise
    except stripe.RateLimitError as error:
        raise PaymentThrottled(_retry_after(error)) from None
    except (stripe.AuthenticationError, stripe.PermissionError):
        LOG.error("payment_provider_refuses_key")
        raise PaymentUnanswered from None
    except (stripe.StripeError, AttributeError, KeyError, TypeError, ValueError):
        raise PaymentUnanswered from None


def _retry_after(error: stripe.RateLimitError) -> float:
    try:
        seconds = float((error.headers or {}).get("retry-after", DEFAULT_PAUSE))
    except ValueError:
        return DEFAULT_PAUSE
    # In this order a NaN becomes the default.
    return min(max(DEFAULT_PAUSE, seconds), LONGEST_PAUSE)


def _payment(intent: stripe.PaymentIntent) -> Payment:
    state = STATES.get(intent.status, PaymentState.PROCESSING)
    currency = intent.currency.upper()
    amount = intent.amount
    if state is PaymentState.SUCCEEDED:
        amount = intent.amount_received
    return Payment(
        id=intent.id,
        order_id=intent.metadata["orderId"],
        amount=from_stripe(amount, currency),
        currency=currency,
        state=state,
        refunded=from_stripe(_refunded(intent.latest_charge), currency),
        client_secret=intent.client_secret or "",
    )


def _readable(intent: stripe.PaymentIntent) -> list[Payment]:
    """Return the payment, or nothing for an amount that no order can have: it must not stop a comparison."""
    try:
        return [_payment(intent)]
    except AmountNotPayable:
        LOG.error("payment_amount_unreadable", payment=intent.id)
        return []


def _refunded(charge: Any) -> int:
    """Return the refunded amount of an expanded charge, 0 for one that is not expanded."""
    return int(getattr(charge, "amount_refunded", 0))


def _declined(charge: Charge, error: Exception) -> Payment:
    """Return the declined payment with the id that the error names, if any."""
    intent = getattr(getattr(error, "error", None), "payment_intent", None)
    return Payment(
        id=getattr(intent, "id", ""),
        order_id=charge.order_id,
        amount=charge.amount,
        currency=charge.currency,
        state=PaymentState.DECLINED,
    )
