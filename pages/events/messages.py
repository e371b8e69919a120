"""Texts of the event pages: availability in words, and the messages of their scripts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from core.errors import DomainError
from core.i18n import format_date
from orders.holds.model import MAX_QUANTITY
from pages.error_messages import message_for
from pages.events.view import Availability, Level, SaleState
from pages.formatting import PLURAL_FORMS, local_time, money, number
from pages.locale import current_language

LEVEL_TEXTS: Mapping[Level, Any] = {
    Level.MANY: _("Available"),
    Level.SOME: _("Going fast"),
    Level.FEW: _("Last tickets"),
    Level.NONE: _("Sold out"),
}
STATE_TEXTS: Mapping[SaleState, Any] = {
    SaleState.SALES_ENDED: _("Sales ended"),
    SaleState.PAST: _("Past"),
    SaleState.CANCELLED: _("Cancelled"),
}

REFUSALS: Mapping[str, Any] = {
    "already_booked": _("You have reserved a ticket of this event already. It is shown below."),
    "already_waiting": _("You are on this waiting list already. Your position is shown below."),
    "event_cancelled": _("This event was cancelled, so nothing more can be reserved. The list shows the other events."),
    "not_sold_out": _("Tickets have just come free. You can take one below."),
    "reservation_not_found": _("You have no reservation of this event. You can make one below while tickets are left."),
    "sales_closed": _("Sales of this event have ended. The list shows the events that are still on sale."),
    "sold_out": _("The last of these tickets has just been taken. You can join the waiting list below."),
    "tier_not_found": _("This kind of ticket is not offered any more. Please choose another one below."),
    "waitlist_full": _("The waiting list is full. Please look in again later: tickets may come free."),
}


def refusal_message(error: DomainError) -> str:
    """Return the message of a refused button, which leads on."""
    if error.code in REFUSALS:
        return str(REFUSALS[error.code])
    return message_for(error) or str(gettext("This did not work. Please try again."))


def badge(state: SaleState, availability: Availability) -> str:
    """Return the words of a badge."""
    return str(STATE_TEXTS.get(state, LEVEL_TEXTS[availability.level]))


def count_left(availability: Availability) -> str:
    """Return what is left, such as 8 of 100 left."""
    return _count_left(number(availability.remaining), number(availability.capacity))


def price(minor: int, currency: str) -> str:
    """Return the price of a ticket, or that it is free."""
    if minor == 0:
        return str(gettext("Free"))
    return money(minor, currency)


def month(moment: datetime) -> str:
    """Return the short name of a month, such as Mar."""
    return format_date(current_language(), local_time(moment).date().isoformat(), "LLL").rstrip(".")


def client_messages(most: int = MAX_QUANTITY) -> Mapping[str, Any]:
    """Return the messages of the scripts, which replace {number} and {total}; `most` bounds a quantity."""
    return {
        "levels": {level.value: str(text) for level, text in LEVEL_TEXTS.items()},
        "most": most,
        "left": _count_left("{number}", "{total}"),
        "free": gettext("Free"),
        "locale": current_language().locale.replace("_", "-"),
        "fewer": gettext("One ticket fewer"),
        "more": gettext("One ticket more"),
        "none": gettext("No tickets chosen"),
        "choose": gettext("Choose at least one ticket."),
        "soldOut": gettext("%(tier)s has just sold out; you can join the waiting list.", tier="{tier}"),
        "onSale": gettext("Tickets of %(tier)s have just come free.", tier="{tier}"),
        "best": {
            name: ngettext("Take the best seat", "Take the best %(number)s seats", count, number="{number}")
            for name, count in PLURAL_FORMS
        },
        "taken": gettext("taken"),
        "seatLost": gettext("Seat %(seat)s was taken by somebody else.", seat="{seat}"),
        "seatsLeft": gettext("You have %(seats)s.", seats="{seats}"),
        "seatsNone": gettext("You have no seat."),
        "atMost": gettext("at most %(number)s", number="{number}"),
        "tickets": {
            name: ngettext("%(count)s ticket", "%(count)s tickets", count, count="{number}")
            for name, count in PLURAL_FORMS
        },
    }


def _count_left(remaining: str, capacity: str) -> str:
    return str(gettext("%(remaining)s of %(capacity)s left", remaining=remaining, capacity=capacity))
