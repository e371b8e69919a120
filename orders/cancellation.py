"""Cancellation and partial refund of paid orders: tickets void, stock back and a pending refund in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from audit.service import Audit
from core.clock import Clock
from core.ids import new_id
from core.mongo.transactions import Session
from orders.errors import OrderNotFound, OrderNotPaid, TicketsTransferred, TooLateToCancel
from orders.event_cache import EventCache
from orders.model import Order, OrderState, Refund, RefundState
from orders.order_change import ChangeOrder, OrderChange, changed
from orders.purchase_emails import OrderEmails
from orders.refunds import ExecuteRefunds
from orders.tickets.codes import normalize_code
from orders.tickets.errors import TicketNotFound, TicketVoid
from orders.tickets.model import Ticket, TicketState
from orders.tickets.refusals import already_checked_in
from orders.tickets.store import TicketStore


@dataclass(frozen=True)
class Releases:
    """Decides which stock the tickets of an order release, and makes the refund."""

    tickets: TicketStore
    events: EventCache
    emails: OrderEmails
    clock: Clock

    def valid_tickets(self, order: Order) -> list[Ticket]:
        """Return the valid tickets of an order; raises AlreadyCheckedIn if one was used."""
        valid = []
        for ticket in self.tickets.of_orders([order.id]):
            if ticket.state is TicketState.CHECKED_IN:
                raise already_checked_in(ticket)
            if ticket.state is TicketState.VALID:
                valid.append(ticket)
        return valid

    def claims_of(self, order: Order, tickets: Sequence[Ticket]) -> dict[str, int]:
        """Return the negative counts by stock id; a pool counts only if the order claimed it."""
        released: Counter[str] = Counter()
        for ticket in tickets:
            event = self.events.get(ticket.event_id)
            stock = [ticket.tier_id, event.pool.id if event.pool else ""]
            released.update(stock_id for stock_id in stock if stock_id in order.lines)
        return {stock_id: -count for stock_id, count in released.items()}

    def refund_of(self, order: Order, amount: int) -> Refund:
        """Return a new refund of an order's payment; its id is its key at the provider."""
        now = self.clock()
        return Refund(id=new_id(now), payment_id=order.payment_id, amount=amount, state=RefundState.PENDING, due_at=now)

    def change_of(self, order: Order, all_tickets: Sequence[Ticket], voided: Sequence[Ticket]) -> OrderChange:
        """Return the change that refunds `voided`, some of `all_tickets`; the last one cancels the order."""
        amount = sum(ticket.price for ticket in voided)
        refunds = [*order.refunds, self.refund_of(order, amount)] if amount else order.refunds
        used = sum(ticket.state in (TicketState.VALID, TicketState.CHECKED_IN) for ticket in all_tickets)
        is_last = used == len(voided)
        state = OrderState.CANCELLED if is_last else OrderState.PAID
        after = changed(order, state=state, refunds=refunds, changed_at=self.clock())
        return OrderChange(
            before=order,
            after=after,
            claims=self.claims_of(order, voided),
            voids=voided,
            emails=[self.emails.cancelled(after) if is_last else self.emails.refunded(after, amount)],
        )


