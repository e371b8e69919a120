"""Texts of the event pages: availability in words, and the messages of their scripts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from core.i18n import format_date
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


def client_messages() -> Mapping[str, Any]:
    """Return the messages of the scripts, which replace {number} and {total}."""
    return {
        "levels": {level.value: str(text) for level, text in LEVEL_TEXTS.items()},
        "left": _count_left("{number}", "{total}"),
        "free": gettext("Free"),
        "tickets": {
            name: ngettext("%(count)s ticket", "%(count)s tickets", count, count="{number}")
            for name, count in PLURAL_FORMS
        },
    }


def _count_left(remaining: str, capacity: str) -> str:
    return str(gettext("%(remaining)s of %(capacity)s left", remaining=remaining, capacity=capacity))
