"""Rows of the changes of orders, which the ticket group commit writes: order, hold, tickets, seats and held counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import IdempotencyKeyReused
from core.mongo.transactions import Session
from events.model import EventStatus
from events.store import EventStore
from inventory.requests import RowsOfKind, StaleRequest, unanswered
from notifications.outbox.model import OutboxEmail
from orders.errors import KeyExpired, OrderChanged
from orders.holds.store import HoldStore
from orders.model import Order
from orders.order_change import OrderChange, Pending, Request, may_reopen
from orders.order_seats import OrderSeats
from orders.store import OrderStore
from orders.tickets.model import Ticket, TicketState, ids_of
from orders.tickets.store import TicketStore

VALID = TicketState.VALID
VOID = TicketState.VOID


@dataclass(frozen=True)
class OrderChangeRows(RowsOfKind[OutboxEmail]):
    """The rows of changes of orders."""

    orders: OrderStore
    holds: HoldStore
    tickets: TicketStore
    events: EventStore
    seats: OrderSeats

    def write(self, session: Session, requests: Sequence[Request]) -> list[OutboxEmail]:
        """Write the rows; return the e-mails to enqueue. Raises StaleRequest if a row is not as expected."""
        changes = self._pick_seats(session, [request.detail for request in requests])
        # A cancellation writes the stock that a payment writes too, so that one of the two sees the other.
        if self._have_unsold(_sold_events(changes), session):
            raise StaleRequest
        self._write_orders(session, changes)
        self._write_holds(session, changes)
        self._write_tickets(session, changes)
        self._write_seats(session, changes)
        held: Counter[str] = Counter()
        emails: list[OutboxEmail] = []
        for change in changes:
            held.update(change.held)
            # An anonymised order has no address.
            emails += [email for email in change.emails if email.to]
            if change.record:
                change.record(session)
        counts = {stock_id: count for stock_id, count in held.items() if count}
        if counts:
            self.events.count_held(session, counts)
        for request, change in zip(requests, changes, strict=True):
            request.outcome = change.after
        return emails

    def refresh(self, batch: Sequence[Pending]) -> None:
        """Refuse with OrderChanged the requests that expect another version, hold or ticket than there is.

        Those whose seats are taken are refused with SeatTaken.
        """
        versions = self.orders.versions([pending.request.detail.after.id for pending in batch])
        for pending in batch:
            change = pending.request.detail
            expected = change.before.version if change.before else None
            if versions.get(change.after.id) == change.after.version and expected is None:
                pending.resolve(self.orders.get(change.after.id))  # A previous attempt of this request did commit.
            elif versions.get(change.after.id) != expected or not self._expects_present_rows(change):
                pending.reject(OrderChanged())
            else:
                self._refuse_taken_seats(pending)

    def answer_duplicates(self, batch: Sequence[Pending]) -> None:
        """Answer new orders with the first order of their key, with IdempotencyKeyReused, or with KeyExpired."""
        new = [pending for pending in batch if pending.request.detail.before is None]
        known = self.orders.by_keys([_key_id(pending) for pending in new])
        for pending in new:
            first = known.get(_key_id(pending))
            if first:
                _answer_with(pending, first)
        # After the keys: the first order of a key has used the hold that a repeated one names.
        self.refresh(unanswered(batch))

    def _refuse_taken_seats(self, pending: Pending) -> None:
        taken = self.seats.seats.refusal_of(pending.request.detail.picks)
        if taken:
            pending.reject(taken)

    def _pick_seats(self, session: Session, changes: Sequence[OrderChange]) -> list[OrderChange]:
        """Return the changes with the seats that they got; raises StaleRequest if one is taken."""
        picked = self.seats.seats.pick_for(session, [change.picks for change in changes])
        return [change.with_seats(seats) for change, seats in zip(changes, picked, strict=True)]

    def _write_orders(self, session: Session, changes: Sequence[OrderChange]) -> None:
        new = [change.after for change in changes if change.before is None]
        if new:
            self.orders.add(session, new)
        replaced = [(change.before, change.after) for change in changes if change.before]
        if replaced and not self.orders.replace(session, replaced):
            raise StaleRequest

    def _write_holds(self, session: Session, changes: Sequence[OrderChange]) -> None:
        used = [change.uses for change in changes if change.uses]
        if used and not self.holds.use(session, used):
            raise StaleRequest
        reopened = [change.reopens for change in changes if change.reopens]
        if reopened and not self.holds.reopen(session, reopened):
            raise StaleRequest

    def _write_tickets(self, session: Session, changes: Sequence[OrderChange]) -> None:
        issued: list[Ticket] = []
        voided: list[Ticket] = []
        restored: list[Ticket] = []
        for change in changes:
            issued += change.issues
            voided += change.voids
            restored += change.restores
        if issued:
            self.tickets.add(session, issued)
        for tickets, before, after in ((voided, VALID, VOID), (restored, VOID, VALID)):
            if tickets and not self.tickets.move_all(session, ids_of(tickets), before, after):
                raise StaleRequest

    def _write_seats(self, session: Session, changes: Sequence[OrderChange]) -> None:
        for change in changes:
            if not change.picks:  # Picked seats are sold already, or held.
                self.seats.sell(session, change.before, change.after)
            self.seats.release_void(session, change.after, change.voids)
            if change.reopens is None:  # A reopened hold keeps its seats.
                self.seats.release(session, change.before, change.after)

    def _have_unsold(self, event_ids: set[str], session: Session | None = None) -> bool:
        """Return whether any of the events is cancelled, or a draft."""
        if not event_ids:
            return False
        return not self.events.statuses(session, event_ids) <= {EventStatus.PUBLISHED}

    def _expects_present_rows(self, change: OrderChange) -> bool:
        """Return whether the hold, the tickets and the events of a change are as it expects."""
        if self._have_unsold(_sold_events([change])):
            return False
        if change.uses and not self.holds.still_active([change.uses.id]):
            return False
        if change.reopens and not may_reopen(self.holds, change.reopens):
            return False
        pairs = ((change.voids, VALID), (change.restores, VOID))
        return all(self.tickets.are_in_state(ids_of(tickets), state) for tickets, state in pairs)


def _sold_events(changes: Sequence[OrderChange]) -> set[str]:
    """Return the ids of the events of which the changes make tickets valid."""
    return {ticket.event_id for change in changes for ticket in (*change.issues, *change.restores)}


def _key_id(pending: Pending) -> str:
    key = pending.request.detail.after.key
    return key.id if key else ""


def _answer_with(pending: Pending, first: Order) -> None:
    """Answer a new order with the first one of its key."""
    new = pending.request.detail.after
    if first.key and first.key.expires_at <= new.created_at:
        pending.reject(KeyExpired())
    elif new.key and first.key and new.key.fingerprint != first.key.fingerprint:
        pending.reject(IdempotencyKeyReused())
    else:
        pending.resolve(first)
