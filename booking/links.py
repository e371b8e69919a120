"""Signed links: whoever holds the token of a booking may look at it and cancel it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from itsdangerous import Signer


@dataclass(frozen=True)
class Links:
    """Makes and checks the tokens that `secret` signs."""

    secret: str
    public_url: str

    def token(self, booking_id: str) -> str:
        """Return the token of a booking; the same for ever under one secret."""
        return _signature(self.secret, booking_id)

    def opens(self, booking_id: str, token: str) -> bool:
        """Return, in constant time, whether `token` is the booking's."""
        return _signer(self.secret).verify_signature(booking_id, token.encode("utf-8", "replace"))

    def manage_url(self, booking_id: str) -> str:
        """Return the address of the page where the guest looks after the booking."""
        return f"{self.public_url}/bookings/{booking_id}?token={self.token(booking_id)}"


def _signer(secret: str) -> Signer:
    return Signer(secret, salt="booking.manage", key_derivation="hmac")


@lru_cache(maxsize=1024)
def _signature(secret: str, booking_id: str) -> str:
    # A booking's link is needed for its letter and for the answer, one right after the other.
    return _signer(secret).get_signature(booking_id).decode()
