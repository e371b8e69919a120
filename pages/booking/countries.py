"""Countries of the form's list, and parsing of phone numbers in national or international notation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

import phonenumbers

from core.folding import fold
from core.i18n import ENGLISH, Language

# The example for a country without mobile numbers of its own.
EXAMPLE_PHONE = "+49 1512 3456789"


class Country(NamedTuple):
    """A country of the list: its ISO 3166 code, its name, and its calling code such as +49."""

    code: str
    name: str
    calling_code: str


@cache
def countries(language: Language = ENGLISH) -> Sequence[Country]:
    """Return all countries, sorted by their names in `language`."""
    found = []
    for code, name in names(language).items():
        found.append(Country(code, name, calling_code(code)))
    return sorted(found, key=lambda country: fold(country.name))


def calling_code(country: str) -> str:
    """Return the calling code of a country, such as +49; the first call reads its numbering plan."""
    return f"+{phonenumbers.country_code_for_region(country)}"


@cache
def names(language: Language = ENGLISH) -> Mapping[str, str]:
    """Return the CLDR names in `language`, by ISO code, of the countries that have a phone numbering plan.

    libphonenumber has names too, but loading them takes a hundred megabytes in each worker.
    """
    territories = language.territories
    return {code: territories[code] for code in sorted(phonenumbers.SUPPORTED_REGIONS)}


def parse_phone(phone: str, country: str) -> tuple[str, str]:
    """Return a phone number in E.164 and its country.

    An invalid number is returned unchanged. A given country is never replaced.
    """
    region = country if country in names() else None
    try:
        number = phonenumbers.parse(phone, region)
    except phonenumbers.NumberParseException:
        return phone, country
    formatted = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return formatted, country or phonenumbers.region_code_for_number(number) or ""


def example(country: str) -> str:
    """Return an example of a mobile number of `country` in its national notation."""
    number = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    if number is None:
        return EXAMPLE_PHONE
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
