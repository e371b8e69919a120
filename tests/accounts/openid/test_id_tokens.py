"""ID tokens that a sign-in refuses: each differs from a valid one of the real provider in one member."""

from __future__ import annotations

import time
from typing import Any

import pytest
from authlib import jose
from authlib.oidc.core import CodeIDToken

from core.mongo.client import Db
from tests.accounts.openid.browser import Browser
from tests.accounts.openid.local_provider import LocalProvider

# A time is given in seconds from now.
TIMES = ("exp", "iat", "nbf")


def assert_refused(browser: Browser, provider: LocalProvider, db: Db) -> None:
    answer = browser.sign_in(provider.add_person())

    assert (answer.status, answer.code) == (400, "provider_sign_in_failed")
    assert browser.cookies(answer, "refreshToken") == []
    assert db.accounts.count_documents({}) == 0


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another client"},
        {"aud": ["another client"]},
        {"aud": ["booking", "another client"]},  # without azp
        {"aud": None},
        {"azp": "another client"},
        {"nonce": "the nonce of another flow"},
        {"nonce": None},
        {"exp": -61},
        {"exp": None},
        {"exp": "never"},
        {"iat": 3600},
        {"iat": None},
        {"nbf": 3600},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": {"$gt": ""}},
        {"sub": "x" * 256},
        {"at_hash": "of another access token"},
    ],
    ids=str,
)
def test_id_token_with_a_wrong_claim_is_refused(
    browser: Browser, provider: LocalProvider, db: Db, claims: dict[str, Any]
) -> None:
    now = int(time.time())
    for name, value in claims.items():
        is_time = name in TIMES and isinstance(value, int)
        provider.claims[name] = now + value if is_time else value

    assert_refused(browser, provider, db)


def test_control_id_token_signed_again_unchanged_is_accepted(browser: Browser, provider: LocalProvider) -> None:
    provider.claims = {"email_verified": True}

    assert browser.sign_in(provider.add_person()).status == 302


def test_id_token_without_a_signature_is_refused(browser: Browser, provider: LocalProvider, db: Db) -> None:
    provider.header = {"alg": "none"}

    assert_refused(browser, provider, db)


@pytest.mark.parametrize("secret", ["a secret of the provider", "public"])
def test_id_token_signed_with_a_secret_is_refused(
    browser: Browser, provider: LocalProvider, db: Db, secret: str
) -> None:
    key: str | bytes = secret
    if secret == "public":
        # The attack that takes the published key for a secret.
        key = provider.own_key.as_pem(is_private=False).replace(b"-----", b"=====")
    provider.header = {"alg": "HS256"}
    provider.key = jose.OctKey.import_key(key)

    assert_refused(browser, provider, db)


def test_id_token_of_a_foreign_key_is_refused(browser: Browser, provider: LocalProvider, db: Db) -> None:
    provider.key = jose.RSAKey.generate_key(is_private=True)

    assert_refused(browser, provider, db)


def test_id_token_of_a_foreign_key_with_its_own_key_id_is_refused(
    browser: Browser, provider: LocalProvider, db: Db
) -> None:
    provider.key = jose.RSAKey.generate_key(is_private=True)
    provider.header = {"kid": "new"}

    assert_refused(browser, provider, db)


def test_id_token_that_carries_its_key_is_refused(browser: Browser, provider: LocalProvider, db: Db) -> None:
    foreign = jose.RSAKey.generate_key(is_private=True)
    provider.key = foreign
    provider.header = {"jwk": foreign.as_dict(is_private=False)}

    assert_refused(browser, provider, db)


@pytest.mark.parametrize("answer", [{}, {"id_token": 7}, {"id_token": "x.y.z"}, {"id_token": ""}], ids=str)
def test_token_answer_without_a_usable_id_token_is_refused(
    browser: Browser, provider: LocalProvider, db: Db, answer: dict[str, Any]
) -> None:
    provider.token_answer = (200, {"access_token": "x", "token_type": "Bearer", **answer})

    assert_refused(browser, provider, db)


def test_control_without_the_nonce_check_a_foreign_token_signs_in(
    browser: Browser, provider: LocalProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CodeIDToken, "validate_nonce", lambda _: None)
    provider.claims = {"nonce": "the nonce of another flow"}

    assert browser.sign_in(provider.add_person()).status == 302


@pytest.mark.parametrize("issuer", ["https://evil.example", "{url}/"])
def test_callback_of_another_issuer_is_refused(browser: Browser, provider: LocalProvider, issuer: str) -> None:
    callback = browser.callback_of(provider.add_person()) + "&iss=" + issuer.format(url=provider.url)

    answer = browser.send("GET", callback)

    assert (answer.status, answer.code) == (400, "provider_sign_in_failed")


def test_callback_of_the_issuer_itself_is_accepted(browser: Browser, provider: LocalProvider) -> None:
    callback = browser.callback_of(provider.add_person()) + f"&iss={provider.url}"

    assert browser.send("GET", callback).status == 302


def test_callback_without_the_announced_issuer_is_refused(browser: Browser, provider: LocalProvider) -> None:
    provider.metadata = {"authorization_response_iss_parameter_supported": True}

    answer = browser.sign_in(provider.add_person())

    assert (answer.status, answer.code) == (400, "provider_sign_in_failed")
