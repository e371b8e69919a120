"""Creation of a reservation: one ticket of the event's first tier through the group commit."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

from core import log
from core.clock import Clock, monotonic
from core.concurrency.batcher import PendingRequest
from core.ids import new_id
from core.mongo.transactions import Session
from events.errors import SalesClosed
from events.model import Event
from inventory.errors import InsufficientStock
from inventory.requests import TOO_BUSY, RowsOfKind
from notifications.outbox.model import OutboxEmail
from orders.errors import SoldOut
from orders.event_cache import EventCache
from orders.holds.claims import TicketClaims
from orders.offers.find_offer import FindOffer
from orders.offers.use import use_of
from orders.reservations.errors import AlreadyReserved
from orders.reservations.model import DueEmail, Reservation
from orders.reservations.store import ReservationStore
from orders.seats.picking import SeatRequest, Seats

LOG = log.get_logger("orders")
RESERVE_TIMEOUT = 10.0


@dataclass
class PendingReservation:
    """A request for a reservation; implements `StockRequest`."""

    reservation: Reservation
    lines: Mapping[str, int]
    numbered: bool
    deadline: float
    too_busy: str = TOO_BUSY
    is_keyed: bool = False
    may_be_committed: bool = False

    @property
    def identities(self) -> frozenset[Hashable]:
        """The owner: a second request for the same event is a duplicate."""
        return frozenset((self.reservation.identity,))

    def result(self) -> Reservation:
        """Return the reservation."""
        return self.reservation


Batch = Sequence[PendingRequest[PendingReservation, Reservation]]


@dataclass(frozen=True)
class CreateReservation:
    """Reserves tickets. An account's offer of the tier is used before a ticket is claimed."""

    claims: TicketClaims
    events: EventCache
    reservations: ReservationStore
    offers: FindOffer
    clock: Clock

    def execute(self, event_id: str, account_id: str) -> tuple[Reservation, Event]:
        """Reserve a ticket of an event for an account; return it with the event, whose counts include the ticket.

        Raises EventNotFound, EventCancelled, SalesClosed, SoldOut, AlreadyReserved, and the errors of
        `GroupCommit.submit`.
        """
        event = self.events.get(event_id)
        self.events.events.require_on_sale(event)
        try:
            return self._reserve_of(event, account_id)
        except SalesClosed:
            # The cached event may be from before a change.
            event = self.events.fresh(event_id)
            self.events.events.require_on_sale(event)
            return self._reserve_of(event, account_id)

    def _reserve_of(self, event: Event, account_id: str) -> tuple[Reservation, Event]:
        reservation = self._new(event, account_id)
        try:
            return self._reserve(event, reservation)
        except InsufficientStock:
            return self._reserve_sold_out(event, reservation)

    def _reserve(self, event: Event, reservation: Reservation) -> tuple[Reservation, Event]:
        # Only then is there an offer, unless it was made within the last second by another process.
        if event.tiers[0].held:
            offered = self._use_offer(event, reservation)
            if offered:
                return offered
        request = _pending(event, reservation)
        return self.claims.submit(request), event.after_claim(request.lines)

    def _reserve_sold_out(self, event: Event, reservation: Reservation) -> tuple[Reservation, Event]:
        if self.reservations.find_active([reservation.owner]):
            raise AlreadyReserved from None
        offered = self._use_offer(event, reservation)
        if offered is None:
            raise SoldOut from None
        return offered

    def _use_offer(self, event: Event, reservation: Reservation) -> tuple[Reservation, Event] | None:
        offer = self.offers.of_tier(reservation.tier_id, reservation.account_id)
        if offer is None:
            return None
        request = use_of(offer, reservation)
        used = self.claims.group_commit.submit(request)
        return (used, event.after_claim(request.lines)) if used else None

    def _new(self, event: Event, account_id: str) -> Reservation:
        now = self.clock()
        return Reservation(
            id=new_id(now),
            account_id=account_id,
            event_id=event.id,
            tier_id=event.tiers[0].id,
            pool_id=event.pool.id if event.pool else "",
            created_at=now,
            updated_at=now,
            due_emails=(DueEmail.BOOKED,),
        )


def _pending(event: Event, reservation: Reservation) -> PendingReservation:
    tier = event.tiers[0]
    lines = dict.fromkeys(reservation.stock_ids, 1)
    return PendingReservation(reservation, lines, tier.numbered, monotonic() + RESERVE_TIMEOUT)


@dataclass(frozen=True)
class ReservationRows(RowsOfKind[OutboxEmail]):
    """The rows of new reservations, each with a mark that the worker writes its e-mail."""

    reservations: ReservationStore
    seats: Seats

    def write(self, session: Session, requests: Sequence[PendingReservation]) -> list[OutboxEmail]:
        """Insert the reservations with their seats; there is no e-mail to enqueue."""
        self._pick_seats(session, [request for request in requests if request.numbered])
        self.reservations.add(session, [request.reservation for request in requests])
        return []

    def answer_known_keys(self, batch: Batch) -> None:
        """Answer those who have a reservation before others are refused for lack of stock."""
        self.answer_duplicates(batch)

    def answer_duplicates(self, batch: Batch) -> None:
        """Answer the requests whose previous attempt did commit; refuse those of owners with another reservation."""
        active = self.reservations.find_active(pending.request.reservation.owner for pending in batch)
        for pending in batch:
            wanted = pending.request.reservation
            known = active.get(wanted.owner)
            if known and known.id == wanted.id:
                pending.resolve(known)
            elif known:
                pending.reject(AlreadyReserved())

    def _pick_seats(self, session: Session, requests: Sequence[PendingReservation]) -> None:
        wanted = [_seat_request(request.reservation) for request in requests]
        for request, labels in zip(requests, self.seats.pick(session, wanted), strict=True):
            request.reservation = replace(request.reservation, seat=labels[0])


def _seat_request(reservation: Reservation) -> SeatRequest:
    return SeatRequest(holder=reservation.id, tier_id=reservation.tier_id, quantity=1, sold=True)
