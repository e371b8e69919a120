"""What pages say in words: dates and hours as the letters say them, places left, minutes to wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext, ngettext

from core.i18n import day_in_words, hours_in_words, number_in_words
from pages.locale import speaking


def day(date: str) -> str:
    """Return a date in full."""
    return day_in_words(speaking(), date)


def short_day(date: str) -> str:
    """Return a date without the year, where that is clear."""
    return day_in_words(speaking(), date, speaking().short_day)


def brief_day(date: str) -> str:
    """Return a date without the year, its weekday cut short."""
    return day_in_words(speaking(), date, speaking().brief_day)


def hours(slot: str) -> str:
    """Return a slot as it is said."""
    return hours_in_words(speaking(), slot)


def number(value: int) -> str:
    """Return a number with its thousands apart."""
    return number_in_words(speaking(), value)


def places(remaining: int) -> str:
    """Return how many places are left, as it is said of one slot."""
    if remaining == 0:
        return str(gettext("Full: waiting list"))
    return str(ngettext("%(number)s place left", "%(number)s places left", remaining, number=number(remaining)))


def minutes(seconds: int) -> str:
    """Return a time to wait, rounded up to whole minutes, as what follows "in"."""
    whole = max(1, -(-seconds // 60))
    return str(ngettext("a minute", "%(number)s minutes", whole, number=number(whole)))


# What scripts count has a form for each of CLDR's plurals, by the names that Intl.PluralRules gives them.
FORMS = (("one", 1), ("other", 2))


def for_scripts() -> Mapping[str, Any]:
    """Return what the booking page's scripts say; they put hours and numbers in the place of {hours} and {number}."""
    hours = "{hours}"
    return {
        "sending": gettext("One moment…"),
        "closed": gettext("Closed"),
        "full": gettext("Full: waiting list"),
        "places": {
            name: ngettext("%(number)s place left", "%(number)s places left", count, number="{number}")
            for name, count in FORMS
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
