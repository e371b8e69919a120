"""Known and unknown e-mail addresses: equal status, body, headers and number of password hashes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask

from accounts import passwords as passwords_module
from tests.accounts.conftest import Device
from tests.api_client import Answer

KNOWN, UNKNOWN = "ada@example.org", "eve@example.org"
# These differ between any two responses.
VARIABLE = {"X-Request-ID", "Date"}


@pytest.fixture(autouse=True)
def real_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with the parameters of the service."""
    monkeypatch.setattr("accounts.wiring.Passwords", passwords_module.Passwords)


@pytest.fixture
def verifications(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that passwords are compared with."""
    compared: list[str] = []
    verify = passwords_module._matches

    def counted(hasher: PasswordHasher, stored: str, password: str) -> bool:
        compared.append(stored)
        return verify(hasher, stored, password)

    monkeypatch.setattr(passwords_module, "_matches", counted)
    return compared


def comparable(answer: Answer) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Return what a client can compare, without the members that differ between any two responses."""
    body = {name: value for name, value in (answer.json or {}).items() if name != "requestId"}
    return answer.status, body, {name: value for name, value in answer.headers.items() if name not in VARIABLE}


def test_wrong_password_and_unknown_address_are_answered_alike(device: Device, verifications: list[str]) -> None:
    device.register(KNOWN)

    known, unknown = (device.login(email, "wrong horse 9") for email in (KNOWN, UNKNOWN))

    assert comparable(known) == comparable(unknown)
    assert known.status == 401
    parameters = [stored.rpartition("$")[0].rpartition("$")[0] for stored in verifications]
    assert parameters == ["$argon2id$v=19$m=19456,t=2,p=1"] * 2


def test_disabled_account_is_answered_as_a_wrong_password(device: Device, db: Any, verifications: list[str]) -> None:
    device.register(KNOWN)
    db.accounts.update_one({}, {"$set": {"disabled": True}})

    right, wrong = device.login(KNOWN), device.login(KNOWN, "wrong horse 9")

    assert comparable(right) == comparable(wrong)
    assert len(verifications) == 2


def test_reset_request_is_answered_alike_for_an_unknown_address(device: Device) -> None:
    device.register(KNOWN)

    known, unknown = (
        device.send("POST", "/api/auth/forgot-password", json={"email": email}, authorized=False)
        for email in (KNOWN, UNKNOWN)
    )

    assert comparable(known) == comparable(unknown)
    assert known.status == 202


def test_reset_request_does_the_same_database_work(
    make_app: Callable[..., Flask], replica_set: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pymongo import MongoClient

    from accounts.password_reset import RequestPasswordReset
    from tests.api.conftest import Recorded

    monkeypatch.setattr(RequestPasswordReset, "_send", lambda _: None)
    recorded = Recorded()
    with MongoClient[dict[str, Any]](replica_set.uri, event_listeners=[recorded], tz_aware=True) as client:
        device = Device(make_app(client=client).test_client())
        device.register(KNOWN)
        work = []
        for email in (KNOWN, UNKNOWN):
            recorded.names.clear()
            device.send("POST", "/api/auth/forgot-password", json={"email": email}, authorized=False)
            work.append(list(recorded.names))

    assert work[0] == work[1] == ["insert"]


def test_control_sign_in_without_the_dummy_hash_compares_less(
    device: Device, verifications: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_dummy(passwords: passwords_module.Passwords, password: str, stored: str) -> bool:
        return bool(stored) and passwords_module._matches(passwords.hasher, stored, password)

    monkeypatch.setattr(passwords_module.Passwords, "verify", without_dummy)
    device.register(KNOWN)

    for email in (KNOWN, UNKNOWN):
        device.login(email, "wrong horse 9")

    assert len(verifications) == 1
