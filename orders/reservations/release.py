"""Release of the reservations of a deleted account."""

from __future__ import annotations

from dataclasses import dataclass

from notifications.outbox.service import Outbox
from orders.reservations.cancel import CancelReservation, ReservationCancellation
from orders.reservations.model import ReservationStatus
from orders.reservations.store import ReservationStore

BATCH = 100


@dataclass(frozen=True)
class ReleaseReservations:
    """Cancels the reservations of a deleted account, and erases their e-mails."""

    cancel: CancelReservation
    reservations: ReservationStore
    outbox: Outbox

    def execute(self, account_id: str) -> None:
        """Cancel all active reservations of the account without an e-mail. Idempotent."""
        active = ReservationStatus.CONFIRMED
        while found := self.reservations.of_account(account_id, active, BATCH):
            for reservation in found:
                self.cancel.execute(ReservationCancellation(reservation, notify=False))
        self.outbox.erase(self.reservations.cancelled_ids(account_id))
