"""Error messages of buying tickets, by error code, in the language of the page; each says what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from core.errors import DomainError, Invalid
from inventory.errors import InsufficientStock
from orders.seats.errors import SeatTaken
from pages.error_messages import message_for
from pages.formatting import number

# Codes that only the API, reservations or the back office return.
NOT_SHOWN = frozenset(
    {
        "bad_signature",
        "idempotency_key_required",
        "not_checked_in",
        "ticket_void",
        "wrong_event",
    }
)
MESSAGES: Mapping[str, Any] = {
    "already_checked_in": _(
        "A ticket of this order was used at the entrance, so the order cannot be cancelled. Please ask the organiser."
    ),
    "event_cancelled": _("This event was cancelled. Please choose another one."),
    "event_not_found": _("This event is no longer there. Please choose another one."),
    "hold_expired": _("The time has ended, and your tickets were given back. Please choose them again."),
    "hold_not_found": _("These tickets are not held for you. Please choose them again."),
    "mixed_currencies": _(
        "Tickets in two currencies cannot be paid together. Pay for what is in your cart or empty it, then choose "
        "these tickets."
    ),
    "order_not_found": _("There is no such order in your account. Your orders are listed on their own page."),
    "order_not_paid": _("Only a paid order can be cancelled."),
    "payment_declined": _(
        "The payment was declined, and you were not charged. The time has ended: please choose your tickets again."
    ),
    "payment_token_unknown": _("Choose how you want to pay."),
    "request_in_progress": _("Your order is being placed. Please wait a moment before you look again."),
    "sales_closed": _("These tickets are no longer on sale. Please choose others."),
    "ticket_not_found": _(
        "This ticket is not yours, or is no longer there. Your tickets are listed on their own page."
    ),
    "ticket_not_transferable": _("This ticket was used, cancelled or passed on, so it cannot be passed on any more."),
    "tickets_transferred": _(
        "You have passed on a ticket of this order, so the order cannot be cancelled. Please ask the organiser."
    ),
    "tier_not_found": _("These tickets are no longer offered. Please choose others."),
    "too_late_to_cancel": _("The event has begun, so the order cannot be cancelled. Please ask the organiser."),
}
# While the hold lasts.
DECLINED_BUT_HELD = _(
    "The payment was declined, and you were not charged. Your tickets are still held: please choose another way to pay."
)


def sentence_for(error: DomainError) -> str:
    """Return the message for a person, or nothing if there is none."""
    if isinstance(error, SeatTaken):
        return _seats_taken(error)
    if isinstance(error, InsufficientStock):
        return _too_few(error)
    if isinstance(error, Invalid) and "items" in error.errors:
        return str(gettext("That is more than one order may hold, or it names a seat that is not there."))
    if error.code in MESSAGES:
        return str(MESSAGES[error.code])
    return message_for(error)


def _too_few(error: InsufficientStock) -> str:
    tier = str(error.extra.get("tier", ""))
    left = int(error.extra.get("remaining", 0))
    if not tier:
        return str(gettext("There are not enough tickets left. Please choose fewer or others."))
    if not left:
        return str(gettext("%(tier)s is sold out. Please choose other tickets, or join the waiting list.", tier=tier))
    return str(
        ngettext(
            "Only %(number)s ticket of %(tier)s is left. Please choose fewer, or other tickets.",
            "Only %(number)s tickets of %(tier)s are left. Please choose fewer, or other tickets.",
            left,
            number=number(left),
            tier=tier,
        )
    )


def _seats_taken(error: SeatTaken) -> str:
    seats = ", ".join(map(str, error.extra.get("seats", ())))
    if not seats:
        return str(gettext("A seat that you chose was taken meanwhile. Please choose another one."))
    return str(gettext("These seats were taken meanwhile: %(seats)s. Please choose others.", seats=seats))
