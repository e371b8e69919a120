"""The operator's commands on accounts: make-admin, erase, retain, verify."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
from flask import Flask

import wiring
from accounts.session_store import SessionStore
from accounts.store import AccountStore
from core.mongo.client import Db
from core.web.context import runtime_of
from tests.accounts.conftest import Device
from tests.api.conftest import Clock


def run(app: Flask, *command: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=list(command))
    return result.exit_code, result.output


def test_make_admin_gives_the_role_and_is_audited(app: Flask, device: Device, db: Db) -> None:
    device.register()

    code, output = run(app, "make-admin", "ADA@example.org")

    assert code == 0
    assert "administrator" in output
    assert "not verified" in output
    assert device.send("GET", "/api/admin/validate").status == 200
    assert [(row["who"], row["after"]) for row in db.audit.find()] == [("operator", {"role": "admin"})]


@pytest.mark.parametrize(("email", "expected"), [("eve@example.org", 1), ("no address", 2)])
def test_make_admin_without_an_account_is_refused(app: Flask, email: str, expected: int) -> None:
    assert run(app, "make-admin", email)[0] == expected


def test_erase_deletes_the_account_with_its_sessions(app: Flask, device: Device, db: Db) -> None:
    device.register()
    other = Device(app.test_client())
    other.register("eve@example.org")

    code, output = run(app, "erase", "--email", "Ada@example.org")

    assert (code, "1 accounts deleted" in output) == (0, True)
    assert [row["email"] for row in db.accounts.find()] == ["eve@example.org"]
    assert device.refresh().code == "session_ended"
    assert other.refresh().status == 200
    assert "ada@example.org" not in str([*db.letters.find(), *db.audit.find(), *db.sessions.find()])
    assert run(app, "erase", "--email", "Ada@example.org")[0] == 0


def test_retain_deletes_old_accounts_that_were_never_verified(make_app: Callable[..., Flask]) -> None:
    clock = Clock(datetime.now(UTC))
    app = make_app(clock=clock)
    db = runtime_of(app).get(wiring.Services).db
    for name in ("old", "verified"):
        Device(app.test_client()).register(f"{name}@example.org")
    db.accounts.update_one({"email": "verified@example.org"}, {"$set": {"emailVerified": True}})
    clock.pass_by(days=31)
    Device(app.test_client()).register("new@example.org")

    code, output = run(app, "retain", "--days", "30")

    assert (code, "1 accounts deleted" in output) == (0, True)
    assert sorted(row["email"] for row in db.accounts.find()) == ["new@example.org", "verified@example.org"]
    assert [row["what"] for row in db.audit.find()] == ["accounts.retained"]


def test_retain_keeps_an_account_that_is_verified_meanwhile(
    app: Flask, device: Device, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    device.register()
    db.accounts.update_one({}, {"$set": {"createdAt": datetime(2026, 1, 1, tzinfo=UTC)}})
    find = AccountStore.never_verified

    def find_and_verify(store: AccountStore, before: datetime) -> Sequence[str]:
        found = find(store, before)
        db.accounts.update_many({}, {"$set": {"emailVerified": True}})
        return [*found, "deleted meanwhile"]

    monkeypatch.setattr(AccountStore, "never_verified", find_and_verify)
    code, output = run(app, "retain", "--days", "30")

    assert (code, "accounts deleted" in output) == (0, False)
    assert db.accounts.count_documents({}) == 1
    assert device.refresh().status == 200


def test_verify_names_sessions_without_an_account(
    app: Flask, device: Device, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    device.register()
    assert run(app, "verify")[0] == 0

    monkeypatch.setattr(SessionStore, "delete_all", lambda *_, **__: 0)
    device.send("DELETE", "/api/auth/me", json={"password": "correct horse 7"})
    code, output = run(app, "verify")

    assert code == 1
    assert "1 rows of sessions belong to no account" in output
