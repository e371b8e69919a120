"""Phone numbers in E.164: the example numbers of phonenumbers with other last digits, valid in their country."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from random import Random

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType

NANPA = 1  # the calling code of several countries with area codes of their own
RANDOM_DIGITS = 7
FIXED_DIGITS = 2
ATTEMPTS = 30


@dataclass(frozen=True)
class NumberPlan:
    """The mobile numbers of a country that are as long as its example. `pattern` matches national numbers."""

    calling_code: int
    example: str
    pattern: re.Pattern[str]

    def draw(self, random: Random) -> str:
        """Return a random valid number; the example if no attempt is valid."""
        free = min(RANDOM_DIGITS, len(self.example) - FIXED_DIGITS)
        stem = self.example[:-free]
        for _ in range(ATTEMPTS):
            national = f"{stem}{random.randrange(10**free):0{free}d}"
            if self.pattern.fullmatch(national):
                return f"+{self.calling_code}{national}"
        return f"+{self.calling_code}{self.example}"


@cache
def number_plan(country: str) -> NumberPlan:
    """Return the plan of one of the `countries()`."""
    metadata = PhoneMetadata.metadata_for_region(country)
    example = phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE)
    pattern = metadata.mobile.national_number_pattern if metadata and metadata.mobile else None
    if example is None or pattern is None:
        raise ValueError(f"{country} has no example of a mobile number.")
    national = phonenumbers.national_significant_number(example)
    return NumberPlan(phonenumbers.country_code_for_region(country), national, re.compile(pattern))


@cache
def countries() -> tuple[str, ...]:
    """Return the countries with mobile numbers that no other country shares, by ISO 3166 code."""
    return tuple(country for country in sorted(phonenumbers.SUPPORTED_REGIONS) if _has_own_numbers(country))


def _has_own_numbers(country: str) -> bool:
    # Of other countries with one calling code, a number may belong to each: +39 to Italy and the Vatican.
    code = phonenumbers.country_code_for_region(country)
    is_main = phonenumbers.region_code_for_country_code(code) == country
    has_example = phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE) is not None
    return has_example and (is_main or code == NANPA)
