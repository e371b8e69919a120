"""Signatures of webhooks: HMAC-SHA256 over the time and the raw body, as in `Stripe-Signature`."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

TOLERANCE = timedelta(seconds=300)
TIME = re.compile(r"[0-9]{1,12}", re.ASCII)


def derive_secret(secret_key: str) -> str:
    """Return the webhook secret of the simulated provider, which depends on SECRET_KEY."""
    return hmac.new(secret_key.encode(), b"payments.webhook", hashlib.sha256).hexdigest()


def sign(secret: str, body: bytes, at: datetime) -> str:
    """Return the value of the signature header."""
    seconds = int(at.timestamp())
    return f"t={seconds},v1={_digest(secret, seconds, body)}"


def is_valid(secrets: Sequence[str], header: str, body: bytes, now: datetime) -> bool:
    """Return whether `header` signs `body` with one of `secrets`, less than TOLERANCE ago or ahead."""
    parts = [part.partition("=")[::2] for part in header.split(",")]
    times = [value for name, value in parts if name == "t" and TIME.fullmatch(value)]
    if len(times) != 1 or abs(now.timestamp() - int(times[0])) > TOLERANCE.total_seconds():
        return False
    given = [value for name, value in parts if name == "v1"]
    expected = [_digest(secret, int(times[0]), body) for secret in secrets]
    return any(_is_one_of(expected, value) for value in given)


def _is_one_of(expected: Sequence[str], value: str) -> bool:
    """Compare in constant time; only ASCII texts can be compared so."""
    return value.isascii() and any(hmac.compare_digest(digest, value) for digest in expected)


def _digest(secret: str, seconds: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
