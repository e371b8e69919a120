"""Cancellation of a booking by the account that made it, and the port to the account's tickets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.model import Account
from booking.cancellation import CancelBooking, Cancellation
from booking.errors import BookingNotFound
from booking.model import Booking
from booking.store import BookingStore

Members = Mapping[str, Any]


@dataclass(frozen=True)
class AccountTickets:
    """Port to the tickets of accounts, which another feature has; both return JSON members.

    `cancel` takes the ids of a reservation and of an account, and returns None unless the account has it. `export`
    returns rows by kind: `reservations`, `holds`, `orders` and `tickets`.
    """

    cancel: Callable[[str, str], Members | None]
    export: Callable[[Account], Mapping[str, Sequence[Members]]]


@dataclass(frozen=True)
class CancelOwnBooking:
    """Cancels the slot bookings that an account made."""

    bookings: BookingStore
    cancel: CancelBooking

    def execute(self, booking_id: str, account_id: str) -> Booking | None:
        """Cancel a booking; a second call changes nothing. Returns None unless the account made it."""
        try:
            booking = self.bookings.get(booking_id)
        except BookingNotFound:
            return None
        if booking.account_id != account_id:
            return None
        return self.cancel.execute(Cancellation(booking_id), booking)
