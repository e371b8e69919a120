"""Idempotency keys: a repeated request gets the first answer; a key counts for 24 hours and for one body only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.errors import IdempotencyKeyReused

KEY_LIFETIME = timedelta(hours=24)


@dataclass(frozen=True)
class IdempotencyKey:
    """A key with the fingerprint of the body it came with, and the id of what that request made."""

    id: str
    fingerprint: str
    result_id: str
    expires_at: datetime

    @classmethod
    def issue(cls, key: str, fingerprint: str, result_id: str, now: datetime) -> IdempotencyKey:
        """Return a key that expires KEY_LIFETIME after `now`."""
        return cls(key, fingerprint, result_id, now + KEY_LIFETIME)

    def is_expired(self, now: datetime) -> bool:
        """Return whether the key may be used for another request."""
        return self.expires_at <= now


def fingerprint(parts: Iterable[str]) -> str:
    """Return the digest that is equal exactly for equal `parts`."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def earlier_result(key: IdempotencyKey, stored: IdempotencyKey | None) -> str | None:
    """Return the id that the first request with this key made, or None if the key is new.

    Raises IdempotencyKeyReused if that request had another body.
    """
    if stored is None:
        return None
    if stored.fingerprint != key.fingerprint:
        raise IdempotencyKeyReused
    return stored.result_id
