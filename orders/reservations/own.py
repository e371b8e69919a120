"""The reservations of an account for other features, as JSON members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orders.reservations.cancel import CancelReservation
from orders.reservations.errors import ReservationNotFound
from orders.reservations.listing import ListReservations
from orders.reservations.schemas import own_members, reservation_members


@dataclass(frozen=True)
class OwnReservations:
    """Cancels and exports what an account has reserved."""

    cancel_reservation: CancelReservation
    listing: ListReservations

    def cancel(self, reservation_id: str, account_id: str) -> Mapping[str, Any] | None:
        """Cancel a reservation; a second call changes nothing. Returns None unless the account has it."""
        try:
            return reservation_members(*self.cancel_reservation.by_id(reservation_id, account_id))
        except ReservationNotFound:
            return None

    def export(self, account_id: str) -> Sequence[Mapping[str, Any]]:
        """Return all reservations of an account with the titles of their events, newest first."""
        found = self.listing.of_account(account_id, None)
        return [{**own_members(reservation), "event": event.title} for reservation, event in found]
