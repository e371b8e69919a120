"""Reservations of an event, for the notices to holders and for the deletion of events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.mongo.transactions import Session
from orders.reservations.cancel import CancelReservation, ReservationCancellation
from orders.reservations.store import ReservationStore


@dataclass(frozen=True)
class SalesOfReservations:
    """The reservations of an event; implements `SalesOfFeature`."""

    reservations: ReservationStore
    cancel: CancelReservation

    def holders(self, event_id: str, after: str, limit: int) -> Sequence[str]:
        """Return up to `limit` ids of accounts with a reservation, in order, those above `after`."""
        return self.reservations.holders(event_id, after, limit)

    def withdraw(self, event_id: str, account_id: str) -> None:
        """Cancel the reservation of an account; the e-mail about the event says so."""
        for reservation in self.reservations.find_active([(event_id, account_id)]).values():
            self.cancel.execute(ReservationCancellation(reservation, notify=False))

    def exist(self, session: Session, event_id: str) -> bool:
        """Return whether there is a reservation of an event, a cancelled one too."""
        return self.reservations.exist_of_event(session, event_id)
