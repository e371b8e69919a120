"""Signed tokens are those of itsdangerous, whose key is derived once."""

from __future__ import annotations

import pytest
from itsdangerous import Signer

from core.signed_tokens import SignedLinks

SECRETS = ("new-secret", "old-secret")
LINKS = SignedLinks(SECRETS, "https://example.org", "booking", "bookings")


@pytest.mark.parametrize("subject", ["019f8a7b6c5d00112233445566778899", "", "\u00fc"])
def test_token_is_the_signature_of_the_library(subject: str) -> None:
    expected = Signer(SECRETS[0], salt="booking", key_derivation="hmac").get_signature(subject).decode()

    assert LINKS.sign(subject) == expected
    assert LINKS.verify(subject, expected)


def test_token_of_another_secret_purpose_or_subject_is_not_valid() -> None:
    token = LINKS.sign("a")

    assert SignedLinks(SECRETS[::-1], "", "booking", "").verify("a", token)
    assert not SignedLinks(SECRETS[1:], "", "booking", "").verify("a", token)
    assert not SignedLinks(SECRETS, "", "waiting", "").verify("a", token)
    assert not LINKS.verify("b", token)
