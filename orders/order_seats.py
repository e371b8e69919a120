"""Seats of orders: sold with the payment, and free again with the end of an order or with a void ticket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.mongo.transactions import Session
from events.seat_store import SeatClaim
from orders.model import OPEN_STATES, Order, OrderState
from orders.seats.picking import SeatRequest, Seats, seat_request
from orders.tickets.model import Ticket


@dataclass(frozen=True)
class OrderSeats:
    """Changes the seats of orders within the transaction that changes the order and its stock."""

    seats: Seats

    def sell(self, session: Session, before: Order | None, after: Order) -> None:
        """Mark the seats of an order that becomes paid as sold; raises StaleRequest if one is not its own."""
        was_open = before is None or before.is_open
        if after.state is not OrderState.PAID or not was_open:
            return
        holder = after.seat_holder
        claims = [SeatClaim(item.tier_id, item.seats, holder, sold=True) for item in after.items if item.seats]
        self.seats.transfer(session, holder, claims)

    def release(self, session: Session, before: Order | None, after: Order) -> None:
        """Free the seats of an order that ends without a payment."""
        if before and before.is_open and after.has_seats and after.state not in (*OPEN_STATES, OrderState.PAID):
            self.seats.release(session, [after.seat_holder])

    def release_void(self, session: Session, order: Order, voids: Sequence[Ticket]) -> None:
        """Free the seats of void tickets of an order."""
        labels: dict[str, list[str]] = {}
        for ticket in voids:
            if ticket.seat:
                labels.setdefault(ticket.tier_id, []).append(ticket.seat)
        for tier_id, seats in labels.items():
            self.seats.store.release_some(session, order.seat_holder, tier_id, seats)


def sold_seats(order: Order) -> list[SeatRequest]:
    """Return the requests for the seats that an order had, to be sold to it again."""
    return [seat_request(item, order.seat_holder, sold=True) for item in order.items if item.seats]
