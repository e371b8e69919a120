"""Issue of tickets: one for each place of a paid order."""

from __future__ import annotations

from orders.holds.model import HeldItem
from orders.model import Order
from orders.tickets.codes import new_code
from orders.tickets.model import Ticket


def tickets_of(order: Order) -> list[Ticket]:
    """Return the tickets of a paid order; their ids depend on the order only, their codes are random."""
    tickets: list[Ticket] = []
    for item in order.items:
        for number in range(item.quantity):
            tickets.append(_ticket(order, item, len(tickets), item.seats[number] if item.seats else ""))
    return tickets


def _ticket(order: Order, item: HeldItem, number: int, seat: str) -> Ticket:
    paid_at = order.paid_at or order.created_at
    return Ticket(
        id=f"{order.id}-{number:03d}",
        code=new_code(),
        order_id=order.id,
        event_id=item.event_id,
        tier_id=item.tier_id,
        tier=item.code,
        tier_name=item.name,
        seat=seat,
        price=item.price,
        currency=item.currency,
        holder_id=order.account_id,
        holder_email=order.email,
        holder_name=order.name,
        created_at=paid_at,
        sold_at=paid_at,
    )
