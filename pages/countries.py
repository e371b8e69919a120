"""Countries as people choose them, and phone numbers as people write them."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import phonenumbers

# libphonenumber knows these names too, but reading them takes a hundred megabytes in each worker.
NAMES = Path(__file__).parent / "countries.toml"


class Country(NamedTuple):
    """A country that a phone number can be of; `code` is ISO 3166, `calling` such as +49."""

    code: str
    name: str
    calling: str


@cache
def countries() -> Sequence[Country]:
    """Return all countries in the order of their names."""
    found = [Country(code, name, f"+{phonenumbers.country_code_for_region(code)}") for code, name in names().items()]
    return sorted(found, key=lambda country: _plain(country.name))


@cache
def names() -> Mapping[str, str]:
    """Return the names by the code."""
    return tomllib.loads(NAMES.read_text(encoding="utf-8"))


def understand(phone: str, country: str) -> tuple[str, str]:
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
