"""E-mailed links over HTTP: verification of an address and reset of a password."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask

import wiring
from core.mongo.client import Db
from core.web.context import runtime_of
from tests.accounts.conftest import PASSWORD, Device, mailed_token
from tests.api.conftest import Clock

NEW_PASSWORD = "another horse 8"  # nosec B105 # of test accounts
VERIFICATION = "account_verification"
RESET = "account_password_reset"


def forgot(device: Device, email: str = "ada@example.org") -> int:
    return device.send("POST", "/api/auth/forgot-password", json={"email": email}, authorized=False).status


def reset(device: Device, token: str, password: str = NEW_PASSWORD) -> tuple[int, str]:
    body = {"token": token, "password": password}
    answer = device.send("POST", "/api/auth/reset-password", json=body, authorized=False)
    return answer.status, "" if answer.status == 204 else answer.code


def verify(device: Device, token: str) -> tuple[int, str]:
    answer = device.send("POST", "/api/auth/verify-email", json={"token": token}, authorized=False)
    return answer.status, "" if answer.status == 200 else answer.code


def reset_token(db: Db) -> str:
    """Return the token of the link, once the request is processed."""
    deadline = time.monotonic() + 10
    while db.letters.count_documents({"template": RESET}) == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    return mailed_token(db, RESET)


def wait_until_processed(db: Db) -> None:
    deadline = time.monotonic() + 10
    while db.password_reset_requests.count_documents({}) and time.monotonic() < deadline:
        time.sleep(0.01)


def test_address_is_verified_once(device: Device, db: Db) -> None:
    device.register()
    token = mailed_token(db, VERIFICATION)

    assert verify(device, token) == (200, "")
    assert device.me().json["user"]["emailVerified"] is True
    assert verify(device, token) == (400, "token_invalid")


def test_verification_sent_again_replaces_the_earlier_link(device: Device, db: Db) -> None:
    device.register()
    first = mailed_token(db, VERIFICATION)

    assert device.send("POST", "/api/auth/verify-email/resend").status == 202

    assert verify(device, first) == (400, "token_invalid")
    assert verify(device, mailed_token(db, VERIFICATION)) == (200, "")
    assert device.send("POST", "/api/auth/verify-email/resend").status == 202
    assert db.letters.count_documents({"template": VERIFICATION}) == 2


@pytest.mark.parametrize("token", ["", "x", "A" * 43, {"$ne": ""}, ["x"], None, "A" * 300])
@pytest.mark.parametrize("path", ["verify-email", "reset-password"])
def test_unknown_token_is_refused(device: Device, db: Db, path: str, token: object) -> None:
    device.register()

    answer = device.send("POST", f"/api/auth/{path}", json={"token": token, "password": NEW_PASSWORD})

    assert answer.status == 400
    assert device.login().status == 200


@pytest.mark.parametrize(("hours", "expected"), [(23.9, 200), (24.1, 400)])
def test_verification_link_is_valid_for_a_day(make_app: Callable[..., Flask], hours: float, expected: int) -> None:
    clock = Clock(datetime.now(UTC))
    app = make_app(clock=clock)
    device = Device(app.test_client())
    device.register()
    token = mailed_token(runtime_of(app).get(wiring.Services).db, VERIFICATION)

    clock.pass_by(hours=hours)

    assert verify(device, token)[0] == expected


@pytest.mark.parametrize(("minutes", "expected"), [(29, 204), (31, 400)])
def test_reset_link_is_valid_for_half_an_hour(make_app: Callable[..., Flask], minutes: float, expected: int) -> None:
    clock = Clock(datetime.now(UTC))
    app = make_app(clock=clock)
    device = Device(app.test_client())
    device.register()
    forgot(device)
    token = reset_token(runtime_of(app).get(wiring.Services).db)

    clock.pass_by(minutes=minutes)

    assert reset(device, token)[0] == expected


def test_reset_sets_the_password_once_and_ends_all_sessions(device: Device, other_device: Device, db: Db) -> None:
    device.register()
    other_device.login()
    assert forgot(device, "ADA@Example.org") == 202
    token = reset_token(db)

    assert reset(device, token, "password1") == (400, "password_too_common")
    assert reset(device, token) == (204, "")

    assert reset(device, token) == (400, "token_invalid")
    assert device.refresh().code == "session_ended"
    assert other_device.refresh().code == "session_ended"
    assert device.login().code == "invalid_credentials"
    assert device.login(password=NEW_PASSWORD).status == 200
    assert device.me().json["user"]["emailVerified"] is True
    assert db.letters.count_documents({"template": "account_password_changed"}) == 1


def test_token_of_one_purpose_does_not_serve_the_other(device: Device, db: Db) -> None:
    device.register()
    forgot(device)

    assert verify(device, reset_token(db)) == (400, "token_invalid")
    assert reset(device, mailed_token(db, VERIFICATION)) == (400, "token_invalid")


def test_second_reset_link_replaces_the_first(device: Device, db: Db) -> None:
    device.register()
    forgot(device)
    first = reset_token(db)
    forgot(device)
    wait_until_processed(db)

    assert reset(device, first) == (400, "token_invalid")
    assert reset(device, mailed_token(db, RESET)) == (204, "")


def test_reset_of_a_disabled_account_sends_no_link(device: Device, db: Db) -> None:
    device.register()
    db.accounts.update_one({}, {"$set": {"disabled": True}})

    assert forgot(device) == 202
    wait_until_processed(db)

    assert db.letters.count_documents({"template": RESET}) == 0


def test_request_of_a_dead_process_is_sent_by_the_scheduler(
    device: Device, db: Db, services: wiring.Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    device.register()
    monkeypatch.setattr(type(services.accounts.request_password_reset), "_send", lambda _: None)
    forgot(device)
    assert db.password_reset_requests.count_documents({}) == 1

    services.scheduler.run_once()

    assert reset(device, mailed_token(db, RESET)) == (204, "")


def test_link_has_its_token_behind_the_fragment_sign(device: Device, db: Db) -> None:
    device.register()

    row = db.letters.find_one({"template": VERIFICATION})

    assert row is not None
    assert "/account/verify-email#token=" in str(row)


def test_stored_tokens_are_digests(device: Device, db: Db) -> None:
    device.register()
    token = mailed_token(db, VERIFICATION)

    stored = str([*db.account_tokens.find(), *db.sessions.find(), *db.accounts.find()])

    assert token not in stored
    assert device.cookie.partition(".")[2] not in stored
    assert PASSWORD not in stored
