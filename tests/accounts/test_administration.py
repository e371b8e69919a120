"""Accounts in the back office: list, roles, disabled accounts, and the doors that an administrator's token opens."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from accounts.service import Accounts
from core.mongo.client import Db
from tests.accounts.conftest import Device
from tests.api_client import Answer, Api
from tests.factories import ADMIN_KEY


def make_admin(db: Db, email: str = "ada@example.org", role: str = "admin") -> None:
    db.accounts.update_one({"email": email}, {"$set": {"role": role}})


def patch_user(api: Api, account_id: str, **change: object) -> Answer:
    return api.admin("PATCH", f"/users/{account_id}", json=change)


@pytest.fixture
def people(app: Flask) -> list[Device]:
    """Three signed-in people: ada, bob and cyd."""
    devices = [Device(app.test_client()) for _ in range(3)]
    for device, name in zip(devices, ("ada", "bob", "cyd"), strict=True):
        assert device.register(f"{name}@example.org", name=name.title()).status == 201
    return devices


def id_of(db: Db, email: str) -> str:
    row = db.accounts.find_one({"email": email})
    assert row is not None
    return str(row["_id"])


def test_accounts_are_listed_by_pages(api: Api, people: list[Device]) -> None:
    first = api.admin("GET", "/users", query={"limit": 2}).json
    second = api.admin("GET", "/users", query={"limit": 2, "page": 2}).json

    assert [user["email"] for user in first["items"] + second["items"]] == [
        "ada@example.org",
        "bob@example.org",
        "cyd@example.org",
    ]
    assert {name: first[name] for name in ("total", "page", "limit", "totalPages")} == {
        "total": 3,
        "page": 1,
        "limit": 2,
        "totalPages": 2,
    }
    assert set(first["items"][0]) == {"id", "email", "name", "role", "emailVerified", "createdAt", "disabled"}
    assert len(api.admin("GET", "/users", query={"limit": 1000}).json["items"]) == 3


def test_account_is_found_by_its_address_in_any_case(api: Api, people: list[Device]) -> None:
    found = api.admin("GET", "/users", query={"email": "BOB@example.org"}).json

    assert [user["name"] for user in found["items"]] == ["Bob"]
    assert api.admin("GET", "/users", query={"email": "eve@example.org"}).json["total"] == 0


@pytest.mark.parametrize("query", [{"page": 0}, {"limit": "x"}, {"email": "x" * 300}, {"email[$ne]": ""}, {"q": "x"}])
def test_invalid_query_of_accounts_is_refused(api: Api, query: dict[str, Any]) -> None:
    assert api.admin("GET", "/users", query=query).status == 400


def test_role_change_is_audited_without_an_address(api: Api, people: list[Device], db: Db) -> None:
    account_id = id_of(db, "bob@example.org")

    assert patch_user(api, account_id, role="staff").json["role"] == "staff"
    assert patch_user(api, account_id, role="staff").status == 200

    records = api.admin("GET", "/audit", query={"about": account_id}).json["items"]
    assert [(row["what"], row["before"], row["after"]) for row in records][-1] == (
        "account.changed",
        {"role": "user"},
        {"role": "staff"},
    )
    assert "bob" not in str(records)
    assert people[1].refresh().json["user"]["role"] == "staff"


@pytest.mark.parametrize(
    "change",
    [{}, {"role": "root"}, {"role": {"$ne": ""}}, {"disabled": "yes"}, {"disabled": None}, {"email": "x@example.org"}],
    ids=str,
)
def test_invalid_change_of_an_account_is_refused(
    api: Api, people: list[Device], db: Db, change: dict[str, object]
) -> None:
    account_id = id_of(db, "bob@example.org")
    before = db.accounts.find_one({"_id": account_id})

    assert patch_user(api, account_id, **change).status == 400
    assert db.accounts.find_one({"_id": account_id}) == before


def test_change_of_an_unknown_account_is_not_found(api: Api) -> None:
    answer = patch_user(api, "0" * 32, role="admin")

    assert (answer.status, answer.code) == (404, "account_not_found")


def test_disabled_account_stops_at_the_next_refresh(api: Api, people: list[Device], db: Db) -> None:
    account_id = id_of(db, "bob@example.org")

    assert patch_user(api, account_id, disabled=True).json["disabled"] is True

    assert people[1].me().status == 200
    assert people[1].refresh().code == "session_ended"
    assert people[1].login("bob@example.org").code == "invalid_credentials"
    assert people[0].refresh().status == 200
    assert patch_user(api, account_id, disabled=False).status == 200
    assert people[1].refresh().code == "session_ended"
    assert people[1].login("bob@example.org").status == 200


def test_sign_in_during_the_disabling_begins_no_session(
    api: Api, people: list[Device], db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    from accounts.passwords import Passwords

    verify = Passwords.verify

    def disabled_meanwhile(passwords: Passwords, password: str, stored: str) -> bool:
        matches = verify(passwords, password, stored)
        patch_user(api, id_of(db, "bob@example.org"), disabled=True)
        return matches

    monkeypatch.setattr(Passwords, "verify", disabled_meanwhile)

    assert people[1].login("bob@example.org").code == "invalid_credentials"
    assert db.sessions.count_documents({"accountId": id_of(db, "bob@example.org")}) == 0


def door(device: Device, method: str = "GET", path: str = "/validate", **options: Any) -> tuple[int, str]:
    answer = device.send(method, f"/api/admin{path}", **options)
    return answer.status, answer.json.get("code", "")


def test_back_office_opens_by_the_role_stored_now(people: list[Device], db: Db) -> None:
    ada = people[0]
    assert door(ada) == (403, "forbidden")

    make_admin(db, role="staff")
    assert door(ada) == (403, "forbidden")
    make_admin(db)
    assert door(ada) == (200, "")
    make_admin(db, role="user")
    assert door(ada) == (403, "forbidden")


def test_back_office_closes_at_once_for_a_disabled_admin(api: Api, people: list[Device], db: Db) -> None:
    ada, bob = people[:2]
    make_admin(db)
    make_admin(db, "bob@example.org")
    assert door(ada) == door(bob) == (200, "")

    patch_user(api, id_of(db, "ada@example.org"), disabled=True)
    bob.send("POST", "/api/auth/logout")

    assert door(ada) == (401, "unauthorized")
    assert door(bob) == (401, "unauthorized")
    assert bob.me().status == 200


def test_change_by_an_administrator_names_the_account_in_the_audit(people: list[Device], db: Db) -> None:
    make_admin(db)
    ada = people[0]

    assert door(ada, "PATCH", f"/users/{id_of(db, 'cyd@example.org')}", json={"disabled": True}) == (200, "")

    row = db.audit.find_one({"what": "account.changed"})
    assert row is not None
    assert row["who"] == f"account:{id_of(db, 'ada@example.org')}"


def test_wrong_key_is_refused_also_with_an_administrators_token(people: list[Device], db: Db) -> None:
    make_admin(db)

    assert door(people[0], headers={"X-Admin-Key": "wrong"}) == (401, "unauthorized")
    assert door(people[1], headers={"X-Admin-Key": ADMIN_KEY}) == (200, "")


def test_control_door_that_trusts_the_tokens_session_stays_open(
    api: Api, people: list[Device], db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Accounts, "active", lambda service, identity: service.get(identity))
    make_admin(db)

    people[0].send("POST", "/api/auth/logout")

    assert door(people[0]) == (200, "")


def test_stranger_never_learns_an_address(people: list[Device]) -> None:
    assert door(people[0], path="/users") == (403, "forbidden")
    people[0].access_token = ""
    assert door(people[0], path="/users") == (401, "unauthorized")
