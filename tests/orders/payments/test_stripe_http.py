"""HTTP client of Stripe's SDK: what is no response, and whose certificates are trusted."""

from __future__ import annotations

import pytest
import stripe

from orders.payments.stripe_http import build_http_client
from tests.fake_stripe.server import FakeStripe, Fault

CHARGE = "amount=1000&currency=usd&payment_method=pm_card_visa&metadata[orderId]=1"


@pytest.mark.parametrize("fault", [Fault.CUT_BEFORE, Fault.HANG_BEFORE])
def test_request_without_a_response_is_a_connection_error(fake: FakeStripe, fault: Fault) -> None:
    fake.faults.append(fault)

    with pytest.raises(stripe.APIConnectionError):
        build_http_client(fake.address, 0.2).request("POST", f"{fake.address}/v1/payment_intents", {}, CHARGE)


def test_refused_connection_is_a_connection_error() -> None:
    with pytest.raises(stripe.APIConnectionError):
        build_http_client("http://127.0.0.1:9", 1).request("GET", "http://127.0.0.1:9/v1/refunds", {})


def test_certificates_are_those_of_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)

    pool = build_http_client("https://api.stripe.com", 10).pool

    assert pool.connection_pool_kw["ca_certs"] == stripe.ca_bundle_path
