"""Marshmallow fields of user input: texts, e-mail addresses, phone numbers with their country."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any, ClassVar

import marshmallow as ma
import phonenumbers
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from core import phone_numbers, text, web_addresses

PHONE = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
MAX_EMAIL_LENGTH = 254
MIN_YEAR = 1971
MAX_YEAR = 2999
# The usual e-mail addresses: letters, digits and single marks between them. email-validator accepts all of these and
# only changes their upper case, at twenty times the cost.
PLAIN_EMAIL = re.compile(
    r"(?=.{1,64}@)[a-z0-9]+(?:[._+-][a-z0-9]+)*"
    r"@(?=.{1,180}\Z)(?:[a-z0-9](?:-?[a-z0-9]){0,30}\.)+(?P<top>[a-z](?:-?[a-z0-9]){0,28}[a-z])",
    re.ASCII,
)
# Domains of test systems. Whether they are taken is a setting, see core/email_domains.py.
TEST_TLDS = frozenset({"local", "test"})
REFUSED_TLDS = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES) - TEST_TLDS
WEB_ADDRESS_IN_NAME = "A name cannot have a web address; write a blank after each dot of a name."
INVALID_PHONE = "Not a valid phone number; write it like +14155550123."


class ParsedString(ma.fields.String):
    """A text that one function checks and normalises.

    If a text that fully matches `plain_pattern` needs no parsing, a plain form checks nothing else.
    """

    plain_pattern = ""

    def parse(self, value: str) -> str:
        """Return the stored form of `value`; raises ValueError with a message for people."""
        raise NotImplementedError

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        try:
            return self.parse(super()._deserialize(value, attr, data, **kwargs))
        except ValueError as error:
            raise ma.ValidationError(str(error)) from error


class Text(ParsedString):
    """A text of `least` to `most` characters after normalisation; control characters are refused.

    A required text without a visible character counts as empty.
    """

    def __init__(self, least: int, most: int, *, multiline: bool = False, **kwargs: Any) -> None:
        super().__init__(validate=ma.validate.Length(least, most), **kwargs)
        self._least = least
        self._most = most
        self._multiline = multiline

    def parse(self, value: str) -> str:
        normalized = text.normalize_text(value, multiline=self._multiline)
        if self._least and not text.has_visible_character(normalized):
            return ""
        return normalized


class PersonName(Text):
    """The name of a person, without a web address."""

    def parse(self, value: str) -> str:
        name = super().parse(value)
        if name.isascii() and not web_addresses.SUSPICIOUS.search(name):
            return name
        # A longer name is refused for its length, without a search.
        if len(name) <= self._most and web_addresses.has_web_address(name):
            raise ValueError(WEB_ADDRESS_IN_NAME)
        return name


class VisibleString(ParsedString):
    """A code or number as copied: invisible characters are removed."""

    plain_pattern = "[ -~]*"

    def parse(self, value: str) -> str:
        return text.strip_invisible(value)


class PatternString(ParsedString):
    """A text that fully matches `pattern`, which means the same in Python's `re` and ECMA 262."""

    def __init__(self, pattern: str, example: str, *, error: str, **kwargs: Any) -> None:
        super().__init__(metadata={"pattern": f"^{pattern}$", "example": example}, **kwargs)
        self.plain_pattern = pattern
        self._pattern = re.compile(pattern, re.ASCII)
        self._error = error

    def parse(self, value: str) -> str:
        # fullmatch, since `$` in Python also matches before a final line break.
        if not self._pattern.fullmatch(value):
            raise ValueError(self._error)
        return value


class VisiblePatternString(PatternString):
    """A text that matches its pattern without the invisible characters that copying brings along."""

    def parse(self, value: str) -> str:
        return super().parse(text.strip_invisible(value))


class Email(ParsedString):
    """An e-mail address in lower case, checked by its syntax."""

    def parse(self, value: str) -> str:
        return normalize_email(value)


class Phone(ParsedString):
    """A phone number in E.164; whether it is valid in its country is checked by `ContactSchema`."""

    plain_pattern = PHONE.pattern

    def parse(self, value: str) -> str:
        value = text.strip_invisible(value)
        if not PHONE.fullmatch(value):
            raise ValueError(INVALID_PHONE)
        return value


