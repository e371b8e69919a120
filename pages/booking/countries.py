"""Countries as people choose them, and phone numbers as people write them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

import phonenumbers

from core.i18n import ENGLISH, Language


class Country(NamedTuple):
    """A country that a phone number can be of; `code` is ISO 3166, `calling` such as +49."""

    code: str
    name: str
    calling: str


@cache
def countries(language: Language = ENGLISH) -> Sequence[Country]:
    """Return all countries in the order of their names in `language`."""
    called = names(language).items()
    found = [Country(code, name, f"+{phonenumbers.country_code_for_region(code)}") for code, name in called]
    return sorted(found, key=lambda country: _plain(country.name))


@cache
def names(language: Language = ENGLISH) -> Mapping[str, str]:
    """Return the names in `language` by the code: CLDR's, of the countries of the telephone numbering plans.

    libphonenumber knows them too, but reading its own takes a hundred megabytes in each worker.
    """
    known = language.territories
    return {code: known[code] for code in sorted(phonenumbers.SUPPORTED_REGIONS)}


def parse_phone(phone: str, country: str) -> tuple[str, str]:
    """Return a number in E.164 and its country, of what may be in national or international notation.

    What is no number is returned as it is; a country is filled in only when none is given.
    """
    try:
        number = phonenumbers.parse(phone, country if country in names() else None)
    except phonenumbers.NumberParseException:
        return phone, country
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return written, country or phonenumbers.region_code_for_number(number) or ""


def example(country: str) -> str:
    """Return how a mobile number of `country` is written at home, or one that every phone understands."""
    number = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    if number is None:
        return "+49 1512 3456789"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)


def _plain(name: str) -> str:
    """Return `name` without accents, so that it stands where people look for it."""
    return "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
