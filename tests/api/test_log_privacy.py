"""The log contains no personal data."""

from __future__ import annotations

import json
import time

import pytest

from tests.api_client import Api
from tests.conftest import Served
from tests.factories import ADMIN_KEY

QUISLING = {
    "fullName": "Zerubbabel Quisling",
    "email": "zerubbabel@quisling.example",
    "phone": "+14155550123",
    "message": "My secret message",
}
PERSONAL = ["zerubbabel", "quisling", "4155550123", "415 555", "5550123", "secret message"]


def test_log_contains_events_and_no_personal_data(served: Served) -> None:
    api = served.api
    slot = api.slots("2026-03-05")[0]
    secret = "a-wrong-key-of-somebody"
    guest = QUISLING
    booked = api.book(slot, key="my-idempotency-key", **guest)
    booking = booked.json["booking"]
    token = booking["manageUrl"].partition("token=")[2]
    assert api.book(slot, **guest).code == "duplicate_booking"
    assert api.book(slot, **{**guest, "phone": "0415 5550123"}).status == 400
    opened = api.send("POST", f"/bookings/{booking['id']}/open", data={"token": token}, allow_redirects=False)
    assert opened.status == 303
    assert api.get(f"/zerubbabel@quisling.example?q={guest['fullName']}").status == 404
    assert api.admin("GET", "/validate", key=secret).status == 401
    assert api.admin("GET", "/bookings", query={"name": "Quisling", "phone": "415 555"}).json["total"] == 1
    assert (
        api.send("DELETE", f"/api/bookings/{booking['id']}", headers={"Authorization": f"Bearer {token}"}).status == 200
    )
    wait_for_letters(api)

    text = served.log.read_text()

    events = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    lines = [event for event in events if event["event"] == "request"]
    posted = [line for line in lines if (line["method"], line["route"]) == ("POST", "/api/bookings")]
    assert [line["outcome"] for line in posted] == ["booked", "duplicate_booking", "validation_failed"]
    assert all({"request_id", "status", "duration_ms", "timestamp", "level"} <= set(line) for line in lines)
    assert booked.headers["X-Request-ID"] in {line["request_id"] for line in posted}
    assert "email_written" in {event["event"] for event in events}
    secrets = ["my-idempotency-key", token, secret, ADMIN_KEY, "a secret only tests know"]
    assert [word for word in PERSONAL + secrets if word.lower() in text.lower()] == []


def wait_for_letters(api: Api) -> None:
    """Return when the letters of the test have been written."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if api.admin("GET", "/stats").json["letters"]["sent"] >= 2:
            return
        time.sleep(0.2)
    pytest.fail("no letter was written")