@dataclass(frozen=True)
class CancelOrder:
    """Cancels paid orders."""

    change: ChangeOrder
    releases: Releases
    refunds: ExecuteRefunds
    audit: Audit

    def execute(self, account_id: str, order_id: str) -> Order:
        """Cancel an order of an account; a second call changes nothing.

        Raises OrderNotFound, OrderNotPaid, TooLateToCancel, TicketsTransferred and AlreadyCheckedIn.
        """
        return self._cancel(order_id, lambda order: self._of_buyer(order, account_id))

    def execute_as_admin(self, actor: str, order_id: str) -> Order:
        """Cancel an order at any time, as the back office does when it cancels an event."""
        return self._cancel(order_id, lambda order: self._decide(order, partial(self._record, actor, order.id)))

    def _cancel(self, order_id: str, decide: Callable[[Order], OrderChange | None]) -> Order:
        return self.refunds.execute_of(self.change.execute(order_id, decide))

    def _of_buyer(self, order: Order, account_id: str) -> OrderChange | None:
        if order.account_id != account_id:
            raise OrderNotFound
        if order.state is OrderState.PAID and self._has_begun(order):
            raise TooLateToCancel
        change = self._decide(order, None)
        if change and any(is_transferred(order, ticket) for ticket in change.voids):
            raise TicketsTransferred
        return change

    def _decide(self, order: Order, record: Callable[[Session], None] | None) -> OrderChange | None:
        if order.state is OrderState.CANCELLED:
            return None
        if order.state is not OrderState.PAID:
            raise OrderNotPaid
        tickets = self.releases.valid_tickets(order)
        # A refund at the provider may have given back more than the tickets of this service show.
        left = min(sum(ticket.price for ticket in tickets), order.total - order.refunded_of(order.payment_id))
        refunds = list(order.refunds)
        if left > 0:
            refunds.append(self.releases.refund_of(order, left))
        now = self.releases.clock()
        after = changed(order, state=OrderState.CANCELLED, refunds=refunds, changed_at=now)
        return OrderChange(
            before=order,
            after=after,
            claims=self.releases.claims_of(order, tickets),
            voids=tickets,
            emails=[self.releases.emails.cancelled(after)],
            record=record,
        )

    def _has_begun(self, order: Order) -> bool:
        now = self.releases.clock()
        return any(self.releases.events.get(item.event_id).date <= now for item in order.items)

    def _record(self, actor: str, order_id: str, session: Session) -> None:
        before = {"state": OrderState.PAID.value}
        self.audit.record(session, actor, "order.cancelled", order_id, before, {"state": OrderState.CANCELLED.value})


@dataclass(frozen=True)
class RefundTickets:
    """Refunds some tickets of a paid order."""

    change: ChangeOrder
    releases: Releases
    refunds: ExecuteRefunds
    audit: Audit

    def execute(self, actor: str, order_id: str, codes: Sequence[str]) -> Order:
        """Refund the tickets with `codes`, all or none; the order is cancelled with its last one.

        Raises OrderNotFound, OrderNotPaid, TicketNotFound, AlreadyCheckedIn and TicketVoid.
        """
        wanted = {normalize_code(code) for code in codes}
        order = self.change.execute(order_id, lambda order: self._decide(order, wanted, actor))
        return self.refunds.execute_of(order)

    def _decide(self, order: Order, wanted: set[str], actor: str) -> OrderChange:
        all_tickets = self.releases.tickets.of_orders([order.id])
        found = [ticket for ticket in all_tickets if ticket.code in wanted]
        if len(found) < len(wanted):
            raise TicketNotFound
        _require_valid(found)
        if order.state is not OrderState.PAID:
            raise OrderNotPaid
        change = self.releases.change_of(order, all_tickets, found)
        return replace(change, record=partial(self._record, actor, order, len(found)))

    def _record(self, actor: str, order: Order, count: int, session: Session) -> None:
        self.audit.record(session, actor, "order.tickets_refunded", order.id, {}, {"tickets": count})


@dataclass(frozen=True)
class WithdrawTickets:
    """Refunds all unused tickets of an order for an event that was cancelled."""

    change: ChangeOrder
    releases: Releases
    refunds: ExecuteRefunds

    def execute(self, order_id: str, event_id: str) -> Order:
        """Return the order after the refund; a second call changes nothing."""
        order = self.change.execute(order_id, lambda order: self._decide(order, event_id))
        return self.refunds.execute_of(order)

    def _decide(self, order: Order, event_id: str) -> OrderChange | None:
        all_tickets = self.releases.tickets.of_orders([order.id])
        found = [ticket for ticket in all_tickets if ticket.event_id == event_id]
        found = [ticket for ticket in found if ticket.state is TicketState.VALID]
        if order.state is not OrderState.PAID or not found:
            return None
        return self.releases.change_of(order, all_tickets, found)


def is_transferred(order: Order, ticket: Ticket) -> bool:
    """Return whether a valid ticket of an order belongs to another person than its buyer."""
    return ticket.state is TicketState.VALID and ticket.holder_id != order.account_id


def _require_valid(tickets: Sequence[Ticket]) -> None:
    for ticket in tickets:
        if ticket.state is TicketState.CHECKED_IN:
            raise already_checked_in(ticket)
        if ticket.state is not TicketState.VALID:
            raise TicketVoid
