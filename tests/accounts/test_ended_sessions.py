"""Access tokens of ended sessions: they neither list nor change what the person has."""

from __future__ import annotations

import pytest

from core.mongo.client import Db
from tests.accounts.conftest import PASSWORD, Device

CALLS = {
    "rename": ("PATCH", "/api/auth/me", {"name": "Eve Stranger"}),
    "delete": ("DELETE", "/api/auth/me", {"password": PASSWORD}),
    "sessions": ("GET", "/api/auth/sessions", None),
    "end others": ("DELETE", "/api/auth/sessions", None),
    "resend": ("POST", "/api/auth/verify-email/resend", None),
    "own data": ("GET", "/api/me/data", None),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("end", ["session", "account", "disabled"])
def test_token_of_an_ended_session_changes_nothing(
    device: Device, other_device: Device, db: Db, call: str, end: str
) -> None:
    device.register()
    other_device.login()
    session_id = next(row["id"] for row in device.send("GET", "/api/auth/sessions").json["data"] if row["current"])
    if end == "session":
        db.sessions.delete_one({"_id": session_id})
    elif end == "account":
        db.accounts.delete_many({})
    else:
        db.accounts.update_one({}, {"$set": {"disabled": True}})
    before = list(db.sessions.find())
    method, path, body = CALLS[call]

    answer = device.send(method, path, json=body)

    assert (answer.status, answer.code) == (401, "not_signed_in")
    assert list(db.sessions.find()) == before


def test_token_of_an_active_session_changes_the_name(device: Device) -> None:
    device.register()

    answer = device.send("PATCH", "/api/auth/me", json={"name": "Ada Byron"})

    assert answer.json["user"]["name"] == "Ada Byron"
