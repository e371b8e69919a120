"""The payment provider of the settings: its gateway, and the source of its events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from core.clock import Clock
from core.config.payment_provider import STRIPE
from core.config.settings import Settings
from core.mongo.client import Db
from orders.payments.gateway import Gateway
from orders.payments.reports import ToMinor
from orders.payments.signature import derive_secret
from orders.payments.simulated import SimulatedGateway, SimulatedTimes
from orders.payments.simulated_events import SimulatedEvents
from orders.payments.simulated_store import SimulatedPayments
from orders.payments.stripe_amounts import from_stripe
from orders.payments.throttle_store import PaymentThrottle
from orders.payments.webhook import EventSource


@dataclass(frozen=True)
class Provider:
    """A payment provider."""

    gateway: Gateway
    events: EventSource
    to_minor: ToMinor
    throttle: PaymentThrottle | None


def build_provider(settings: Settings, db: Db, clock: Clock) -> Provider:
    """Return the provider that PAYMENT_PROVIDER names."""
    if settings.payment_provider.name == STRIPE:
        return _stripe(settings, db)
    timeout = timedelta(seconds=settings.payment_timeout_seconds)
    late = timedelta(seconds=settings.payment_late_seconds)
    times = SimulatedTimes(timeout, late, settings.payment_success_rate)
    gateway = SimulatedGateway(SimulatedPayments(db), times, clock)
    throttle = None
    if settings.payment_provider.rate:
        throttle = PaymentThrottle(db, settings.payment_provider.rate)
    return Provider(gateway, simulated_events(settings, clock), _same, throttle)


def simulated_events(settings: Settings, clock: Clock) -> SimulatedEvents:
    """Return the events of the simulated provider, which signs with a secret derived from SECRET_KEY."""
    return SimulatedEvents([derive_secret(secret) for secret in settings.secret_key], clock)


def _stripe(settings: Settings, db: Db) -> Provider:
    # The SDK takes a third of a second to import; the simulated provider does without it.
    from orders.payments.stripe import StripeGateway, build_client  # noqa: PLC0415
    from orders.payments.stripe_events import StripeEvents  # noqa: PLC0415

    account = settings.payment_provider
    client = build_client(account.stripe_api_key, account.stripe_api_base, settings.payment_timeout_seconds)
    events = StripeEvents(client, account.stripe_webhook_secrets, account.is_live)
    return Provider(StripeGateway(client), events, from_stripe, PaymentThrottle(db, account.rate))


def _same(amount: int, _: str) -> int:
    return amount
