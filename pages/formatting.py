"""What pages say in words: dates and hours as the letters say them, places left, minutes to wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext, ngettext

from core.i18n import format_date, format_number, format_time_range
from pages.locale import current_language


def day(date: str) -> str:
    """Return a date in full."""
    return format_date(current_language(), date)


def short_day(date: str) -> str:
    """Return a date without the year, where that is clear."""
    return format_date(current_language(), date, current_language().short_day)


def brief_day(date: str) -> str:
    """Return a date without the year, its weekday cut short."""
    return format_date(current_language(), date, current_language().brief_day)


def hours(slot: str) -> str:
    """Return a slot as it is said."""
    return format_time_range(current_language(), slot)


def number(value: int) -> str:
    """Return a number with its thousands apart."""
    return format_number(current_language(), value)


def places(remaining: int) -> str:
    """Return how many places are left, as it is said of one slot."""
    if remaining == 0:
        return str(gettext("Full: waiting list"))
    return str(ngettext("%(number)s place left", "%(number)s places left", remaining, number=number(remaining)))


def format_wait(seconds: int) -> str:
    """Return a time to wait, rounded up to whole minutes, as what follows "in"."""
    whole = max(1, -(-seconds // 60))
    return str(ngettext("a minute", "%(number)s minutes", whole, number=number(whole)))


# What scripts count has a form for each of CLDR's plurals, by the names that Intl.PluralRules gives them.
PLURAL_FORMS = (("one", 1), ("other", 2))


def client_messages() -> Mapping[str, Any]:
    """Return what the booking page's scripts say; they put hours and numbers in the place of {hours} and {number}."""
    hours = "{hours}"
    return {
        "sending": gettext("One moment…"),
        "closed": gettext("Closed"),
        "full": gettext("Full: waiting list"),
        "places": {
            name: ngettext("%(number)s place left", "%(number)s places left", count, number="{number}")
            for name, count in PLURAL_FORMS
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
