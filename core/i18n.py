"""Internationalisation: the supported languages, their catalogues, and their formats of dates, hours and numbers.

English is the language of the sources, so it has no catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale, dates
from babel.core import UnknownLocaleError, get_global
from babel.numbers import format_currency as _format_currency
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations

CATALOGUES = Path(__file__).resolve().parent.parent / "translations"
# Patterns of CLDR.
TWENTY_FOUR_HOURS = "HH:mm"
TWELVE_HOURS = "h:mm a"
SLOT_LABEL = re.compile(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})")


@dataclass(frozen=True)
class Language:
    """A language: its ISO 639 code, its own name, and its date patterns (CLDR)."""

    code: str
    name: str
    locale: str
    day: str
    short_day: str
    brief_day: str
    day_of_month: str
    month: str = "LLLL y"

    @property
    def translations(self) -> NullTranslations:
        return catalogue(self.code)

    @property
    def territories(self) -> Mapping[str, str]:
        """The names of countries by ISO 3166 code."""
        names: Mapping[str, str] = Locale.parse(self.locale).territories
        return names

    @property
    def weekdays(self) -> Sequence[str]:
        """The names of the weekdays, Monday first."""
        names = Locale.parse(self.locale).days["stand-alone"]["wide"]
        return [str(names[day]) for day in range(7)]


ENGLISH = Language(
    "en",
    "English",
    "en_GB",
    day="EEEE d MMMM y",
    short_day="EEEE d MMMM",
    brief_day="EEE d MMMM",
    day_of_month="d MMM",
)
GERMAN = Language(
    "de",
    "Deutsch",
    "de_DE",
    day="EEEE, d. MMMM y",
    short_day="EEEE, d. MMMM",
    brief_day="EEE, d. MMMM",
    day_of_month="d. MMM",
)
LANGUAGES: Mapping[str, Language] = {language.code: language for language in (ENGLISH, GERMAN)}


def get_language(code: str | None) -> Language:
    """Return the language `code`; English if unknown or missing."""
    return LANGUAGES.get(code or "", ENGLISH)


@cache
def catalogue(code: str) -> NullTranslations:
    """Return the catalogue of the language `code`, loaded once."""
    return Translations.load(CATALOGUES, [code])


def format_date(language: Language, text: str, pattern: str = "") -> str:
    """Format the date `text` (YYYY-MM-DD), such as Thursday 5 March 2026; other texts stay unchanged."""
    try:
        day = date.fromisoformat(str(text))  # str() of an undefined template variable raises UndefinedError
    except ValueError:
        return text
    return dates.format_date(day, pattern or language.day, locale=language.locale)


def has_twelve_hours(tag: str) -> bool:
    """Return whether people of a locale such as en-US read a clock of twelve hours; False without a region."""
    if "-" not in tag:
        return False
    try:
        return "h" in Locale.parse(tag, sep="-").time_formats["short"].pattern
    except (ValueError, TypeError, UnknownLocaleError):
        return False


def format_time_range(language: Language, text: str, pattern: str = TWENTY_FOUR_HOURS, joint: str = "") -> str:
    """Format the hours `text` (HH:MM-HH:MM), such as 10:00 to 11:00; other texts stay unchanged.

    `joint` stands between the two times instead of the word.
    """
    hours = SLOT_LABEL.fullmatch(str(text))
    if hours is None:
        return text
    try:
        start = _format_time(language, hours[1], pattern)
        end = _format_time(language, hours[2], pattern)
    except ValueError:
        return text
    if joint:
        return f"{start}{joint}{end}"
    return language.translations.gettext("%(start)s to %(end)s") % {"start": start, "end": end}


def format_number(language: Language, number: int) -> str:
    """Format a whole number with group separators."""
    return format_decimal(number, locale=language.locale)


def format_currency(language: Language, amount: Decimal, currency: str) -> str:
    """Format an amount of money with its currency, such as US$25.00."""
    return _format_currency(amount, currency, locale=language.locale)


def format_clock_time(language: Language, local: datetime) -> str:
    """Format the hour of a time in its own zone, with the zone's short name, such as 19:00 CET."""
    zone = str(dates.get_timezone_name(local, "short", locale=language.locale))
    if not zone.isalpha():
        zone = local.tzname() or zone
    return f"{dates.format_time(local, 'HH:mm', tzinfo=local.tzinfo, locale=language.locale)} {zone}"


def format_local_day(language: Language, day: str, hour: str, timezone: str) -> str:
    """Format the local date of a UTC date and hour (YYYY-MM-DD, HH:MM); other texts as `format_date` does."""
    local = _local(day, hour, timezone)
    if local is None:
        return format_date(language, day)
    return format_date(language, local.date().isoformat())


def format_local_time(language: Language, day: str, hour: str, timezone: str) -> str:
    """Format the local hour of a UTC date and hour with the zone's short name, such as 19:00 CET.

    An hour without a date stays in UTC.
    """
    local = _local(day, hour, timezone)
    if local is None:
        return f"{hour} UTC"
    return format_clock_time(language, local)


def iana_zone(name: str) -> str:
    """Return the IANA name of a time zone of Windows, as its calendars write it; other names stay unchanged."""
    return str(get_global("windows_zone_mapping").get(name, name))


def _local(day: str, hour: str, timezone: str) -> datetime | None:
    try:
        # str() of an undefined template variable raises UndefinedError.
        moment = datetime.combine(date.fromisoformat(str(day)), time.fromisoformat(str(hour)), UTC)
        return moment.astimezone(ZoneInfo(timezone))
    except (ValueError, OverflowError):
        return None


def _format_time(language: Language, text: str, pattern: str) -> str:
    return dates.format_time(time.fromisoformat(text), pattern, locale=language.locale)
