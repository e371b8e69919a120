"""Cancellation of reservations through the group commit: the reservation and its ticket's counts change together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core import log
from core.clock import Clock
from core.concurrency.batcher import PendingRequest
from core.mongo.transactions import Session
from events.model import Event
from events.store import EventStore
from inventory.group_commit import GroupCommit
from inventory.requests import RowsOfKind, StaleRequest, StockChange
from notifications.outbox.model import OutboxEmail
from orders.reservations.errors import ReservationNotFound
from orders.reservations.model import Reservation, ReservationStatus
from orders.reservations.store import ReservationStore
from orders.seats.picking import Seats

LOG = log.get_logger("orders")


@dataclass(frozen=True)
class ReservationCancellation:
    """Cancels a reservation; its owner gets an e-mail if `notify` is set."""

    reservation: Reservation
    notify: bool = True


Request = StockChange[ReservationCancellation, Reservation]
Batch = Sequence[PendingRequest[Request, Reservation]]


@dataclass(frozen=True)
class CancelReservation:
    """Cancels reservations."""

    group_commit: GroupCommit
    reservations: ReservationStore
    events: EventStore

    def of_event(self, event_id: str, account_id: str) -> tuple[Reservation, Event]:
        """Cancel an account's latest reservation of an event; a second call changes nothing.

        Raises EventNotFound or ReservationNotFound.
        """
        found = self.reservations.latest((event_id, account_id))
        if found is None:
            self.events.get(event_id)
            raise ReservationNotFound
        return self._with_event(found)

    def by_id(self, reservation_id: str, account_id: str) -> tuple[Reservation, Event]:
        """Cancel a reservation of an account; a second call changes nothing. Raises ReservationNotFound."""
        found = self.reservations.get_many_committed([reservation_id]).get(reservation_id)
        if found is None or found.account_id != account_id:
            raise ReservationNotFound
        return self._with_event(found)

    def execute(self, cancellation: ReservationCancellation) -> Reservation:
        """Cancel a reservation and release its ticket; a second call changes nothing."""
        reservation = cancellation.reservation
        if reservation.status is ReservationStatus.CANCELLED:
            return reservation
        released = dict.fromkeys(reservation.stock_ids, -1)
        request: Request = StockChange(cancellation, released, identities=frozenset((reservation.identity,)))
        cancelled = self.group_commit.submit(request)
        if request.outcome:
            LOG.info("reservation_cancelled", reservation=reservation.id)
        return cancelled

    def _with_event(self, reservation: Reservation) -> tuple[Reservation, Event]:
        cancelled = self.execute(ReservationCancellation(reservation))
        # Read after the commit: the ticket may be free, or offered to a waiting list.
        return cancelled, self.events.get(reservation.event_id)


@dataclass(frozen=True)
class CancellationRows(RowsOfKind[OutboxEmail]):
    """The rows of cancelled reservations, each with a mark that the worker writes its e-mail."""

    reservations: ReservationStore
    seats: Seats
    clock: Clock

    def write(self, session: Session, requests: Sequence[Request]) -> list[OutboxEmail]:
        """Cancel the reservations; raises StaleRequest if one is not active. There is no e-mail to enqueue."""
        now = self.clock()
        for notify in (True, False):
            part = [request.detail.reservation.id for request in requests if request.detail.notify is notify]
            if part and not self.reservations.cancel(session, part, now, notify=notify):
                raise StaleRequest
        cancelled = self.reservations.get_many_in(session, [request.detail.reservation.id for request in requests])
        self.seats.release(session, [reservation.id for reservation in cancelled if reservation.seat])
        by_id = {reservation.id: reservation for reservation in cancelled}
        for request in requests:
            request.outcome = by_id[request.detail.reservation.id]
        return []

    def refresh(self, batch: Batch) -> None:
        """Answer the cancellations of cancelled reservations."""
        found = self.reservations.get_many_committed(pending.request.detail.reservation.id for pending in batch)
        for pending in batch:
            reservation = found.get(pending.request.detail.reservation.id)
            if reservation is None:
                pending.reject(ReservationNotFound())
            elif reservation.status is ReservationStatus.CANCELLED:
                pending.resolve(reservation)

    def answer_duplicates(self, batch: Batch) -> None:
        """Answer the cancellations that were made before."""
        self.refresh(batch)
