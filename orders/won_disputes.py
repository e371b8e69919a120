"""Won disputes: the bank has given the money back, so the tickets are valid again if their stock is still there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from audit.service import Audit
from events.errors import SalesClosed
from inventory.errors import InsufficientStock
from orders import payment_flags
from orders.cancellation import Releases
from orders.disputes import DisputedOrders, find_dispute, record_dispute
from orders.model import Dispute, Order, OrderState
from orders.order_change import OrderChange, changed, opposite
from orders.payments.reports import DisputeWon
from orders.seats.errors import SeatTaken
from orders.seats.picking import SeatRequest
from orders.tickets.model import Ticket, TicketState, ids_of

RECORD = "order.dispute_won"


@dataclass(frozen=True)
class RestoreDisputed:
    """Makes the tickets valid again that won disputes have voided, or flags the order for the operator."""

    disputed: DisputedOrders
    releases: Releases
    audit: Audit

    def execute(self, won: DisputeWon) -> Order:
        """Return the order after the end of a dispute, with an audit record; a second event changes nothing.

        All tickets become valid again, or none. The opening of the dispute may come later, and voids nothing then.
        Raises OrderNotFound, and PaymentUnanswered if the provider must be asked and does not answer.
        """
        before = self.disputed.find(won.payment_id)
        change = self.disputed.settle.change
        try:
            order = change.execute(before.id, partial(self._restored, won))
        except (InsufficientStock, SalesClosed, SeatTaken):
            order = change.execute(before.id, partial(self._not_restored, won))
        if order.flag == payment_flags.DISPUTE_WON != before.flag:
            payment_flags.report(payment_flags.DISPUTE_WON, order.id)
        return order

    def _restored(self, won: DisputeWon, order: Order) -> OrderChange | None:
        if _is_known(won, order):
            return None
        disputes = _with_won(won, order)
        tickets = self._voided(won.payment_id, order, disputes)
        if not tickets:
            return self._noted(order, changed(order, disputes=disputes, flag=_flag_without(order, disputes)), 0)
        if self.releases.emails.has_unsold_event(order):
            return self._not_restored(won, order)
        after = changed(
            order,
            state=OrderState.PAID,
            disputes=_without(ids_of(tickets), _settled(won.payment_id, disputes)),
            flag=_flag_without(order, disputes),
            changed_at=self.releases.clock(),
        )
        return replace(
            self._noted(order, after, len(tickets)),
            claims=opposite(self.releases.claims_of(order, tickets)),
            picks=_seats_of(order, tickets),
            restores=tickets,
            emails=[self.releases.emails.restored(after, won.dispute_id)],
        )

    def _not_restored(self, won: DisputeWon, order: Order) -> OrderChange | None:
        """Return the change that leaves the tickets void and flags the order; a flag for another reason stays."""
        if _is_known(won, order):
            return None
        flag = order.flag
        if flag in ("", payment_flags.DISPUTED):
            flag = payment_flags.DISPUTE_WON
        disputes = _settled(won.payment_id, _with_won(won, order))
        return self._noted(order, changed(order, disputes=disputes, flag=flag), 0)

    def _voided(self, payment_id: str, order: Order, disputes: Sequence[Dispute]) -> list[Ticket]:
        """Return the tickets that the won disputes of a payment have voided; none while it has another dispute."""
        of_payment = [dispute for dispute in disputes if dispute.payment_id == payment_id]
        ids = {ticket_id for dispute in of_payment if not dispute.is_settled for ticket_id in dispute.voided}
        if not ids or not _is_last(of_payment):
            return []
        tickets = self.releases.tickets.of_orders([order.id])
        return [ticket for ticket in tickets if ticket.id in ids and ticket.state is TicketState.VOID]

    def _noted(self, before: Order, after: Order, restored: int) -> OrderChange:
        record = partial(record_dispute, self.audit, RECORD, before, after, restored)
        return OrderChange(before=before, after=after, record=record)


def _is_known(won: DisputeWon, order: Order) -> bool:
    known = find_dispute(order, won.dispute_id)
    return known is not None and known.is_won


def _is_last(of_payment: Sequence[Dispute]) -> bool:
    """Return whether no dispute of a payment is open or lost."""
    return all(dispute.is_won for dispute in of_payment)


def _with_won(won: DisputeWon, order: Order) -> list[Dispute]:
    """Return the disputes of an order, of which this one is won."""
    known = find_dispute(order, won.dispute_id) or Dispute(id=won.dispute_id, payment_id=won.payment_id)
    others = [dispute for dispute in order.disputes if dispute.id != won.dispute_id]
    return [*others, replace(known, is_won=True)]


def _settled(payment_id: str, disputes: Sequence[Dispute]) -> list[Dispute]:
    """Return the disputes, of which those of a payment are settled."""
    others = [dispute for dispute in disputes if dispute.payment_id != payment_id]
    return [*others, *[replace(dispute, is_settled=True) for dispute in disputes if dispute.payment_id == payment_id]]


def _without(ticket_ids: Sequence[str], disputes: Sequence[Dispute]) -> list[Dispute]:
    """Return the disputes, for which these tickets are void no more."""
    left = [[ticket_id for ticket_id in dispute.voided if ticket_id not in ticket_ids] for dispute in disputes]
    return [replace(dispute, voided=voided) for dispute, voided in zip(disputes, left, strict=True)]


def _flag_without(order: Order, disputes: Sequence[Dispute]) -> str:
    """Return the flag of an order; that of a dispute goes with the last one that is not won."""
    if order.flag == payment_flags.DISPUTED and all(dispute.is_won for dispute in disputes):
        return ""
    return order.flag


def _seats_of(order: Order, tickets: Sequence[Ticket]) -> list[SeatRequest]:
    """Return the requests for the seats of tickets, to be sold to their order again."""
    labels: dict[str, list[str]] = {}
    for ticket in tickets:
        if ticket.seat:
            labels.setdefault(ticket.tier_id, []).append(ticket.seat)
    return [
        SeatRequest(holder=order.seat_holder, tier_id=tier_id, quantity=len(seats), labels=tuple(seats), sold=True)
        for tier_id, seats in labels.items()
    ]
