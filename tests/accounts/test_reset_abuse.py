"""Password reset under attack: forged tokens cost no hash, and one address asks for a bounded number of links."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from accounts.passwords import Passwords
from accounts.token_store import TokenStore
from tests.accounts.conftest import PASSWORD, Device

FORGED = "A" * 43


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were hashed."""
    passwords: list[str] = []
    hash_password = Passwords.hash

    def counted(self: Passwords, password: str) -> str:
        passwords.append(password)
        return hash_password(self, password)

    monkeypatch.setattr(Passwords, "hash", counted)
    return passwords


def reset(device: Device, token: str) -> Any:
    body = {"token": token, "password": PASSWORD}
    return device.send("POST", "/api/auth/reset-password", json=body, authorized=False)


def forgot(device: Device, email: str) -> Any:
    return device.send("POST", "/api/auth/forgot-password", json={"email": email}, authorized=False)


def test_reset_with_a_forged_token_hashes_nothing(device: Device, hashed: list[str]) -> None:
    answer = reset(device, FORGED)

    assert (answer.status, answer.code) == (400, "token_invalid")
    assert hashed == []


def test_control_reset_without_the_token_check_hashes(
    device: Device, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TokenStore, "require", lambda *_: None)

    assert reset(device, FORGED).status == 400
    assert hashed == [PASSWORD]


def test_reset_requests_of_an_address_are_limited(make_app: Callable[..., Flask]) -> None:
    device = Device(make_app(RATE_LIMIT_LOGIN="3 per 15 minutes").test_client())

    statuses = [forgot(device, f"guest{number}@example.org").status for number in range(4)]

    assert statuses == [202, 202, 202, 429]


def test_reset_requests_do_not_count_as_sign_ins(make_app: Callable[..., Flask]) -> None:
    device = Device(make_app(RATE_LIMIT_LOGIN="1 per 15 minutes").test_client())
    device.register()
    forgot(device, "ada@example.org")

    assert device.login().status == 200
