"""Hostile values in every field of every call of accounts: a refusal of the contract, and nothing changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.mongo.client import Db
from tests.accounts.conftest import PASSWORD, Device

BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/api/auth/register"): {"name": "Eve", "email": "eve@example.org", "password": PASSWORD},
    ("POST", "/api/auth/login"): {"email": "ada@example.org", "password": PASSWORD},
    ("PATCH", "/api/auth/me"): {"currentPassword": PASSWORD, "password": "another horse 8"},
    ("DELETE", "/api/auth/me"): {"password": PASSWORD},
    ("POST", "/api/auth/verify-email"): {"token": "A" * 43},
    ("POST", "/api/auth/forgot-password"): {"email": "ada@example.org"},
    ("POST", "/api/auth/reset-password"): {"token": "A" * 43, "password": "another horse 8"},
}
FIELDS = [(method, path, field) for (method, path), body in BODIES.items() for field in body]
HOSTILE: list[Any] = [{"$ne": None}, {"$gt": ""}, {"$regex": ".*"}, {"$where": "1"}, ["ada@example.org"], 7, True, None]


def snapshot(db: Db) -> list[Any]:
    return [list(db[name].find()) for name in ("accounts", "sessions", "account_tokens", "password_reset_requests")]


@pytest.mark.parametrize(("method", "path", "field"), FIELDS)
def test_value_of_another_type_is_refused_and_changes_nothing(
    device: Device, db: Db, method: str, path: str, field: str
) -> None:
    device.register()
    before = snapshot(db)

    for value in HOSTILE:
        answer = device.send(method, path, json={**BODIES[method, path], field: value})
        assert (answer.status, answer.code) == (400, "validation_failed"), value
        assert field in answer.json["errors"]

    assert snapshot(db) == before


@pytest.mark.parametrize(("method", "path", "field"), FIELDS)
def test_lone_surrogate_is_refused(device: Device, method: str, path: str, field: str) -> None:
    device.register()
    body = json.dumps({**BODIES[method, path], field: "\ud800abcdef1"})

    answer = device.send(method, path, data=body, content_type="application/json")

    assert (answer.status, answer.code) == (400, "validation_failed")


@pytest.mark.parametrize(("method", "path"), BODIES)
@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'"x"', b'{"$where": "1"}', b'{"password": "\\ud800abcdef1"}'])
def test_malformed_body_is_refused(device: Device, db: Db, method: str, path: str, body: bytes) -> None:
    device.register()
    before = snapshot(db)

    answer = device.send(method, path, data=body, content_type="application/json")

    assert answer.status == 400
    assert snapshot(db) == before


@pytest.mark.parametrize("session_id", ["$ne", "%7B%22$ne%22:1%7D", "0" * 32, "x" * 500, "%00"])
def test_hostile_session_id_is_not_found(device: Device, db: Db, session_id: str) -> None:
    device.register()

    assert device.send("DELETE", f"/api/auth/sessions/{session_id}").status == 404
    assert db.sessions.count_documents({}) == 1


def test_password_counts_each_character(device: Device) -> None:
    long = "a1" * 99
    device.register(password=long + "xy")

    assert device.login(password=long + "xz").code == "invalid_credentials"
    assert device.login(password=long + "xy").status == 200
