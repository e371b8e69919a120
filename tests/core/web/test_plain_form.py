"""Plain forms accept a subset of what their schemas accept, with equal results."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import marshmallow as ma
import pytest

from booking.model import NewBooking
from booking.schemas import IdempotencyHeader, NewBookingSchema
from core import phone_numbers
from core.schema_fields import ContactSchema, StrictBoolean, TypedSchema
from core.web.json_provider import STRICT_DECODER
from core.web.plain_form import NoPlainForm, PlainForm, PlainTexts
from schedules.schemas import SlotQuery

FORM = PlainForm.of(NewBookingSchema)
SCHEMA = NewBookingSchema()
VALID = {
    "fullName": "Ada Lovelace",
    "email": "ada@example.org",
    "phone": "+14152000001",
    "country": "US",
    "city": "San Francisco",
    "date": "2026-03-05",
    "slotId": "abf2f38bf6fe9453c824ca98",
    "message": "Looking forward to it.",
}
TEXTS = [
    "", " ", "Ada", " Ada Lovelace ", "Zoë Müller", "Zoe\u0308 Mu\u0308ller", "\u115f\u115f", "\u200b\u200b", "İpek",
    "O\u2019Brien", "a\nb", "a\r\nb", "a\tb", "\u202eadA", "名前 太郎", "x" * 80, "x" * 81, "x" * 1201, "\0", "\u2028",
    "ADA@Example.ORG", "ada@example.test", "ada@localhost", "ada@@example.org", "ada@exämple.org", "+4915123456789",
    "+44 20 7946 0018", "+390612345678", "+4915123456789\n", "DE", "GB", "IT", "us", "USA", "XX", "Ü", "2026-03-05 ",
]  # fmt: skip
OTHERS = [None, True, 0, 1.5, 10**30, [], {}, ["a"], {"a": 1}]
RAW = [
    lambda body: body[:-1],
    lambda body: body + b" ",
    lambda body: b"\xef\xbb\xbf" + body,
    lambda body: body + b"{}",
    lambda body: body.replace(b"Ada", b"\xff"),
    lambda body: body.replace(b"Ada", b"\\ud800"),
    lambda body: body.replace(b"Ada", b"\\u0041da"),
    lambda body: body.replace(b"Ada", b"A\x01da"),
    lambda body: body.replace(b"{", b'{"city": "Paris", ', 1),
    lambda body: body.replace(b"}", b', "city": "Paris"}'),
    lambda body: body.replace(b"}", b', "extra": NaN}'),
    lambda body: body.replace(b"}", b', "extra": "\xff"}'),
    lambda body: body.replace(b"}", b', "extra": ' + b"[" * 5000 + b"]" * 5000 + b"}"),
    lambda body: body.replace(b"}", b",}"),
    lambda body: body.replace(b'"', b"'"),
    lambda body: b"[" + body + b"]",
]


def by_schema(body: bytes) -> NewBooking | None:
    try:
        return SCHEMA.load(STRICT_DECODER.decode(body.decode()))  # type: ignore[no-any-return]
    except (ValueError, RecursionError, TypeError, ma.ValidationError):
        return None


def mutated(chance: random.Random) -> bytes:
    values: dict[str, Any] = dict(VALID)
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3])):
        name = chance.choice([*VALID, "extra"])
        change: Callable[[], None] = chance.choice([
            lambda name=name: values.pop(name, None),
            lambda name=name: values.__setitem__(name, chance.choice(TEXTS)),
            lambda name=name: values.__setitem__(name, chance.choice(OTHERS)),
            lambda name=name: values.__setitem__(name, spoiled(str(values.get(name, "")), chance)),
            lambda name=name: values.__setitem__(name, spoiled(str(values.get(name, "")), chance)),
        ])  # fmt: skip
        change()
    body = json.dumps(values, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")
    return chance.choice(RAW)(body) if chance.random() < 0.2 else body


def spoiled(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(["", "a", "Z", "1", " ", "-", ".", "@", "ü", "\u0308", "\n"]) + text[at + 1 :]


def test_plain_form_accepts_only_what_the_schema_accepts_with_equal_values() -> None:
    chance = random.Random(20_260_305)
    accepted = 0
    expected = 0

    for _ in range(6000):
        body = mutated(chance)
        by_form = FORM.load(body)
        valid = by_schema(body)
        accepted += by_form is not None
        expected += valid is not None
        assert by_form is None or by_form == valid, body

    # The plain case is nearly every valid case; the schema removes the invisible characters that some bodies have.
    assert accepted > 0.8 * expected > 1000


def test_form_without_the_rule_of_the_phone_accepts_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    body = json.dumps({**VALID, "country": "DE"}).encode()
    assert FORM.load(body) is None

    monkeypatch.setattr(phone_numbers, "is_plainly_valid", lambda *_: True)

    assert FORM.load(body) is not None
    assert by_schema(body) is None


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("", {"date": ""}),
        ("date=", {"date": ""}),
        ("date=2026-03-05", {"date": "2026-03-05"}),
        ("date=2026-03-05&date=2026-03-06", None),
        ("date=2026%2D03-05", None),
        ("date=2026+03", None),
        ("date=a=b", None),
        ("date", None),
        ("&", None),
        ("&date=x", None),
        ("other=x", None),
        ("date=\u00e4", None),
    ],
)
def test_plain_query_leaves_all_but_simple_parameters_to_the_schema(query: str, values: Any) -> None:
    assert PlainTexts.of_query(SlotQuery).load_query(query) == values


@pytest.mark.parametrize(
    ("key", "values"),
    [(None, {"key": None}), ("abc-1", {"key": "abc-1"}), ("", None), ("a b", None), ("x" * 256, None), ("ä", None)],
)
def test_plain_header_leaves_invalid_values_to_the_schema(key: str | None, values: Any) -> None:
    environ = {} if key is None else {"HTTP_IDEMPOTENCY_KEY": key}

    assert PlainTexts.of_headers(IdempotencyHeader).load(environ) == values


class WithBoolean(TypedSchema):
    flag = StrictBoolean()


class WithOtherValidator(ContactSchema):
    city = ma.fields.String(load_default="", validate=ma.validate.OneOf(["a"]))


class Untyped(ma.Schema):
    name = ma.fields.String(required=True)


@pytest.mark.parametrize("schema", [WithBoolean, WithOtherValidator, Untyped])
def test_schema_with_rules_that_no_form_knows_is_refused(schema: type[ma.Schema]) -> None:
    with pytest.raises(NoPlainForm):
        PlainForm.of(schema)
