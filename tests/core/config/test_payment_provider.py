"""The payment provider in the settings."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from app import create_app
from core.config.payment_provider import PaymentProviderSettings
from core.config.settings import ConfigError
from tests import factories

MONGODB = "mongodb://127.0.0.1:1/"
STRIPE = {
    "PAYMENT_PROVIDER": "stripe",
    "STRIPE_API_KEY": "sk_test_0123456789",
    "STRIPE_WEBHOOK_SECRET": "whsec_0123456789, whsec_9876543210",
}


def read(**changes: str) -> PaymentProviderSettings:
    return factories.settings(MONGODB, **changes).payment_provider


def problems(**changes: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        factories.settings(MONGODB, **changes)
    return refused.value.problems


def test_simulated_payments_without_a_limit_are_the_default() -> None:
    assert read() == PaymentProviderSettings("simulated", 0.0, "", (), "https://api.stripe.com")


def test_stripe_takes_twenty_five_payments_a_second_by_default() -> None:
    settings = read(**STRIPE)

    assert (settings.name, settings.rate, settings.is_live) == ("stripe", 25.0, False)
    assert settings.stripe_webhook_secrets == ("whsec_0123456789", "whsec_9876543210")
    assert read(**{**STRIPE, "STRIPE_API_KEY": "rk_live_0123456789", "PAYMENT_RATE": "0.5"}).is_live
    for secret in ("0123456789", "9876543210"):
        assert secret not in repr(settings)


@pytest.mark.parametrize("name", ["STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET"])
def test_stripe_without_a_secret_is_one_sentence(name: str) -> None:
    assert problems(**{**STRIPE, name: " "}) == [f"{name} is not set; PAYMENT_PROVIDER=stripe needs it."]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PAYMENT_PROVIDER", "paypal"),
        ("PAYMENT_RATE", "-1"),
        ("PAYMENT_RATE", "nan"),
        ("PAYMENT_RATE", "1e3"),
        ("STRIPE_API_KEY", "pk_test_0123456789"),
        ("STRIPE_API_KEY", "sk_test_01234567 89"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_0123456789,secret"),
        ("STRIPE_API_BASE", "http://api.example.org"),
        ("STRIPE_API_BASE", "https://user:pass@api.example.org"),
        ("STRIPE_API_BASE", "ftp://x"),
        ("STRIPE_PUBLISHABLE_KEY", "sk_test_0123456789"),
        ("STRIPE_PUBLISHABLE_KEY", "pk_test_<script>"),
        ("STRIPE_PUBLISHABLE_KEY", "pk_live_0123456789"),
    ],
)
def test_unusable_setting_is_one_sentence_without_its_value(name: str, value: str) -> None:
    (problem,) = problems(**{**STRIPE, name: value})

    assert problem.startswith(f"{name} must be")
    assert value not in problem


def test_start_without_the_key_of_stripe_ends_with_2(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def start() -> None:
        create_app()

    environment = factories.environment(MONGODB, **{**STRIPE, "STRIPE_API_KEY": ""})
    monkeypatch.setattr("app.load_environment", lambda: environment)

    result = CliRunner().invoke(start)

    assert result.exit_code == 2
    assert "STRIPE_API_KEY is not set" in result.output
