"""The audit trail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Flask

from booking.store import BookingStore
from core.mongo.client import Db
from tests.api.admin.requests import booked, patch
from tests.api_client import Api, over_app
from tests.deferred import write_deferred
from tests.factories import ADMIN_KEY


def test_every_back_office_change_is_recorded_with_the_label_of_its_key(
    make_app: Callable[..., Flask],
) -> None:
    app = make_app(ADMIN_KEY="frontdesk:the-key-of-the-front-desk,boss:the-key-of-the-boss")
    api = Api(over_app(app))
    front, boss = "the-key-of-the-front-desk", "the-key-of-the-boss"
    slot = api.slots()[0]
    booking = str(api.book(slot, fullName="Zerubbabel Quisling").json["booking"]["id"])

    api.admin("POST", f"/bookings/{booking}/resend", key=front)
    api.admin("POST", f"/bookings/{booking}/cancel", key=boss)
    api.admin("POST", f"/bookings/{booking}/cancel", key=boss)  # changes nothing, and is no entry
    api.admin("PATCH", f"/slots/{slot['_id']}", key=front, json={"capacity": 6})
    api.admin("PATCH", f"/slots/{slot['_id']}", key=boss, json={"closed": True})
    api.admin("PATCH", f"/slots/{slot['_id']}", key=boss, json={"closed": False, "capacity": 5})

    assert audited_by(api, front, booking) == [
        ("frontdesk", "booking.letter_resent", {}, {"template": "guest_booking"}),
        ("boss", "booking.cancelled", {"status": "confirmed"}, {"status": "cancelled"}),
    ]
    assert audited_by(api, front, slot["_id"]) == [
        ("frontdesk", "slot.changed", {"capacity": 4}, {"capacity": 6}),
        ("boss", "slot.changed", {"closed": False}, {"closed": True}),
        ("boss", "slot.changed", {"closed": True, "capacity": 6}, {"closed": False, "capacity": 5}),
    ]
    everything = api.admin("GET", "/audit", key=boss).body.decode().lower()
    assert not any(word in everything for word in ("quisling", "zerubbabel", "@", "the-key"))


def audited_by(api: Api, key: str, about: str) -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    items = api.admin("GET", "/audit", key=key, query={"about": about}).json["items"]
    return [(item["who"], item["what"], item["before"], item["after"]) for item in reversed(items)]


def test_email_retry_is_recorded_in_the_audit(api: Api, db: Db) -> None:
    booking = booked(api)
    letter = f"{booking}-guest"
    write_deferred(db).letters.update_one({"_id": letter}, {"$set": {"state": "dead"}, "$unset": {"dueAt": ""}})

    assert api.admin("POST", f"/letters/{letter}/retry").status == 200

    ((who, what, before, after),) = audited_by(api, ADMIN_KEY, letter)
    assert (who.startswith("key-"), what, before, after) == (
        True, "letter.retried", {"state": "dead"}, {"state": "queued"},
    )  # fmt: skip
    assert api.admin("POST", f"/letters/{letter}/retry").status == 200
    assert len(audited_by(api, ADMIN_KEY, letter)) == 1


def test_audit_record_names_its_slot_or_booking_after_the_erasure(api: Api, db: Db) -> None:
    slot = api.slots()[0]
    booking = api.book(slot).json["booking"]
    letter = f"{booking['id']}-guest"
    write_deferred(db)["letters"].update_one({"_id": letter}, {"$set": {"state": "dead"}, "$unset": {"dueAt": ""}})
    assert api.admin("POST", f"/letters/{letter}/retry").status == 200
    assert api.admin("POST", f"/bookings/{booking['id']}/cancel").status == 200
    assert patch(api, slot, capacity=6).status == 200
    BookingStore(db).erase([booking["id"]])
    db["audit"].insert_one(
        {"_id": "0" * 32, "at": datetime(2026, 1, 1, tzinfo=UTC), "who": "operator", "what": "people.erased",
         "about": "people", "before": {}, "after": {}}
    )  # fmt: skip

    items = api.admin("GET", "/audit").json["items"]

    named = {"_id": booking["id"], "reference": booking["reference"]}
    assert [(item["about"], item["slot"], item["booking"]) for item in items] == [
        (slot["_id"], {"date": "2026-03-05", "label": "10:00-11:00"}, None),
        (booking["id"], None, named),
        (letter, None, named),
        ("people", None, None),
    ]


def test_what_is_refused_is_not_in_the_audit(api: Api) -> None:
    slot = api.slots()[0]
    booked(api)

    assert patch(api, slot, capacity=0).code == "capacity_below_booked"
    assert api.admin("POST", "/bookings/nobody/cancel").status == 404
    assert api.admin("POST", "/bookings/nobody/resend").status == 404
    assert api.admin("POST", "/letters/nothing/retry").status == 404

    assert api.admin("GET", "/audit").json == {"items": [], "next": None}


def test_audit_is_listed_by_cursor(api: Api) -> None:
    slot = api.slots()[0]
    for capacity in (5, 6, 7):
        patch(api, slot, capacity=capacity)

    first = api.admin("GET", "/audit", query={"limit": "2"}).json
    second = api.admin("GET", "/audit", query={"limit": "2", "after": first["next"]}).json

    assert [item["after"]["capacity"] for item in first["items"] + second["items"]] == [7, 6, 5]
    assert second["next"] is None
    assert api.admin("GET", "/audit", query={"after": "nonsense"}).status == 400


def test_a_change_whose_audit_cannot_be_written_is_not_made(api: Api, db: Db) -> None:
    slot = api.slots()[0]
    db.command({"collMod": "audit", "validator": {"never": True}})

    assert patch(api, slot, capacity=9).status >= 500
    assert api.slots()[0]["capacity"] == 4


def test_emails_of_a_booking_are_listed_newest_first(api: Api) -> None:
    noise, booking = booked(api), booked(api)
    api.admin("POST", f"/bookings/{booking}/cancel")

    found = api.admin("GET", "/letters", query={"about": booking}).json["items"]

    assert {letter["bookingId"] for letter in found} == {booking} != {noise}
    assert found[0]["template"] == "guest_cancellation"
    assert sorted(letter["template"] for letter in found) == ["admin_booking", "guest_booking", "guest_cancellation"]
    assert api.admin("GET", "/letters", query={"about": booking, "state": "sent"}).json["items"] == []
    assert api.admin("GET", "/letters", query={"about": "nobody"}).json["items"] == []


def test_the_page_of_the_back_office_has_nothing_secret_in_it(api: Api) -> None:
    booked(api, fullName="Zerubbabel Quisling")

    page = api.get("/admin")

    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    text = page.body.decode()
    assert "2026-03-05" in text
    assert not any(secret in text for secret in (ADMIN_KEY, "Quisling"))
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert api.get("/static/admin/main.js").status == api.get("/static/admin/admin.css").status == 200
