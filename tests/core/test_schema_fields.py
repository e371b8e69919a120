"""The short way that plain e-mail addresses take says nothing that the library would not say."""

from __future__ import annotations

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core import schema_fields

PARTS = st.text("aZ9-_+.xn@ \u212a\u0130\u00e9", max_size=8) | st.sampled_from(["a" * 30, "a" * 31, "b" * 63, "c" * 64])
LOCALS = st.lists(PARTS, min_size=1, max_size=4).map(".".join)
TOPS = st.sampled_from(
    ["com", "de", "c", "x1", "1x", "a-b", "a-", "xn--p1ai", "test", "local", "arpa", "onion", "T" * 63]
)
ADDRESSES = st.tuples(LOCALS, LOCALS, TOPS).map(lambda parts: f"{parts[0]}@{parts[1]}.{parts[2]}") | st.emails()


def by_the_library(given_address: str) -> str | None:
    stem, _, top = given_address.strip().rpartition(".")
    if top.lower() in schema_fields.TEST_TLDS:
        # The library refuses test domains, which a setting may allow.
        other = by_the_library(f"{stem}.com")
        return other and f"{other.removesuffix('com')}{top.lower()}"
    try:
        kept = validate_email(given_address.strip(), check_deliverability=False, allow_smtputf8=False).normalized
    except (EmailNotValidError, UnicodeError):
        return None
    return kept.lower() if len(kept) <= schema_fields.MAX_EMAIL_LENGTH else None


def kept(given_address: str) -> str | None:
    try:
        return schema_fields.normalize_email(given_address)
    except ValueError:
        return None


@settings(max_examples=1500)
@given(ADDRESSES)
@example("Ada.Lovelace+days@Example.org")
@example("\u212aelvin@example.org")
@example("ada@example.test")
@example("ada@xn--nxasmq6b.example")
@example("a" * 64 + "@example.org")
@example("a" * 65 + "@example.org")
@example("ada@" + "b" * 63 + ".org")
@example("ada@" + "b" * 64 + ".org")
@example("ada@" + "b." * 94 + "org")
def test_an_address_is_kept_or_refused_as_the_library_says(given_address: str) -> None:
    assert kept(given_address) == by_the_library(given_address)


@pytest.mark.parametrize("common", ["ada@example.org", "Ada.Lovelace@mail.example.co.uk", "a+b_c-d@9.example.com"])
def test_common_addresses_take_the_short_way(common: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(schema_fields, "validate_email", never)

    assert kept(common) == common.lower()