class ClampedInteger(ma.fields.Integer):
    """A whole number of at least 1 in ASCII digits, capped at `most`."""

    def __init__(self, most: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._most = most

    def parse(self, value: str) -> int:
        """Return the number that `value` writes; raises ValueError with a message for people."""
        if not re.fullmatch(r"[0-9]{1,30}", value, re.ASCII) or int(value) < 1:
            raise ValueError("Must be a whole number of at least 1.")
        return min(int(value), self._most)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        try:
            return self.parse(str(value))
        except ValueError as error:
            raise ma.ValidationError(str(error)) from error


class WholeNumber(ma.fields.Integer):
    """A JSON number without fraction, from `least` to `most`; texts and booleans are refused."""

    def __init__(self, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(validate=ma.validate.Range(least, most), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if type(value) is not int:
            raise ma.ValidationError("Must be a whole number.")
        return value


class UtcDateTime(ma.fields.AwareDateTime):
    """A date and time in ISO 8601, in UTC without an offset; the result is in UTC and in whole milliseconds."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", default_timezone=UTC, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        moment = super()._deserialize(value, attr, data, **kwargs)
        if not MIN_YEAR <= moment.year <= MAX_YEAR:
            raise ma.ValidationError(f"Must be from {MIN_YEAR} to {MAX_YEAR}.")
        utc = moment.astimezone(UTC)
        return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


class Choice(ParsedString):
    """One of a few texts."""

    def __init__(self, *choices: str, **kwargs: Any) -> None:
        super().__init__(metadata={"enum": list(choices)}, **kwargs)
        self._choices = choices
        self.plain_pattern = "|".join(map(re.escape, choices))

    def parse(self, value: str) -> str:
        if value not in self._choices:
            raise ValueError(f"Must be one of: {', '.join(filter(None, self._choices))}.")
        return value


class StrictBoolean(ma.fields.Boolean):
    """A JSON boolean; texts and numbers are refused."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise ma.ValidationError("Must be true or false.")
        return value


class NormalizedString(ma.fields.String):
    """A text stored in one notation, such as a reference; empty by default."""

    def __init__(self, normalize: Callable[[str], str], most: int, **kwargs: Any) -> None:
        super().__init__(load_default="", validate=ma.validate.Length(max=most), **kwargs)
        self._normalize = normalize

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        given = text.strip_invisible(super()._deserialize(value, attr, data, **kwargs)).strip()
        try:
            return self._normalize(given) if given else ""
        except ValueError as error:
            raise ma.ValidationError(str(error)) from None


class TypedSchema(ma.Schema):
    """A schema whose result is a `result_type`."""

    result_type: ClassVar[Callable[..., Any]]

    @classmethod
    def is_plain(cls, values: Mapping[str, Any]) -> bool:  # noqa: ARG003  # a rule for subclasses
        """Return whether valid fields surely satisfy the rules of the whole schema, for plain forms."""
        return True

    @ma.post_load
    def to_result(self, values: dict[str, Any], **_: Any) -> Any:
        """Return the typed request."""
        return type(self).result_type(**values)


class ContactSchema(TypedSchema):
    """The contact data of a person."""

    fullName = PersonName(2, 80, required=True, attribute="full_name", metadata={"example": "Ada Lovelace"})
    email = Email(required=True, metadata={"format": "email", "example": "ada@example.org"})
    phone = Phone(required=True, metadata={"example": "+14155550123"})
    country = VisiblePatternString(r"[A-Z]{2}", "US", error="Not an ISO 3166 code in upper case.", required=True)

    @classmethod
    def is_plain(cls, values: Mapping[str, Any]) -> bool:
        """Return whether the phone number is surely one of the country; or both are left out, where they may be."""
        if not values["phone"]:
            return not values["country"]
        return phone_numbers.is_plainly_valid(values["phone"], values["country"])

    @ma.validates_schema(skip_on_field_errors=False)
    def phone_is_valid_in_the_country(self, values: dict[str, Any], **_: Any) -> None:
        """Refuse an impossible phone number, and one of another country."""
        if "phone" not in values:
            return
        country = values.get("country")
        if not values["phone"]:
            _refuse_unknown_country(country)
            return
        number = phone_numbers.parse(values["phone"])
        if number and country and phonenumbers.is_valid_number_for_region(number, country):
            return
        if not number or not phonenumbers.is_valid_number(number):
            raise ma.ValidationError({"phone": [INVALID_PHONE]})
        if country:
            raise ma.ValidationError({"country": ["The country does not match the phone number."]})


def _refuse_unknown_country(country: str | None) -> None:
    if country and country not in phonenumbers.SUPPORTED_REGIONS:
        raise ma.ValidationError({"country": ["Not an ISO 3166 code in upper case."]})


def normalize_email(given: str) -> str:
    """Return an e-mail address in its stored form: checked by syntax, in lower case; raises ValueError."""
    given = text.strip_invisible(given)
    if given.isascii():
        lowered = given.strip().lower()
        plain = PLAIN_EMAIL.fullmatch(lowered)
        if plain and plain["top"] not in REFUSED_TLDS:
            return lowered
    normalized = _normalized(given.strip())
    if not normalized or len(normalized) > MAX_EMAIL_LENGTH:
        raise ValueError("Not a valid e-mail address.")
    return normalized


def _normalized(email: str) -> str:
    """Return the address as the library writes it, or nothing; it refuses test domains, so another one stands in."""
    stem, _, top = email.rpartition(".")
    top = top.lower()
    if top in TEST_TLDS:
        email = f"{stem}.com"
    try:
        normalized = validate_email(email, check_deliverability=False, allow_smtputf8=False).normalized.lower()
    except (EmailNotValidError, UnicodeError):
        return ""
    if top in TEST_TLDS:
        return f"{normalized.removesuffix('com')}{top}"
    return normalized
