"""The rule that decides which account an identity opens, and attempts to take an account over."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from core.mongo.client import Db
from tests.accounts.conftest import Device, mailed_token
from tests.accounts.openid.browser import Browser
from tests.accounts.openid.local_provider import LocalProvider, running_provider


def owner_id(db: Db, email: str = "ada@example.org") -> str:
    account = db.accounts.find_one({"email": email})
    assert account
    return str(account["_id"])


@pytest.fixture
def verified_owner(device: Device, db: Db) -> str:
    """Ada has registered with a password and verified her address; return her account's id."""
    device.register()
    assert (
        device.send("POST", "/api/auth/verify-email", json={"token": mailed_token(db, "account_verification")}).status
        == 200
    )
    return owner_id(db)


def stored_account(db: Db) -> dict[str, Any]:
    """Return the only account."""
    found = db.accounts.find_one()
    assert found
    return found


def wait_for_email(db: Db, template: str) -> None:
    """Wait for an e-mail that is written after the answer."""
    end = time.monotonic() + 5
    while not db.letters.find_one({"template": template}) and time.monotonic() < end:
        time.sleep(0.02)


def signed_in_account(browser: Browser) -> str:
    return str(browser.refresh().json["user"]["id"])


def test_second_sign_in_opens_the_same_account(browser: Browser, provider: LocalProvider, db: Db) -> None:
    subject = provider.add_person()
    browser.sign_in(subject)

    assert browser.sign_in(subject).status == 302

    assert db.accounts.count_documents({}) == 1
    assert signed_in_account(browser) == owner_id(db)


def test_identity_with_a_new_address_opens_its_account(browser: Browser, provider: LocalProvider, db: Db) -> None:
    subject = provider.add_person()
    browser.sign_in(subject)
    provider.add_person("new@example.org", subject=subject, email_verified=False)

    assert browser.sign_in(subject).status == 302

    assert signed_in_account(browser) == owner_id(db)


def test_verified_address_joins_the_verified_account(
    browser: Browser, provider: LocalProvider, verified_owner: str, db: Db
) -> None:
    assert browser.sign_in(provider.add_person(" Ada@Example.org".strip())).status == 302

    assert signed_in_account(browser) == verified_owner
    linked = db.audit.find_one({"what": "account.identity_linked"})
    assert linked
    assert linked["about"] == verified_owner


def test_account_that_a_stranger_registered_first_is_not_joined(
    device: Device, browser: Browser, provider: LocalProvider, db: Db
) -> None:
    device.register()  # a stranger, with Ada's address and a password of theirs

    answer = browser.sign_in(provider.add_person())

    assert (answer.status, answer.code) == (409, "email_taken")
    assert "identities" not in stored_account(db)
    assert browser.cookies(answer, "refreshToken") == []


def test_account_of_a_stranger_is_joined_after_a_reset_ended_it(
    device: Device, browser: Browser, provider: LocalProvider, db: Db
) -> None:
    device.register()
    device.send("POST", "/api/auth/forgot-password", json={"email": "ada@example.org"})
    wait_for_email(db, "account_password_reset")
    body = {"token": mailed_token(db, "account_password_reset"), "password": "only Ada knows 1"}
    assert device.send("POST", "/api/auth/reset-password", json=body).status == 204

    assert browser.sign_in(provider.add_person()).status == 302
    assert device.refresh().status == 401


@pytest.mark.parametrize("verified", [False, None, "true", "True", 1, [True]])
def test_address_that_the_provider_has_not_verified_is_refused(
    browser: Browser, provider: LocalProvider, verified_owner: str, db: Db, verified: object
) -> None:
    answer = browser.sign_in(provider.add_person(email_verified=verified))

    assert (answer.status, answer.code) == (403, "provider_email_unverified")
    assert (stored_account(db)["_id"], "identities" in stored_account(db)) == (verified_owner, False)


@pytest.mark.parametrize("email", ["", "no address", "ada@example.org\nbcc: x@example.org", 7, None])
def test_address_that_is_none_is_refused(browser: Browser, provider: LocalProvider, db: Db, email: object) -> None:
    answer = browser.sign_in(provider.add_person(email=email))  # type: ignore[arg-type]  # a provider may write anything

    assert (answer.status, answer.code) == (403, "provider_email_unverified")
    assert db.accounts.count_documents({}) == 0


