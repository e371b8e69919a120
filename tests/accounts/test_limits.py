"""Limits of sign-in by account and by address, alike for unknown e-mail addresses."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

import wiring
from accounts.limits import SignInLimits
from accounts.password_reset import RequestPasswordReset
from core.mongo.client import Db
from core.web.context import runtime_of
from tests.accounts.conftest import PASSWORD, Device, mailed_token

KNOWN, UNKNOWN = "ada@example.org", "eve@example.org"


def attempts(device: Device, email: str, password: str, count: int) -> list[int]:
    return [device.login(email, password).status for _ in range(count)]


@pytest.mark.parametrize("email", [KNOWN, UNKNOWN])
def test_account_is_locked_after_ten_wrong_passwords(app: Flask, email: str) -> None:
    device = Device(app.test_client())
    device.register(KNOWN)

    assert attempts(device, email, "wrong horse 9", 11) == [401] * 10 + [429]

    locked = device.login(email, PASSWORD)
    assert (locked.status, locked.code) == (429, "too_many_requests")
    assert 0 < int(locked.headers["Retry-After"]) <= 900
    assert {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"} <= set(locked.headers.keys())


def test_lock_is_for_one_account_and_any_case_of_its_address(app: Flask) -> None:
    device = Device(app.test_client())
    device.register(KNOWN)
    device.register(UNKNOWN)
    attempts(device, "ADA@Example.org", "wrong horse 9", 10)

    assert device.login(KNOWN).status == 429
    assert device.login(UNKNOWN).status == 200


def test_right_password_starts_the_count_again(app: Flask) -> None:
    device = Device(app.test_client())
    device.register(KNOWN)
    for _ in range(2):
        assert attempts(device, KNOWN, "wrong horse 9", 9) == [401] * 9
        assert device.login(KNOWN).status == 200


def test_concurrent_wrong_passwords_are_limited_before_they_are_checked(app: Flask) -> None:
    Device(app.test_client()).register(KNOWN)
    devices = [Device(app.test_client()) for _ in range(20)]

    with ThreadPoolExecutor(20) as threads:
        statuses = list(threads.map(lambda device: device.login(KNOWN, "wrong horse 9").status, devices))

    assert sorted(statuses) == [401] * 10 + [429] * 10


def test_password_of_the_signed_in_person_is_limited_too(app: Flask) -> None:
    device = Device(app.test_client())
    device.register(KNOWN)
    wrong = {"currentPassword": "wrong horse 9", "password": "another horse 8"}

    changes = [device.send("PATCH", "/api/auth/me", json=wrong).status for _ in range(6)]
    deletions = [device.send("DELETE", "/api/auth/me", json={"password": "wrong"}).status for _ in range(5)]

    assert changes + deletions == [401] * 10 + [429]


def test_reset_lifts_the_lock(app: Flask) -> None:
    device = Device(app.test_client())
    device.register(KNOWN)
    attempts(device, KNOWN, "wrong horse 9", 10)
    db = runtime_of(app).get(wiring.Services).db
    device.send("POST", "/api/auth/forgot-password", json={"email": KNOWN})
    wait_for_letter(db, "account_password_reset")

    body = {"token": mailed_token(db, "account_password_reset"), "password": "another horse 8"}
    assert device.send("POST", "/api/auth/reset-password", json=body, authorized=False).status == 204

    assert device.login(KNOWN, "another horse 8").status == 200


def wait_for_letter(db: Db, template: str) -> None:
    deadline = time.monotonic() + 10
    while not db.letters.count_documents({"template": template}) and time.monotonic() < deadline:
        time.sleep(0.01)


def test_sign_ins_and_registrations_are_limited_by_address(make_app: Callable[..., Flask]) -> None:
    app = make_app(RATE_LIMIT_LOGIN="3 per 15 minutes", RATE_LIMIT_REGISTER="2 per hour")
    device = Device(app.test_client())

    registrations = [device.register(f"person{number}@example.org").status for number in range(3)]
    logins = [device.login(f"person{number}@example.org").status for number in range(4)]

    assert registrations == [201, 201, 429]
    assert logins == [200, 200, 401, 429]
    device.client.environ_base["REMOTE_ADDR"] = "192.0.2.9"
    assert device.register("person8@example.org").status == 201
    assert device.login("person0@example.org").status == 200


@pytest.mark.parametrize("email", [KNOWN, UNKNOWN])
def test_reset_links_are_limited_by_e_mail_address(app: Flask, email: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stored: list[str] = []
    monkeypatch.setattr(RequestPasswordReset, "execute", lambda _, address: stored.append(address))
    device = Device(app.test_client())
    device.register(KNOWN)

    asked = [
        device.send("POST", "/api/auth/forgot-password", json={"email": email}, authorized=False).status
        for _ in range(11)
    ]

    assert asked == [202] * 11
    assert stored == [email] * 10


def test_verification_links_are_limited_by_account(app: Flask) -> None:
    device = Device(app.test_client())
    device.register(KNOWN)

    asked = [device.send("POST", "/api/auth/verify-email/resend").status for _ in range(11)]

    assert asked == [202] * 10 + [429]


def test_limits_store_no_e_mail_address(make_app: Callable[..., Flask], replica_set: object) -> None:
    app = make_app(RATE_LIMIT_STORAGE="mongodb")
    services = runtime_of(app).get(wiring.Services)
    device = Device(app.test_client())
    device.register(KNOWN)
    device.login(KNOWN, "wrong horse 9")

    rows = list(services.client[f"{services.db.name}_limits"].counters.find())

    assert rows
    assert KNOWN not in str(rows)


def test_full_hashing_queue_is_503_with_retry_after(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(app.test_client())
    device.register(KNOWN)
    passwords = runtime_of(app).get(wiring.Services).accounts.sign_in.passwords
    taken = 0
    while passwords._places.acquire(blocking=False):
        taken += 1

    refused = device.login(KNOWN)
    for _ in range(taken):
        passwords._places.release()

    assert (refused.status, refused.code) == (503, "unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    assert device.login(KNOWN).status == 200


def test_control_attempts_without_a_limit_by_account_are_all_checked(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SignInLimits, "reserve_password_attempt", lambda *_: None)
    device = Device(app.test_client())
    device.register(KNOWN)

    assert attempts(device, KNOWN, "wrong horse 9", 12) == [401] * 12
