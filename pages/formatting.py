"""Template filters and messages: dates, hours and numbers in the language of the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext, ngettext

from core.i18n import format_date, format_number, format_time_range
from pages.locale import current_language


def day(date: str) -> str:
    """Return a date such as Thursday 5 March 2026."""
    return format_date(current_language(), date)


def short_day(date: str) -> str:
    """Return a date such as Thursday 5 March."""
    return format_date(current_language(), date, current_language().short_day)


def brief_day(date: str) -> str:
    """Return a date such as Thu 5 March."""
    return format_date(current_language(), date, current_language().brief_day)


def hours(slot: str) -> str:
    """Return the hours of a slot label, such as 10:00 to 11:00."""
    return format_time_range(current_language(), slot)


def number(value: int) -> str:
    """Return a number with group separators."""
    return format_number(current_language(), value)


def places(remaining: int) -> str:
    """Return the remaining places of a slot as a text."""
    if remaining == 0:
        return str(gettext("Full: waiting list"))
    return str(ngettext("%(number)s place left", "%(number)s places left", remaining, number=number(remaining)))


def format_wait(seconds: int) -> str:
    """Return a waiting time in whole minutes, rounded up, to follow the word "in"."""
    whole = max(1, -(-seconds // 60))
    return str(ngettext("a minute", "%(number)s minutes", whole, number=number(whole)))


# CLDR plural categories, as Intl.PluralRules names them, each with a number of that category.
PLURAL_FORMS = (("one", 1), ("other", 2))


def client_messages() -> Mapping[str, Any]:
    """Return the messages of the booking page's scripts, which replace {hours} and {number}."""
    hours = "{hours}"
    return {
        "sending": gettext("One moment…"),
        "closed": gettext("Closed"),
        "full": gettext("Full: waiting list"),
        "places": {
            name: ngettext("%(number)s place left", "%(number)s places left", count, number="{number}")
            for name, count in PLURAL_FORMS
        },
        "problems": {
            name: ngettext("Please check this", "Please check these %(count)s things", number, count="{number}")
            for name, number in PLURAL_FORMS
        },
        "nowClosed": gettext(
            "The hour you chose, %(hours)s, has just been closed. Please choose another one.", hours=hours
        ),
        "nowFull": gettext(
            "The hour you chose, %(hours)s, has just been filled. You can join its waiting list or choose another one.",
            hours=hours,
        ),
        "nowFree": gettext("The hour you chose, %(hours)s, has a place again.", hours=hours),
    }


FILTERS: Mapping[str, Callable[..., str]] = {
    "day": day,
    "short_day": short_day,
    "brief_day": brief_day,
    "hours": hours,
    "number": number,
    "places": places,
}
