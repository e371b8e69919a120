"""Search terms: parts of folded text that a booking's name, e-mail, phone or reference must contain."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import phonenumbers

from booking.model import BookingFilter
from core.folding import fold, phone_digits
from core.ids import normalize_reference

NAME = "names"
EMAIL = "emails"
PHONE = "phones"
REFERENCE = "references"
# What a typed phone number consists of, besides digits of any script.
PHONE_MARKS = frozenset("+-()./ \t\uff0b\uff0d\uff08\uff09\u00a0\u2009\u202f\u2010\u2011\u2012\u2013")
LONGEST_COUNTRY_CODE = 3


@dataclass(frozen=True)
class Part:
    """A text that a value of `column` contains or, if `whole`, equals."""

    column: str
    text: str
    whole: bool = False
    # The text before folding, in lower case: names of older bookings are stored so.
    typed: str = ""


# Alternatives: a booking matches a term if it has one of the parts. A search matches if all terms do.
Term = Sequence[Part]


def terms_of(wanted: BookingFilter) -> list[Term]:
    """Return the terms of a search; an empty list means that no text is searched."""
    terms: list[Term] = []
    if wanted.name:
        terms.append([part for part in _text_parts(wanted.name) if part.column == NAME])
    if wanted.email_part:
        terms.append([part for part in _text_parts(wanted.email_part) if part.column == EMAIL])
    if wanted.phone:
        terms.append(_phone_parts(wanted.phone))
    if _is_phone(wanted.q):
        terms.append([*_phone_parts(wanted.q), *_text_parts(wanted.q)])
    else:
        terms.extend(_word_term(word) for word in wanted.q.split())
    return terms


def row_of(full_name: str, email: str, phone: str, reference: str) -> dict[str, str]:
    """Return the searchable values of a booking by column."""
    return {
        NAME: fold(full_name),
        EMAIL: fold(email),
        PHONE: phone.removeprefix("+"),
        REFERENCE: reference.replace("-", "").lower(),
    }


def _word_term(word: str) -> Term:
    parts = _text_parts(word)
    if _is_phone(word):
        return [*_phone_parts(word), *parts]
    return parts


def _text_parts(word: str) -> list[Part]:
    folded = fold(word)
    if not folded:
        return []
    typed = word.strip().casefold()
    parts = [Part(NAME, folded, typed=typed), Part(EMAIL, folded, typed=typed)]
    try:
        reference = normalize_reference(word)
    except ValueError:
        return parts
    return [*parts, Part(REFERENCE, reference.replace("-", "").lower(), whole=True)]


def _is_phone(text: str) -> bool:
    """Return whether `text` has digits, and besides only what belongs to a phone number."""
    rest = [c for c in text if c not in PHONE_MARKS]
    return bool(rest) and all(c.isdecimal() for c in rest)


def _phone_parts(typed: str) -> list[Part]:
    """Return the digits as typed, and as E.164 has them: without zeros of national and international dialling."""
    digits = phone_digits(typed)
    international = digits.lstrip("0")
    found = {digits, international, *_without_trunk_zero(international)}
    return [Part(PHONE, each) for each in sorted(found) if each]


def _without_trunk_zero(international: str) -> Iterable[str]:
    """Yield `international` without the zero that follows its country code, as in +49 0151."""
    for length in range(1, LONGEST_COUNTRY_CODE + 1):
        code = international[:length]
        national = international[length:]
        is_code = code.isdigit() and int(code) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE
        if is_code and re.match("0[1-9]", national):
            yield code + national[1:]
