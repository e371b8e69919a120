"""The languages that guests are spoken to in: their catalogues, and how each says dates, hours and numbers.

English is the language of the sources, so it has no catalogue: a sentence without a translation is its own English.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from pathlib import Path

from babel import Locale, dates
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations

CATALOGUES = Path(__file__).resolve().parent.parent / "translations"
SLOT_LABEL = re.compile(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})")


@dataclass(frozen=True)
class Language:
    """A language: its code for people's browsers, its own name, and the patterns of its dates (CLDR)."""

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
        """Return the catalogue."""
        return catalogue(self.code)

    @property
    def territories(self) -> Mapping[str, str]:
        """Return the names of countries by their ISO 3166 code."""
        names: Mapping[str, str] = Locale.parse(self.locale).territories
        return names

    @property
    def weekdays(self) -> Sequence[str]:
        """Return the names of the days of the week, Monday first."""
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
    """Return the language `code`; English for whatever is none of ours, as old rows have none."""
    return LANGUAGES.get(code or "", ENGLISH)


@cache
def catalogue(code: str) -> NullTranslations:
    """Return the translations into the language `code`, read once."""
    return Translations.load(CATALOGUES, [code])


def format_date(language: Language, text: str, pattern: str = "") -> str:
    """Return the date `text` (YYYY-MM-DD) as it is said, such as Thursday 5 March 2026; any other text as it is."""
    try:
        day = date.fromisoformat(str(text))  # str() of a fact that is missing raises UndefinedError
    except ValueError:
        return text
    return dates.format_date(day, pattern or language.day, locale=language.locale)


def format_time_range(language: Language, text: str) -> str:
    """Return the slot `text` (HH:MM-HH:MM) as it is said, such as 10:00 to 11:00; any other text as it is."""
    slot = SLOT_LABEL.fullmatch(str(text))
    try:
        clocks = [time.fromisoformat(clock) for clock in slot.groups()] if slot else []
    except ValueError:
        clocks = []
    if not clocks:
        return text
    start, end = (dates.format_time(clock, "HH:mm", locale=language.locale) for clock in clocks)
    return language.translations.gettext("%(start)s to %(end)s") % {"start": start, "end": end}


def format_number(language: Language, number: int) -> str:
    """Return a whole number with its thousands apart."""
    return format_decimal(number, locale=language.locale)
