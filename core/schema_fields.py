"""Fields that people fill in, on the wire: texts, e-mail addresses, phone numbers with their country."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import marshmallow as ma
import phonenumbers
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from core import text

PHONE = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
MAX_EMAIL_LENGTH = 254
# The e-mail addresses of nearly everybody: letters, digits and single marks between them. email-validator accepts all
# of these and changes nothing in them but upper case, at twenty times the cost.
PLAIN_EMAIL = re.compile(
    r"(?=.{1,64}@)[a-z0-9]+(?:[._+-][a-z0-9]+)*"
    r"@(?=.{1,180}\Z)(?:[a-z0-9](?:-?[a-z0-9]){0,30}\.)+(?P<top>[a-z](?:-?[a-z0-9]){0,28}[a-z])",
    re.ASCII,
)
RESERVED_TLDS = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)
INVALID_PHONE = "Not a valid phone number; write it like +14155550123."


class Text(ma.fields.String):
    """A text of `least` to `most` characters after normalising; control characters are refused.

    One of at least some characters that shows none of them is as good as empty.
    """

    def __init__(self, least: int, most: int, *, multiline: bool = False, **kwargs: Any) -> None:
        """Keep the bounds, which the API's document shows too."""
        super().__init__(validate=ma.validate.Length(least, most), **kwargs)
        self._least, self._multiline = least, multiline

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        try:
            kept = text.normalize_text(super()._deserialize(value, attr, data, **kwargs), multiline=self._multiline)
        except ValueError as error:
            raise ma.ValidationError(str(error)) from error
        return "" if self._least and not text.has_visible_character(kept) else kept


class PatternString(ma.fields.String):
    """A text that is all of `pattern`, which is written so that Python's `re` and ECMA 262 read it alike."""

    def __init__(self, pattern: str, example: str, *, error: str, **kwargs: Any) -> None:
        """Keep the pattern for the service, and with both ends for the API's document."""
        super().__init__(metadata={"pattern": f"^{pattern}$", "example": example}, **kwargs)
        self._pattern, self._error = re.compile(pattern, re.ASCII), error

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        given: str = super()._deserialize(value, attr, data, **kwargs)
        # Not by `$`, which in Python lets a line break follow.
        if not self._pattern.fullmatch(given):
            raise ma.ValidationError(self._error)
        return given


class Email(ma.fields.String):
    """An e-mail address by its syntax alone, in lower case."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        try:
            return normalize_email(super()._deserialize(value, attr, data, **kwargs))
        except ValueError as error:
            raise ma.ValidationError(str(error)) from None


class Phone(ma.fields.String):
    """A valid phone number in E.164."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        given: str = super()._deserialize(value, attr, data, **kwargs)
        if not PHONE.fullmatch(given):
            raise ma.ValidationError(INVALID_PHONE)
        return given


class ClampedInteger(ma.fields.Integer):
    """A whole number of at least 1 in plain digits; a larger one than `most` is capped."""

    def __init__(self, most: int, **kwargs: Any) -> None:
        """Keep the cap."""
        super().__init__(**kwargs)
        self._most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not re.fullmatch(r"[0-9]{1,30}", str(value), re.ASCII) or int(value) < 1:
            raise ma.ValidationError("Must be a whole number of at least 1.")
        return min(int(value), self._most)


class StrictBoolean(ma.fields.Boolean):
    """true or false, and nothing that merely looks like it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise ma.ValidationError("Must be true or false.")
        return value


class NormalizedString(ma.fields.String):
    """What is kept in one notation of several; empty for nothing."""

    def __init__(self, as_kept: Callable[[str], str], most: int, **kwargs: Any) -> None:
        """Keep how it is read, and how long it may be."""
        super().__init__(load_default="", validate=ma.validate.Length(max=most), **kwargs)
        self._as_kept = as_kept

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        given = super()._deserialize(value, attr, data, **kwargs).strip()
        try:
            return self._as_kept(given) if given else ""
        except ValueError as error:
            raise ma.ValidationError(str(error)) from None


class ContactSchema(ma.Schema):
    """Who somebody is and how to reach them."""

    fullName = Text(2, 80, required=True, attribute="full_name", metadata={"example": "Ada Lovelace"})
    email = Email(required=True, metadata={"format": "email", "example": "ada@example.org"})
    phone = Phone(required=True, metadata={"example": "+14155550123"})
    country = PatternString(r"[A-Z]{2}", "US", error="Not an ISO 3166 code in upper case.", required=True)

    @ma.validates_schema(skip_on_field_errors=False)
    def phone_is_valid_in_the_country(self, values: dict[str, Any], **_: Any) -> None:
        """Refuse a phone number nobody can have, and one of another country than the one given."""
        if "phone" not in values:
            return
        number, country = _number(values["phone"]), values.get("country")
        if number and country and phonenumbers.is_valid_number_for_region(number, country):
            return
        if not number or not phonenumbers.is_valid_number(number):
            raise ma.ValidationError({"phone": [INVALID_PHONE]})
        if country:
            raise ma.ValidationError({"country": ["The country does not match the phone number."]})


def normalize_email(given: str) -> str:
    """Return an e-mail address as it is kept: checked by its syntax alone, in lower case; raises ValueError."""
    plain = PLAIN_EMAIL.fullmatch(lowered := given.strip().lower()) if given.isascii() else None
    if plain and plain["top"] not in RESERVED_TLDS:
        return lowered
    try:
        kept = validate_email(given.strip(), check_deliverability=False, allow_smtputf8=False).normalized.lower()
    except (EmailNotValidError, UnicodeError):
        kept = ""
    if not kept or len(kept) > MAX_EMAIL_LENGTH:
        raise ValueError("Not a valid e-mail address.")
    return kept


def _number(phone: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return None
