"""E-mails of reservations and offers: confirmation, cancellation, and tickets held for the first in line."""

from __future__ import annotations

from datetime import datetime

from accounts.model import Account
from events.model import Event
from notifications.outbox.model import EmailTemplate, OutboxEmail
from notifications.outbox.new_email import NewEmail, block
from orders.holds.model import Hold
from orders.reservations.model import DueEmail, Reservation

RESERVATION = EmailTemplate("reservation")
RESERVATION_CANCELLED = EmailTemplate("reservation_cancelled")
TIER_OFFER = EmailTemplate("tier_offer", ordered=False)
TEMPLATES = (RESERVATION, RESERVATION_CANCELLED, TIER_OFFER)
OF_RESERVATION = {DueEmail.BOOKED: RESERVATION, DueEmail.CANCELLED: RESERVATION_CANCELLED}


def due_emails(
    reservation: Reservation, event: Event, account: Account, blocked_by: str | None = None
) -> list[OutboxEmail]:
    """Return the due e-mails of a reservation in order; each is blocked by the one before, the first as given."""
    context = {**_context(event, account, reservation.tier_id), "seat": reservation.seat}
    new = NewEmail(subject=reservation.id, to=account.email, context=context, now=reservation.updated_at)
    emails: list[OutboxEmail] = []
    for due in reservation.due_emails:
        email = block(new.build(OF_RESERVATION[due], due.value), blocked_by)
        emails.append(email)
        blocked_by = email.id
    return emails


def offer(hold: Hold, event: Event, account: Account) -> OutboxEmail:
    """Return the e-mail of an offer: tickets are held for the person until a time."""
    item = hold.items[0]
    context = {
        **_context(event, account, item.tier_id),
        "seat": ", ".join(item.seats),
        "quantity": str(item.quantity),
        "untilDay": hold.expires_at.date().isoformat(),
        "untilTime": _time(hold.expires_at),
        "holdId": hold.id,
    }
    return NewEmail(subject=hold.id, to=account.email, context=context, now=hold.created_at).build(TIER_OFFER, "offer")


def _context(event: Event, account: Account, tier_id: str) -> dict[str, str]:
    return {
        "event": event.title,
        "date": event.date.date().isoformat(),
        "time": _time(event.date),
        "venue": event.venue,
        "tier": event.tier(tier_id).name,
        "fullName": account.name,
        "language": account.language,
    }


def _time(moment: datetime) -> str:
    return moment.strftime("%H:%M")
