"""The payment gateway of the benchmark: the service's own gateway pays there, once for each key."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest
import requests

from bench.payment_gateway import APPROVED, api_key, forget_payments, paid_amount, service_settings
from core.config.payment_provider import parse_payment_provider
from orders.payments.gateway import Charge, PaymentState
from orders.payments.stripe import StripeGateway, build_client

KEY = api_key("service_event-slots")
CHARGE = Charge(key="order-1-pay-1", order_id="1", amount=12_000, currency="USD", token=APPROVED)


@pytest.fixture
def url(gateway_url: str) -> str:
    return gateway_url


@pytest.fixture
def gateway(url: str) -> StripeGateway:
    forget_payments(url, KEY)
    return StripeGateway(build_client(KEY, url, timeout=10))


def test_charge_is_made_once_for_each_key(gateway: StripeGateway, url: str) -> None:
    first = gateway.authorise(CHARGE)
    again = gateway.authorise(CHARGE)
    gateway.authorise(dataclasses.replace(CHARGE, key="order-2-pay-1", order_id="2"))

    assert first == again
    assert (first.state, first.amount, first.order_id) == (PaymentState.SUCCEEDED, 12_000, "1")
    assert paid_amount(url, KEY) == 24_000


def test_payments_are_found_by_order_and_by_time(gateway: StripeGateway) -> None:
    for number in range(101):
        charge = dataclasses.replace(CHARGE, key=f"order-{number}-pay-1", order_id=str(number))
        gateway.authorise(charge)
    found = gateway.find("order-7-pay-1")

    assert found
    assert found.order_id == "7"
    assert gateway.find("order-101-pay-1") is None
    listed = [payment.order_id for payment in gateway.payments_since(datetime(2026, 1, 1, tzinfo=UTC))]
    assert listed == [str(number) for number in reversed(range(101))]


def test_systems_see_no_payments_of_each_other(gateway: StripeGateway, url: str) -> None:
    gateway.authorise(CHARGE)

    assert paid_amount(url, api_key("flask")) == 0


def test_unknown_path_is_refused(url: str) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}

    assert requests.get(f"{url}/v1/payment_intents/pi_0", headers=headers, timeout=10).status_code == 404
    assert requests.post(f"{url}/v1/refunds", headers=headers, timeout=10).status_code == 404


def test_settings_of_the_service_are_valid(url: str) -> None:
    problems: list[str] = []
    settings = parse_payment_provider(service_settings(url, KEY), problems)

    assert problems == []
    assert (settings.name, settings.rate, settings.stripe_api_base) == ("stripe", 0.0, url)
