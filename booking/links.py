"""Signed links: whoever holds the token of a booking may look at it and cancel it."""

from __future__ import annotations

from dataclasses import dataclass

from itsdangerous import Signer


@dataclass(frozen=True)
class Links:
    """Makes and checks the tokens that `secret` signs."""

    secret: str
    public_url: str

    def token(self, booking_id: str) -> str:
        """Return the token of a booking; the same for ever under one secret."""
        return self._signer().get_signature(booking_id).decode()

    def opens(self, booking_id: str, token: str) -> bool:
        """Return, in constant time, whether `token` is the booking's."""
        return self._signer().verify_signature(booking_id, token.encode("utf-8", "replace"))

    def manage_url(self, booking_id: str) -> str:
        """Return the address of the page where the guest looks after the booking."""
        return f"{self.public_url}/bookings/{booking_id}?token={self.token(booking_id)}"

    def _signer(self) -> Signer:
        return Signer(self.secret, salt="booking.manage", key_derivation="hmac")
