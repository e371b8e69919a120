"""Refresh tokens: rotation, reuse, parallel use and origins."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask

from accounts.model import AccountSession
from accounts.session_store import Rotation, SessionStore
from core.mongo.client import Db
from tests.accounts.conftest import Device


def test_refresh_rotates_the_cookie_and_returns_an_access_token(device: Device) -> None:
    user = device.register().json["user"]
    before = device.cookie

    response = device.refresh()

    assert response.status == 200
    assert response.json["user"] == user
    assert device.cookie not in ("", before)
    assert device.refresh().status == 200


def test_used_refresh_token_ends_the_session_and_is_audited(device: Device, other_device: Device, db: Db) -> None:
    device.register()
    stolen = device.cookie
    device.refresh()
    other_device.set_cookie(stolen)

    response = other_device.refresh()

    assert (response.status, response.code) == (401, "session_ended")
    assert device.refresh().status == 401
    assert [row["what"] for row in db.audit.find()] == ["session.revoked"]


def test_used_refresh_token_ends_no_other_session(device: Device, other_device: Device) -> None:
    device.register()
    other_device.login()
    stolen = device.cookie
    device.refresh()
    device.set_cookie(stolen)
    device.refresh()

    assert other_device.refresh().status == 200


def test_session_survives_a_used_token_without_the_detection_of_reuse(
    device: Device, other_device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: without the digests of used tokens, a stolen token ends nothing."""
    monkeypatch.setattr(SessionStore, "find_reused", lambda *_: None)
    device.register()
    other_device.set_cookie(device.cookie)
    device.refresh()

    other_device.refresh()

    assert device.refresh().status == 200


def statuses_of_parallel_refreshes(app: Flask, device: Device) -> list[int]:
    """Return the statuses of eight refreshes at once with the cookie of `device`."""
    devices = [Device(app.test_client()) for _ in range(8)]
    for each in devices:
        each.set_cookie(device.cookie)
    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(lambda each: each.refresh().status, devices))


def test_eight_parallel_refreshes_succeed_at_most_once(app: Flask, device: Device) -> None:
    device.register()

    statuses = statuses_of_parallel_refreshes(app, device)

    assert statuses.count(200) <= 1
    assert set(statuses) <= {200, 401}


@pytest.mark.parametrize("token", ["", "x", "0" * 32 + "." + "A" * 43, "0" * 32, "$ne.x"])
def test_unknown_refresh_token_is_refused(device: Device, token: str) -> None:
    device.set_cookie(token)

    assert device.refresh().code == "session_ended"


def test_expired_session_is_refused(device: Device, db: Db) -> None:
    device.register()
    db.sessions.update_many({}, [{"$set": {"expiresAt": {"$subtract": ["$createdAt", 1]}}}])

    assert device.refresh().status == 401


@pytest.mark.parametrize("path", ["/api/auth/refresh", "/api/auth/logout"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:8000.evil.example"])
def test_cookie_of_another_sites_page_is_refused(device: Device, path: str, origin: str) -> None:
    device.register()

    response = device.send("POST", path, headers={"Origin": origin}, authorized=False)

    assert (response.status, response.code) == (403, "origin_refused")
    assert device.refresh(Origin="http://127.0.0.1:8000").status == 200


def test_refresh_from_an_allowed_origin_is_answered_with_credentials(make_app: Callable[..., Flask]) -> None:
    device = Device(make_app(CORS_ORIGINS="https://shop.example").test_client())
    device.register()

    response = device.refresh(Origin="https://shop.example")

    assert response.status == 200
    assert response.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    refused = device.refresh(Origin="https://evil.example")
    assert (refused.status, refused.code) == (403, "origin_refused")
    assert "Access-Control-Allow-Origin" not in refused.headers


def test_cookie_is_secure_on_https_and_lives_for_the_setting(make_app: Callable[..., Flask]) -> None:
    device = Device(make_app(PUBLIC_URL="https://book.example.org", REFRESH_TOKEN_DAYS="2").test_client())

    cookie = device.register().headers["Set-Cookie"]

    assert "Secure" in cookie
    assert "Max-Age=172800" in cookie


def test_control_rotation_without_compare_and_set_succeeds_twice(
    app: Flask, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_then_write(store: SessionStore, rotation: Rotation) -> AccountSession | None:
        """Rotate as two statements, after every concurrent caller has read."""
        found = store.find_valid(rotation.old, rotation.now)
        barrier.wait(10)
        if found:
            store._sessions.update_one({"_id": found.id}, {"$set": {"digest": rotation.new.digest}})
        return found

    barrier = Barrier(8)
    monkeypatch.setattr(SessionStore, "rotate", read_then_write)
    device.register()

    assert statuses_of_parallel_refreshes(app, device).count(200) > 1


def test_sign_out_with_a_rotated_token_ends_the_session(device: Device, db: Db) -> None:
    device.register()
    rotated = device.cookie
    device.refresh()
    device.set_cookie(rotated)

    device.send("POST", "/api/auth/logout", authorized=False)

    assert db.sessions.count_documents({}) == 0
