"""Use of an offer: a reservation takes one of the held tickets, and the others are released."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.concurrency.batcher import PendingRequest
from core.mongo.transactions import Session
from events.errors import EventCancelled
from events.model import EventStatus
from events.seat_store import SeatClaim
from inventory.requests import RowsOfKind, StockChange, unanswered
from notifications.outbox.model import OutboxEmail
from orders.holds.model import Hold, HoldState
from orders.holds.tickets import HeldTickets
from orders.reservations.errors import AlreadyReserved
from orders.reservations.model import Reservation
from orders.reservations.store import ReservationStore
from orders.seats.picking import Seats


@dataclass(frozen=True)
class OfferUse:
    """Makes a reservation of an offer."""

    hold: Hold
    reservation: Reservation


# The answer is None if the offer has ended.
Request = StockChange[OfferUse, Reservation | None]


def use_of(hold: Hold, reservation: Reservation) -> Request:
    """Return the request to use an offer for a reservation; all but one of its tickets are released."""
    pool_ids = [stock_id for stock_id in hold.lines if stock_id != reservation.tier_id]
    reserved = replace(reservation, pool_id="".join(pool_ids))
    lines = {stock_id: 1 - count for stock_id, count in hold.lines.items()}
    return StockChange(OfferUse(hold, reserved), lines, frozenset((reservation.identity, ("hold", hold.id))))


@dataclass(frozen=True)
class OfferUseRows(RowsOfKind[OutboxEmail]):
    """The rows of used offers: hold, reservation, seats."""

    tickets: HeldTickets
    reservations: ReservationStore
    seats: Seats

    def write(self, session: Session, requests: Sequence[Request]) -> list[OutboxEmail]:
        """Exchange the holds for reservations; raises StaleRequest if one has ended, or EventCancelled."""
        self._require_not_cancelled(session, requests)
        reserved = []
        for request in requests:
            reservation = self._seated(session, request.detail)
            request.outcome = reservation
            reserved.append(reservation)
        self.tickets.end(session, [request.detail.hold for request in requests], HoldState.USED)
        self.reservations.add(session, reserved)
        return []

    def refresh(self, batch: Sequence[PendingRequest[Request, Reservation | None]]) -> None:
        """Answer the requests that a previous attempt has committed, and those whose offer has ended."""
        self.answer_duplicates(batch)
        left = unanswered(batch)
        active = {hold.id for hold in self.tickets.holds.still_active([one.request.detail.hold.id for one in left])}
        for pending in left:
            if pending.request.detail.hold.id not in active:
                pending.resolve(None)

    def answer_duplicates(self, batch: Sequence[PendingRequest[Request, Reservation | None]]) -> None:
        """Answer the requests whose previous attempt did commit; refuse those of owners with another reservation."""
        active = self.reservations.find_active(pending.request.detail.reservation.owner for pending in batch)
        for pending in batch:
            wanted = pending.request.detail.reservation
            known = active.get(wanted.owner)
            if known and known.id == wanted.id:
                pending.resolve(known)
            elif known:
                pending.reject(AlreadyReserved())

    def _require_not_cancelled(self, session: Session, requests: Sequence[Request]) -> None:
        # A used offer claims nothing, so the guard of the stock does not see that it is closed.
        event_ids = {request.detail.reservation.event_id for request in requests}
        for event in self.tickets.events.get_many(event_ids, session).values():
            if event.status is EventStatus.CANCELLED:
                raise EventCancelled

    def _seated(self, session: Session, use: OfferUse) -> Reservation:
        item = use.hold.items[0]
        if not item.seats:
            return use.reservation
        claim = SeatClaim(item.tier_id, item.seats[:1], use.reservation.id, sold=True)
        self.seats.transfer(session, use.hold.id, [claim])
        return replace(use.reservation, seat=item.seats[0])
