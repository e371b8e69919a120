"""Phone numbers by country: whether a number is valid, and a plain check made from the metadata of phonenumbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneMetadata
from phonenumbers.phonemetadata import PhoneNumberDesc

# Matches no text.
NEVER = "(?!)"


@dataclass(frozen=True)
class NumberPlan:
    """The fixed-line and mobile numbers of one country, after their `prefix` such as +44."""

    prefix: str
    number: re.Pattern[str]
    national_prefix: re.Pattern[str]

    def accepts(self, phone: str) -> bool:
        """Return whether `phone`, in E.164, is surely valid in this country."""
        if not phone.startswith(self.prefix):
            return False
        national = phone[len(self.prefix) :]
        # The library may strip a national prefix that a number begins with.
        found = self.national_prefix.match(national)
        if found is not None and found.end():
            return False
        return self.number.fullmatch(national) is not None


def is_plainly_valid(phone: str, country: str) -> bool:
    """Return whether `phone`, in E.164, is surely valid in `country`; False leaves the decision to phonenumbers."""
    plan = _plan_of(country)
    return plan is not None and plan.accepts(phone)


def parse(phone: str) -> phonenumbers.PhoneNumber | None:
    """Return the number, or None if it is none."""
    try:
        return phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return None


@lru_cache(maxsize=512)
def _plan_of(country: str) -> NumberPlan | None:
    metadata = PhoneMetadata.metadata_for_region(country, None)
    if metadata is None or metadata.country_code is None:
        return None
    # An international number is parsed by the rules of the main country of its calling code.
    main_country = phonenumbers.region_code_for_country_code(metadata.country_code)
    main = PhoneMetadata.metadata_for_region(main_country, None) or metadata
    kinds = f"(?:{_pattern(metadata.fixed_line)}|{_pattern(metadata.mobile)})"
    return NumberPlan(
        prefix=f"+{metadata.country_code}",
        number=re.compile(rf"(?={_pattern(metadata.general_desc)}\Z){kinds}"),
        # An empty match strips nothing.
        national_prefix=re.compile(main.national_prefix_for_parsing or ""),
    )


def _pattern(kind: PhoneNumberDesc | None) -> str:
    """Return the pattern of the numbers of a kind: one of its lengths, and its own pattern."""
    if kind is None or not kind.national_number_pattern:
        return NEVER
    lengths = "|".join(f"[0-9]{{{length}}}" for length in kind.possible_length)
    # Without lengths of its own, a kind has those of the general description.
    return rf"(?=(?:{lengths or '[0-9]+'})\Z)(?:{kind.national_number_pattern})"
