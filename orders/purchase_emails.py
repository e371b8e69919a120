"""E-mails of orders and tickets: paid, cancelled, refunded, restored, transferred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal

from core.clock import Clock
from core.i18n import format_currency, get_language
from events.errors import EventNotFound
from events.model import Event, EventStatus
from events.money import Money
from notifications.outbox.model import EmailTemplate, OutboxEmail
from notifications.outbox.new_email import NewEmail
from orders.event_cache import EventCache
from orders.holds.model import HeldItem
from orders.model import Order
from orders.tickets.calendar_file import calendar_facts
from orders.tickets.model import Ticket

PAID = EmailTemplate("order_paid", ordered=False)
REFUNDED = EmailTemplate("order_refunded", ordered=False)
CANCELLED = EmailTemplate("order_cancelled", ordered=False)
RESTORED = EmailTemplate("order_restored", ordered=False)
TRANSFERRED = EmailTemplate("ticket_transferred", ordered=False)
TEMPLATES = (PAID, REFUNDED, CANCELLED, RESTORED, TRANSFERRED)


@dataclass(frozen=True)
class OrderEmails:
    """Makes e-mails as values; the change of the order enqueues them in its transaction."""

    events: EventCache
    clock: Clock
    public_url: str

    def paid(self, order: Order, tickets: Sequence[Ticket]) -> OutboxEmail:
        """Return the e-mail with the tickets of a paid order: one for each order."""
        context = {
            "orderLines": self._lines(order),
            "ticketCodes": "\n".join(ticket.code for ticket in tickets),
            "ticketTiers": "\n".join(ticket.tier_label for ticket in tickets),
            "ticketSeats": "\n".join(ticket.seat for ticket in tickets),
            **calendar_facts(self._events_of(order)),
        }
        return self._to_buyer(order, order.total, context).build(PAID, "paid")

    def refunded(self, order: Order, amount: int) -> OutboxEmail:
        """Return the e-mail about money that goes back, of an order that keeps its other tickets or got none."""
        return self._to_buyer(order, amount, {}).build(REFUNDED)

    def cancelled(self, order: Order) -> OutboxEmail:
        """Return the e-mail of a cancelled order: one for each order."""
        return self._to_buyer(order, order.refunded, {}).build(CANCELLED, "cancelled")

    def restored(self, order: Order, dispute_id: str) -> OutboxEmail:
        """Return the e-mail of an order whose tickets are valid again after a won dispute.

        It has no codes: another person may have got some of the tickets since.
        """
        return self._to_buyer(order, order.total, {}).build(RESTORED, f"restored-{dispute_id}")

    def transferred(self, ticket: Ticket, language: str, sender: str) -> OutboxEmail:
        """Return the e-mail with the new code of a transferred ticket."""
        event = self.events.get(ticket.event_id)
        context = {
            "event": event.title,
            "fullName": ticket.holder_name or ticket.holder_email,
            "language": language,
            "giver": sender,
            "ticketsUrl": f"{self.public_url}/my/tickets",
            **_place_of(event),
            "ticketCodes": ticket.code,
            "ticketTiers": ticket.tier_label,
            "ticketSeats": ticket.seat,
            **calendar_facts([event]),
        }
        email = NewEmail(subject=ticket.order_id, to=ticket.holder_email, context=context, now=self.clock())
        # Its id begins with `transfer_subject`, by which it is erased.
        return email.build(TRANSFERRED, f"transfer-{ticket.id}-1")

    def has_unsold_event(self, order: Order, *, cached: bool = False) -> bool:
        """Return whether an event of the order is no longer published: cancelled, a draft again, or deleted.

        With `cached` the events are of at most a second ago: for a decision that the transaction checks again.
        """
        read = self._event if cached else self._stored
        for event_id in {item.event_id for item in order.items}:
            event = read(event_id)
            if event is None or event.status is not EventStatus.PUBLISHED:
                return True
        return False

    def _to_buyer(self, order: Order, amount: int, context: dict[str, str]) -> NewEmail:
        titles = dict.fromkeys(map(self._title, order.items))
        common = {
            "event": ", ".join(titles),
            "fullName": order.name,
            "language": order.language,
            "orderId": order.id,
            "amount": _amount(order, amount),
            "orderUrl": f"{self.public_url}/orders/{order.id}",
            **self._place(order.items[0].event_id),
        }
        return NewEmail(subject=order.id, to=order.email, context=common | context, now=self.clock())

    def _place(self, event_id: str) -> dict[str, str]:
        event = self._event(event_id)
        if event is None:
            return {}
        return _place_of(event)

    def _events_of(self, order: Order) -> list[Event]:
        found = [self._event(event_id) for event_id in dict.fromkeys(item.event_id for item in order.items)]
        return [event for event in found if event]

    def _title(self, item: HeldItem) -> str:
        """Return the title of an item's event, or the name of its tier if the event was deleted."""
        event = self._event(item.event_id)
        return event.title if event else item.name

    def _event(self, event_id: str) -> Event | None:
        """Return an event of at most a second ago, also a draft; None if it was deleted."""
        try:
            return self.events.get(event_id)
        except EventNotFound:
            return self._stored(event_id)

    def _stored(self, event_id: str) -> Event | None:
        """Return an event as it is now, also a draft; None if it was deleted."""
        try:
            return self.events.events.store.get(event_id)
        except EventNotFound:
            return None

    def _lines(self, order: Order) -> str:
        lines = []
        for item in order.items:
            price = _amount(order, item.price * item.quantity)
            lines.append(f"{item.quantity} x {item.name}, {self._title(item)}: {price}")
        return "\n".join(lines)


def transfer_subject(order_id: str, ticket_id: str) -> str:
    """Return the subject of the e-mail about a transferred ticket; it is about the order too."""
    return f"{order_id}-transfer-{ticket_id}"


def _amount(order: Order, minor: int) -> str:
    """Return an amount of minor units as the pages write it, such as US$25.00."""
    amount = Decimal(str(Money(minor, order.currency)))
    return format_currency(get_language(order.language), amount, order.currency)


def _place_of(event: Event) -> dict[str, str]:
    start = event.date.astimezone(UTC)
    return {"eventDay": start.date().isoformat(), "eventTime": f"{start:%H:%M}", "venue": event.venue}
