"""The signed-in person's account over HTTP: name, password, sessions and deletion."""

from __future__ import annotations

import pytest

from accounts.model import Account
from accounts.session_store import SessionStore
from accounts.store import AccountStore
from core.mongo.client import Db
from tests.accounts.conftest import PASSWORD, Device

NEW_PASSWORD = "another horse 8"  # nosec B105 # of test accounts


def change(device: Device, **body: object) -> tuple[int, str]:
    answer = device.send("PATCH", "/api/auth/me", json=body)
    return answer.status, "" if answer.status == 200 else answer.code


def test_name_is_changed_after_trimming(device: Device) -> None:
    device.register()

    assert change(device, name="  Ada King ") == (200, "")
    assert device.me().json["user"]["name"] == "Ada King"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "A"},
        {"name": None},
        {"name": {"$ne": ""}},
        {"password": NEW_PASSWORD},
        {"currentPassword": PASSWORD},
        {"currentPassword": PASSWORD, "password": "short 7"},
        {"currentPassword": {"$gt": ""}, "password": NEW_PASSWORD},
        {"email": "eve@example.org"},
        {"role": "admin"},
        {"name": "Ada", "emailVerified": True},
    ],
    ids=str,
)
def test_invalid_change_of_the_account_is_refused(device: Device, db: Db, body: dict[str, object]) -> None:
    device.register()
    before = db.accounts.find_one()

    assert change(device, **body) == (400, "validation_failed")
    assert db.accounts.find_one() == before


def test_password_change_keeps_this_session_and_ends_the_others(device: Device, other_device: Device, db: Db) -> None:
    device.register()
    other_device.login()

    assert change(device, currentPassword=PASSWORD, password=NEW_PASSWORD) == (200, "")

    assert device.refresh().status == 200
    assert other_device.refresh().code == "session_ended"
    assert other_device.login().code == "invalid_credentials"
    assert other_device.login(password=NEW_PASSWORD).status == 200
    assert db.letters.count_documents({"template": "account_password_changed"}) == 1


def test_password_change_with_a_wrong_or_common_password_is_refused(device: Device, other_device: Device) -> None:
    device.register()
    other_device.login()

    assert change(device, currentPassword="wrong horse 9", password=NEW_PASSWORD) == (401, "invalid_credentials")
    assert change(device, currentPassword=PASSWORD, password="password1") == (400, "password_too_common")
    assert other_device.refresh().status == 200


def test_password_change_loses_against_a_reset_meanwhile(
    device: Device, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    device.register()
    verify = AccountStore.change_password

    def after_a_reset(store: AccountStore, *arguments: object) -> Account:
        db.accounts.update_one({}, {"$set": {"passwordHash": "of the reset"}})
        return verify(store, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(AccountStore, "change_password", after_a_reset)

    assert change(device, currentPassword=PASSWORD, password=NEW_PASSWORD) == (401, "invalid_credentials")


def test_sessions_are_listed_newest_first(device: Device, other_device: Device) -> None:
    device.send("POST", "/api/auth/register", json={"name": "Ada", "email": "ada@example.org", "password": PASSWORD})
    credentials = {"email": "ada@example.org", "password": PASSWORD}
    other_device.send("POST", "/api/auth/login", json=credentials, headers={"User-Agent": "Phone " + "x" * 300})

    found = device.send("GET", "/api/auth/sessions").json["data"]

    assert [session["current"] for session in found] == [False, True]
    assert found[0]["userAgent"].startswith("Phone x")
    assert len(found[0]["userAgent"]) == 200
    assert all(set(session) == {"id", "createdAt", "lastUsedAt", "userAgent", "current"} for session in found)


def test_one_session_is_ended_and_another_persons_is_not_found(device: Device, other_device: Device) -> None:
    device.register()
    other_device.login()
    stranger = Device(device.client.application.test_client())
    stranger.register("eve@example.org")
    (other, _) = device.send("GET", "/api/auth/sessions").json["data"]

    assert stranger.send("DELETE", f"/api/auth/sessions/{other['id']}").code == "session_not_found"
    assert other_device.refresh().status == 200
    assert device.send("DELETE", f"/api/auth/sessions/{other['id']}").status == 204
    assert device.send("DELETE", f"/api/auth/sessions/{other['id']}").status == 404
    assert other_device.refresh().code == "session_ended"
    assert device.refresh().status == 200


def test_all_other_sessions_are_ended(device: Device, other_device: Device) -> None:
    device.register()
    other_device.login()

    assert device.send("DELETE", "/api/auth/sessions").status == 204
    assert other_device.refresh().status == 401
    assert device.refresh().status == 200


def test_deleted_account_leaves_nothing_behind(device: Device, other_device: Device, db: Db) -> None:
    device.register()
    other_device.login()

    assert device.send("DELETE", "/api/auth/me", json={"password": PASSWORD}).status == 204

    assert device.cookie == ""
    assert other_device.refresh().code == "session_ended"
    assert other_device.me().code == "not_signed_in"
    assert other_device.login().code == "invalid_credentials"
    for name in ("accounts", "sessions", "account_tokens", "letters", "password_reset_requests"):
        assert db[name].count_documents({}) == 0, name
    assert device.register().status == 201


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"password": "wrong horse 9"}, (401, "invalid_credentials")),
        ({}, (400, "validation_failed")),
        ({"password": {"$ne": ""}}, (400, "validation_failed")),
        ({"password": ""}, (400, "validation_failed")),
    ],
    ids=str,
)
def test_deletion_without_the_password_is_refused(
    device: Device, db: Db, body: dict[str, object], refusal: tuple[int, str]
) -> None:
    device.register()

    answer = device.send("DELETE", "/api/auth/me", json=body)

    assert (answer.status, answer.code) == refusal
    assert db.accounts.count_documents({}) == 1


def test_control_sessions_survive_a_password_change_that_ends_none(
    device: Device, other_device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SessionStore, "delete_all", lambda *_, **__: 0)
    device.register()
    other_device.login()

    change(device, currentPassword=PASSWORD, password=NEW_PASSWORD)

    assert other_device.refresh().status == 200