def test_subject_of_another_issuer_is_another_person(make_app: Callable[..., Flask], provider: LocalProvider) -> None:
    with running_provider() as other:
        app = make_app(
            PUBLIC_URL="http://booking.example.org",
            OIDC_ACME_ISSUER=provider.url, OIDC_ACME_CLIENT_ID="booking", OIDC_ACME_CLIENT_SECRET="s",
            OIDC_EVIL_ISSUER=other.url, OIDC_EVIL_CLIENT_ID="booking", OIDC_EVIL_CLIENT_SECRET="s",
        )  # fmt: skip
        browser = Browser(app.test_client(), provider)
        subject = provider.add_person()
        browser.sign_in(subject)
        ada = signed_in_account(browser)
        other.add_person("eve@example.org", subject=subject)
        address = browser.send("GET", "/api/auth/oidc/evil").headers["Location"]
        assert browser.send("GET", other.sign_in(address, subject)).status == 302

        assert signed_in_account(browser) != ada


def test_code_of_another_provider_is_refused(make_app: Callable[..., Flask], provider: LocalProvider) -> None:
    with running_provider() as other:
        app = make_app(
            PUBLIC_URL="http://booking.example.org",
            OIDC_ACME_ISSUER=provider.url, OIDC_ACME_CLIENT_ID="booking", OIDC_ACME_CLIENT_SECRET="s",
            OIDC_EVIL_ISSUER=other.url, OIDC_EVIL_CLIENT_ID="booking", OIDC_EVIL_CLIENT_SECRET="s",
        )  # fmt: skip
        browser = Browser(app.test_client(), provider)
        callback = browser.callback_of(provider.add_person())

        mixed_up = browser.send("GET", callback.replace("/acme/", "/evil/"))

    assert (mixed_up.status, mixed_up.code) == (400, "provider_sign_in_failed")


def test_disabled_account_is_not_opened(browser: Browser, provider: LocalProvider, db: Db) -> None:
    subject = provider.add_person()
    browser.sign_in(subject)
    db.accounts.update_one({}, {"$set": {"disabled": True}})

    answer = browser.sign_in(subject)

    assert (answer.status, answer.code) == (403, "account_disabled")


def test_account_without_a_password_opens_by_no_password(
    device: Device, browser: Browser, provider: LocalProvider
) -> None:
    browser.sign_in(provider.add_person())

    assert device.login(password="the hash of no account").status == 401
    assert device.register().code == "email_taken"


@pytest.mark.parametrize("name", [None, "", "A", "x" * 81, "Visit https://evil.example now", {"$gt": ""}], ids=str)
def test_unusable_name_is_replaced_by_a_part_of_the_address(
    browser: Browser, provider: LocalProvider, db: Db, name: object
) -> None:
    assert browser.sign_in(provider.add_person(name=name)).status == 302

    assert stored_account(db)["name"] == "ada"


def test_eight_first_sign_ins_at_once_make_one_account(app: Flask, provider: LocalProvider, db: Db) -> None:
    subject = provider.add_person()
    browsers = [Browser(app.test_client(), provider) for _ in range(8)]
    callbacks = [each.callback_of(subject) for each in browsers]

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda pair: pair[0].send("GET", pair[1]), zip(browsers, callbacks, strict=True)))

    assert [answer.status for answer in answers] == [302] * 8
    assert db.accounts.count_documents({}) == 1
    assert db.sessions.count_documents({"accountId": owner_id(db)}) == 8


def test_own_data_names_the_linked_identity(browser: Browser, provider: LocalProvider) -> None:
    subject = provider.add_person()
    browser.sign_in(subject)
    token = browser.refresh().json["accessToken"]

    found = browser.send("GET", "/api/me/data", headers={"Authorization": f"Bearer {token}"}).json

    assert found["account"]["identities"] == [{"issuer": provider.url, "subject": subject}]


def test_identity_is_found_by_its_index(browser: Browser, provider: LocalProvider, db: Db) -> None:
    subject = provider.add_person()
    browser.sign_in(subject)
    row = {"issuer": provider.url, "subject": subject}

    plan = db.accounts.find({"identities.issuer": provider.url, "identities": {"$elemMatch": row}}).explain()

    assert "IXSCAN" in str(plan["queryPlanner"]["winningPlan"])
