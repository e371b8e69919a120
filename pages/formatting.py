"""Template filters and messages: dates, hours, numbers and money in the language of the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext, ngettext

from core.i18n import format_clock_time, format_currency, format_date, format_number, format_time_range
from core.web import context
from events.money import Money
from pages.locale import clock_pattern, current_language
from schedules.service import Schedules


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
    """Return the hours of a slot label, such as 10:00 to 11:00, or 10:00 AM to 11:00 AM in an American browser."""
    return format_time_range(current_language(), slot, clock_pattern())


EN_DASH = "\u2013"
# The end of a time on a clock of twelve hours.
HALF_OF_DAY = re.compile(r" [ap]m$", re.IGNORECASE)


def brief_hours(slot: str) -> str:
    """Return the hours of a slot label, short, with a dash; full hours of a clock of twelve have no minutes."""
    text = format_time_range(current_language(), slot, clock_pattern(), EN_DASH)
    if not HALF_OF_DAY.search(text):
        return text
    start, _, end = text.replace(":00 ", " ").partition(EN_DASH)
    if start[-2:] == end[-2:]:
        start = HALF_OF_DAY.sub("", start)
    return f"{start}{EN_DASH}{end}"


def number(value: int) -> str:
    """Return a number with group separators."""
    return format_number(current_language(), value)


def money(minor: int, currency: str) -> str:
    """Return an amount of minor units with its currency, such as US$25.00."""
    return format_currency(current_language(), Decimal(str(Money(minor, currency))), currency)


def moment_day(moment: datetime) -> str:
    """Return the date of a time in the zone of the schedule, such as Thursday 5 March 2026."""
    return format_date(current_language(), local_time(moment).date().isoformat())


def moment_time(moment: datetime) -> str:
    """Return the hour of a time in the zone of the schedule with the zone's name, such as 19:00 CET."""
    return format_clock_time(current_language(), local_time(moment))


def local_time(moment: datetime) -> datetime:
    """Return an aware time in the zone of the schedule."""
    return moment.astimezone(ZoneInfo(context.get_service(Schedules).schedule.timezone))


def places(remaining: int) -> str:
    """Return the remaining places of a slot as a text."""
    if remaining == 0:
        return str(gettext("Full: waiting list"))
    return str(ngettext("%(number)s place left", "%(number)s places left", remaining, number=number(remaining)))


def too_few_places(remaining: int, needed: int) -> str:
    """Return the remaining places of a slot that are fewer than a party needs as a text."""
    return str(gettext("%(left)s, you need %(needed)s", left=places(remaining), needed=number(needed)))


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
        "short": gettext("%(places)s, too few", places="{places}"),
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
    "brief_hours": brief_hours,
    "number": number,
    "money": money,
    "moment_day": moment_day,
    "moment_time": moment_time,
    "places": places,
    "too_few_places": too_few_places,
}
