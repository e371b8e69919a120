"""Contact rules: which contact data of a booking an organiser requires, allows or does not ask for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FieldRule(StrEnum):
    """Whether a field is needed; a field that is off is not shown, and what clients send for it is dropped."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    OFF = "off"


@dataclass(frozen=True)
class ContactRules:
    """The rules of the fields that can be changed."""

    phone: FieldRule = FieldRule.REQUIRED
    country: FieldRule = FieldRule.REQUIRED
    city: FieldRule = FieldRule.OPTIONAL


DEFAULT_RULES = ContactRules()
