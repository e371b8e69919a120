"""Payment provider in the environment: PAYMENT_PROVIDER, PAYMENT_RATE and, for Stripe, keys, secrets and address."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar, cast

from core.config.openid_providers import is_secure
from core.config.parsers import url

T = TypeVar("T")

SIMULATED = "simulated"
STRIPE = "stripe"
API_KEY = re.compile(r"(sk|rk)_(test|live)_[A-Za-z0-9_]{8,250}", re.ASCII)
PUBLISHABLE_KEY = re.compile(r"pk_(test|live)_[A-Za-z0-9_]{8,250}", re.ASCII)
WEBHOOK_SECRET = re.compile(r"whsec_[!-+\--~]{8,250}", re.ASCII)
STRIPE_API = "https://api.stripe.com"
# Stripe takes so many payments a second of an account.
STRIPE_RATE = "25"
UNLIMITED = "0"


@dataclass(frozen=True)
class PaymentProviderSettings:
    """The provider that takes payments; `rate` is payments a second, 0 for any number."""

    name: str = SIMULATED
    rate: float = 0.0
    stripe_api_key: str = field(default="", repr=False)
    stripe_webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    stripe_api_base: str = STRIPE_API
    # With it the page of the checkout has a card form of Stripe; it is no secret.
    stripe_publishable_key: str = ""

    @property
    def is_live(self) -> bool:
        """Whether the key moves real money."""
        return "_live_" in self.stripe_api_key


def parse_payment_provider(env: Mapping[str, str], problems: list[str]) -> PaymentProviderSettings:
    """Return the payment provider in `env`; each problem is added to `problems` and quotes no value."""
    reader = _Reader(env, problems)
    name = reader.parse("PAYMENT_PROVIDER", _name, SIMULATED)
    uses_stripe = name == STRIPE
    default_rate = {True: STRIPE_RATE, False: UNLIMITED}[uses_stripe]
    settings = PaymentProviderSettings(
        name=name,
        rate=reader.parse("PAYMENT_RATE", _rate, default_rate),
        stripe_api_key=reader.parse("STRIPE_API_KEY", _api_key, ""),
        stripe_webhook_secrets=reader.parse("STRIPE_WEBHOOK_SECRET", _webhook_secrets, ""),
        stripe_api_base=reader.parse("STRIPE_API_BASE", _api_base, STRIPE_API),
        stripe_publishable_key=reader.parse("STRIPE_PUBLISHABLE_KEY", _publishable_key, ""),
    )
    if _are_of_two_modes(settings):
        problems.append("STRIPE_PUBLISHABLE_KEY must be of the mode of STRIPE_API_KEY: both test or both live.")
    if uses_stripe:
        reader.require("STRIPE_API_KEY")
        reader.require("STRIPE_WEBHOOK_SECRET")
    return settings


@dataclass(frozen=True)
class _Reader:
    env: Mapping[str, str]
    problems: list[str]

    def parse(self, variable: str, parse: Callable[[str], T], default: str) -> T:
        try:
            return parse(self.env.get(variable, "").strip() or default)
        except ValueError as error:
            self.problems.append(f"{variable} {error}")
        return cast("T", None)  # Never used: from_env raises.

    def require(self, variable: str) -> None:
        """Report a variable that is not set."""
        if not self.env.get(variable, "").strip():
            self.problems.append(f"{variable} is not set; PAYMENT_PROVIDER=stripe needs it.")


def _name(value: str) -> str:
    if value not in (SIMULATED, STRIPE):
        raise ValueError("must be one of: simulated, stripe.")
    return value


def _rate(value: str) -> float:
    if not re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,3})?", value, re.ASCII):
        raise ValueError("must be payments a second, such as 25 or 0.5, or 0 for any number.")
    return float(value)


def _api_key(value: str) -> str:
    if value and not API_KEY.fullmatch(value):
        raise ValueError("must be a secret or restricted key of Stripe: sk_ or rk_, then test_ or live_.")
    return value


def _publishable_key(value: str) -> str:
    if value and not PUBLISHABLE_KEY.fullmatch(value):
        raise ValueError("must be a publishable key of Stripe: pk_, then test_ or live_.")
    return value


def _are_of_two_modes(settings: PaymentProviderSettings) -> bool:
    """Return whether one of two valid keys is for tests and the other one moves real money."""
    publishable = settings.stripe_publishable_key
    if not publishable or not settings.stripe_api_key:
        return False
    return ("_live_" in publishable) is not settings.is_live


def _webhook_secrets(value: str) -> tuple[str, ...]:
    secrets = tuple(secret.strip() for secret in value.split(",") if secret.strip())
    if not all(map(WEBHOOK_SECRET.fullmatch, secrets)):
        raise ValueError("must be the signing secrets of Stripe's webhook, separated by commas: whsec_ each.")
    return secrets


def _api_base(value: str) -> str:
    address = url(value)
    if not is_secure(address) or "@" in address:
        raise ValueError("must be an https address without a user; http is for this machine only.")
    return address
