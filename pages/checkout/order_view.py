"""View models of orders: badge, possible actions, and tickets with QR pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup

from core.web import context
from events.model import Event, EventStatus
from events.service import Events
from orders.cancellation import is_transferred
from orders.model import Order, OrderState, RefundState
from orders.tickets import qr
from orders.tickets.model import Ticket, TicketState
from pages.checkout.hold_view import EventLines, lines_by_event

# The name of a state and the look of its badge.
ORDER_BADGES: Mapping[str, tuple[Any, str]] = {
    "PENDING": (_("Being checked"), "wait"),
    "PAID": (_("Paid"), "good"),
    "DECLINED": (_("Declined"), "ended"),
    "EXPIRED": (_("Not paid in time"), "ended"),
    "CANCELLED": (_("Cancelled"), "ended"),
    "REFUNDED": (_("Refunded"), "ended"),
}
TICKET_BADGES: Mapping[TicketState, tuple[Any, str]] = {
    TicketState.VALID: (_("Valid"), "good"),
    TicketState.CHECKED_IN: (_("Used"), "wait"),
    TicketState.TRANSFERRED: (_("Passed on"), "ended"),
    TicketState.VOID: (_("Void"), "ended"),
}
REFUND_TEXTS: Mapping[RefundState, Any] = {
    RefundState.PENDING: _("on its way"),
    RefundState.SUCCEEDED: _("paid back"),
    RefundState.FAILED: _("failed: please ask the organiser"),
}
QR_SCALE = 4
# Light modules around the picture, beside the white padding of its box.
QR_BORDER = 2


@dataclass(frozen=True)
class TicketView:
    """A ticket, one of `count` for its event on the page; `event` is None if it is no longer public."""

    ticket: Ticket
    event: Event | None
    number: int = 1
    count: int = 1

    @property
    def label(self) -> str:
        """The seat, or which of the tickets for the event it is."""
        if self.ticket.seat:
            return str(gettext("Seat %(seat)s", seat=self.ticket.seat))
        return str(gettext("Ticket %(number)s of %(count)s", number=self.number, count=self.count))

    @property
    def badge(self) -> tuple[Any, str]:
        """Name and look of the state."""
        return TICKET_BADGES[self.ticket.state]

    @property
    def is_valid(self) -> bool:
        """Whether it admits a person."""
        return self.ticket.state is TicketState.VALID

    @property
    def title(self) -> str:
        """Title of the event, or the tier without it."""
        if self.event:
            return self.event.title
        return self.ticket.tier_label

    @property
    def picture(self) -> Markup:
        """The QR picture as SVG for this page."""
        code = qr.picture(self.ticket.code)
        return Markup(code.svg_inline(scale=QR_SCALE, border=QR_BORDER, omitsize=True, svgclass=None, lineclass=None))  # noqa: S704 # nosec


@dataclass(frozen=True)
class OrderView:
    """An order with the tickets that the buyer still has."""

    order: Order
    events: Sequence[EventLines]
    tickets: Sequence[TicketView]
    now: datetime
    # Whether another person holds one of its valid tickets.
    has_transferred: bool

    @property
    def badge(self) -> tuple[Any, str]:
        """Name and look of the state."""
        return ORDER_BADGES[self.order.status]

    @property
    def valid_tickets(self) -> int:
        """Number of the tickets that admit a person."""
        return sum(ticket.is_valid for ticket in self.tickets)

    @property
    def can_cancel(self) -> bool:
        """Whether the buyer may cancel: paid, nothing begun, nothing used, nothing passed on."""
        if self.order.state is not OrderState.PAID or self.has_transferred:
            return False
        if any(ticket.ticket.state is TicketState.CHECKED_IN for ticket in self.tickets):
            return False
        return all(lines.event and lines.event.date > self.now for lines in self.events)

    @property
    def refund_text(self) -> str:
        """Return the state of the money that goes back, or nothing."""
        states = {refund.state for refund in self.order.refunds}
        for state in (RefundState.PENDING, RefundState.FAILED, RefundState.SUCCEEDED):
            if state in states:
                return str(REFUND_TEXTS[state])
        return ""

    @property
    def refund_amount(self) -> int:
        """Sum of all refunds in minor units."""
        return sum(refund.amount for refund in self.order.refunds)

    @property
    def has_calendar(self) -> bool:
        """Whether an event of the order takes place."""
        return any(lines.event and lines.event.status is EventStatus.PUBLISHED for lines in self.events)

    @property
    def seconds_left(self) -> int:
        """Seconds until an open order ends by itself."""
        return max(0, int((self.order.hold_until - self.now).total_seconds()))


def order_view(order: Order, tickets: Sequence[Ticket]) -> OrderView:
    """Return the view of an order; `tickets` are all of its tickets."""
    events = lines_by_event(order.items)
    by_id = {lines.event_id: lines.event for lines in events}
    own = [TicketView(ticket, by_id.get(ticket.event_id)) for ticket in tickets if _is_own(order, ticket)]
    has_transferred = any(is_transferred(order, ticket) for ticket in tickets)
    return OrderView(order, events, numbered(own), context.get_service(Events).clock(), has_transferred)


def numbered(views: Sequence[TicketView]) -> Sequence[TicketView]:
    """Return the views, each with its number among those for the same event."""
    counts = Counter(view.ticket.event_id for view in views)
    numbers: Counter[str] = Counter()
    found = []
    for view in views:
        event_id = view.ticket.event_id
        numbers[event_id] += 1
        found.append(replace(view, number=numbers[event_id], count=counts[event_id]))
    return found


def _is_own(order: Order, ticket: Ticket) -> bool:
    """Return whether the buyer still holds the ticket; the code of another holder is not shown."""
    return ticket.holder_id == order.account_id and ticket.state is not TicketState.TRANSFERRED
