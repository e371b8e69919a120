"""Changes of slots and bookings, statistics and e-mails."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from core.mongo.client import Db
from tests.api.admin.requests import booked, found, patch
from tests.api_client import Api
from tests.deferred import write_deferred
from tests.factories import ADMIN_KEY, person


def test_the_slots_of_a_date_are_listed_or_all_of_them(api: Api) -> None:
    assert api.admin("GET", "/slots", query={"date": "2026-03-05"}).json == [
        {**slot, "closed": False, "waiting": 0, "saved": 0} for slot in api.slots("2026-03-05")
    ]
    everything = api.admin("GET", "/slots").json

    assert len(everything) == 136
    assert [slot["date"] for slot in everything] == sorted(slot["date"] for slot in everything)
    assert api.admin("GET", "/slots", query={"date": "2026-03-06"}).code == "date_not_bookable"


def test_more_places_can_be_offered(api: Api) -> None:
    slot = api.slots()[0]
    for _ in range(4):
        assert api.book(slot).status == 201
    assert api.book(slot).code == "slot_full"

    answer = patch(api, slot, capacity=5)

    assert answer.status == 200
    assert (answer.json["capacity"], answer.json["bookedCount"], answer.json["remaining"]) == (5, 4, 1)
    assert api.book(slot).status == 201
    assert api.book(slot).code == "slot_full"


def test_capacity_may_fall_to_what_is_booked_and_not_below(api: Api) -> None:
    slot = api.slots()[0]
    for _ in range(2):
        assert api.book(slot).status == 201

    below = patch(api, slot, capacity=1)
    exact = patch(api, slot, capacity=2)

    assert (below.status, below.code) == (409, "capacity_below_booked")
    assert exact.status == 200
    assert exact.json["isFull"] is True
    assert patch(api, slot, capacity=0).code == "capacity_below_booked"
    assert api.slots()[0]["capacity"] == 2


def test_a_refused_change_changes_nothing(api: Api) -> None:
    slot = api.slots()[0]
    assert api.book(slot).status == 201

    assert patch(api, slot, capacity=0, closed=True).code == "capacity_below_booked"

    assert api.book(slot).status == 201


def test_a_closed_slot_refuses_and_opens_again(api: Api) -> None:
    slot, other, *_ = api.slots()
    assert api.book(slot).status == 201

    closed = patch(api, slot, closed=True)
    refused = api.book(slot)

    assert (closed.status, closed.json["remaining"], closed.json["bookedCount"]) == (200, 0, 1)
    assert (refused.status, refused.code) == (409, "slot_closed")
    assert api.book(other).status == 201
    assert api.slots()[0]["isFull"] is True
    assert patch(api, slot, closed=False).json["remaining"] == 3
    assert api.book(slot).status == 201


def test_a_slot_no_one_has_looked_at_can_be_changed(api: Api) -> None:
    slot = api.admin("GET", "/slots").json[-1]

    assert patch(api, slot, capacity=1).json["capacity"] == 1
    assert api.slots("2026-03-31")[-1]["capacity"] == 1


CHANGES_REFUSED: list[tuple[Any, str]] = [
    ({}, "capacity"),
    ({"capacity": -1}, "capacity"),
    ({"capacity": "4"}, "capacity"),
    ({"capacity": 1.5}, "capacity"),
    ({"capacity": None}, "capacity"),
    ({"capacity": True}, "capacity"),
    ({"capacity": 10**30}, "capacity"),
    ({"capacity": {"$inc": 1}}, "capacity"),
    ({"closed": "yes"}, "closed"),
    ({"closed": 1}, "closed"),
    ({"closed": None}, "closed"),
    ({"capacity": 4, "bookedCount": 0}, "bookedCount"),
    ({"capacity": 4, "date": "2026-03-07"}, "date"),
]


@pytest.mark.parametrize(("change", "field"), CHANGES_REFUSED)
def test_a_change_that_is_not_well_formed_is_refused(quiet: Api, change: Any, field: str) -> None:
    slot = quiet.slots()[0]

    answer = quiet.admin("PATCH", f"/slots/{slot['_id']}", data=json.dumps(change), content_type="application/json")

    assert (answer.status, answer.code) == (400, "validation_failed"), answer.body
    assert set(answer.json["errors"]) == {field}
    assert quiet.slots()[0] == slot


def test_an_unknown_slot_cannot_be_changed(quiet: Api) -> None:
    answer = quiet.admin("PATCH", "/slots/no-such-slot", json={"capacity": 4})

    assert (answer.status, answer.code) == (404, "slot_not_found")


def test_the_back_office_cancels_once_however_often_it_asks(api: Api, db: Db) -> None:
    kept, mine = booked(api), booked(api)

    first = api.admin("POST", f"/bookings/{mine}/cancel")
    second = api.admin("POST", f"/bookings/{mine}/cancel")

    assert (first.status, first.json["status"], first.json["_id"]) == (200, "cancelled", mine)
    assert (second.status, second.json) == (200, first.json)
    assert api.slots()[0]["bookedCount"] == 1
    assert found(api, status="confirmed") == [kept]
    assert db["letters"].count_documents({"template": "guest_cancellation", "about": mine}) == 1


def test_a_confirmation_is_sent_again_to_the_guest(api: Api, db: Db) -> None:
    other, mine = booked(api), booked(api, email="ada@example.org")
    before = write_deferred(db)["letters"].count_documents({})

    answer = api.admin("POST", f"/bookings/{mine}/resend")

    assert (answer.status, answer.json["_id"]) == (202, mine)
    assert db["letters"].count_documents({}) == before + 1
    assert [row["to"] for row in db["letters"].find({"template": "guest_booking", "about": mine})] == [
        "ada@example.org"
    ] * 2
    assert db["letters"].count_documents({"template": "guest_booking", "about": other}) == 1


@pytest.mark.parametrize("path", ["/bookings/nobody/cancel", "/bookings/nobody/resend", "/letters/nobody/retry"])
def test_what_is_not_there_is_404(quiet: Api, path: str) -> None:
    answer = quiet.admin("POST", path)

    assert answer.status == 404
    assert answer.code in ("booking_not_found", "letter_not_found")


def test_stats_count_seats_bookings_and_emails(api: Api) -> None:
    booked(api, 0, "2026-03-05")
    booked(api, 1, "2026-03-05")
    booked(api, 0, "2026-03-07")
    api.admin("POST", f"/bookings/{booked(api, 3, '2026-03-07')}/cancel")

    stats = api.admin("GET", "/stats").json

    assert (stats["seats"], stats["booked"]) == (8 * 36 + 8 * 32, 3)
    days = {row["date"]: row for row in stats["byDay"]}
    assert len(days) == 16
    assert days["2026-03-05"] == {"date": "2026-03-05", "day": "A", "seats": 36, "booked": 2}
    assert days["2026-03-07"] == {"date": "2026-03-07", "day": "B", "seats": 32, "booked": 1}
    assert sum(row["booked"] for row in stats["byDay"]) == 3
    hours = {row["hour"]: row for row in stats["byHour"]}
    assert list(hours) == [f"{hour:02d}:00" for hour in range(9, 19)]
    assert hours["09:00"] == {"hour": "09:00", "seats": 32, "booked": 1}
    assert hours["10:00"] == {"hour": "10:00", "seats": 64, "booked": 1}
    assert hours["11:00"] == {"hour": "11:00", "seats": 64, "booked": 1}
    assert hours["18:00"] == {"hour": "18:00", "seats": 32, "booked": 0}
    assert stats["letters"] == {"queued": 9, "sending": 0, "retrying": 0, "sent": 0, "dead": 0}


def test_stats_count_as_remaining_what_guests_are_offered(api: Api) -> None:
    slots = api.slots("2026-03-05")
    booked(api, 0, "2026-03-05")
    booked(api, 1, "2026-03-05")
    assert api.admin("PATCH", f"/slots/{slots[0]['_id']}", json={"closed": True}).status == 200

    stats = api.admin("GET", "/stats").json

    assert stats["remaining"] == sum(date["remaining"] for date in api.get("/api/dates").json["dates"])
    assert stats["remaining"] == stats["seats"] - stats["booked"] - (slots[0]["capacity"] - 1)


def test_stats_count_emails_by_state(api: Api, db: Db) -> None:
    booked(api)
    booked(api)
    ids = [row["_id"] for row in write_deferred(db)["letters"].find()]
    db["letters"].update_one({"_id": ids[0]}, {"$set": {"state": "dead"}})
    db["letters"].update_one({"_id": ids[1]}, {"$set": {"state": "sent", "sentAt": datetime(2026, 3, 1, tzinfo=UTC)}})

    letters = api.admin("GET", "/stats").json["letters"]

    assert letters == {"queued": 2, "sending": 0, "retrying": 0, "sent": 1, "dead": 1}


def test_emails_are_listed_by_state_newest_first(api: Api, db: Db) -> None:
    first, second = booked(api), booked(api)
    dead = write_deferred(db)["letters"].find_one({"about": first, "template": "guest_booking"})
    assert dead
    db["letters"].update_one({"_id": dead["_id"]}, {"$set": {"state": "dead", "lastError": "mail server: 550"}})

    everything = api.admin("GET", "/letters").json["items"]
    given_up = api.admin("GET", "/letters", query={"state": "dead"}).json["items"]

    assert [letter["bookingId"] for letter in everything] == [second, second, first, first]
    assert [letter["_id"] for letter in given_up] == [dead["_id"]]
    assert given_up[0]["lastError"] == "mail server: 550"
    assert given_up[0]["state"] == "dead"
    assert api.admin("GET", "/letters", query={"state": "sent"}).json["items"] == []
    assert api.admin("GET", "/letters", query={"state": "lost"}).status == 400


def test_failed_email_is_retried_and_no_other(api: Api, db: Db) -> None:
    mine = booked(api)
    dead, queued = (row["_id"] for row in write_deferred(db)["letters"].find({"about": mine}))
    db["letters"].update_one({"_id": dead}, {"$set": {"state": "dead", "attempts": 7, "lastError": "mail server: 550"}})

    retried = api.admin("POST", f"/letters/{dead}/retry")
    again = api.admin("POST", f"/letters/{dead}/retry")

    assert (retried.status, retried.json["state"], retried.json["attempts"]) == (200, "queued", 0)
    assert (again.status, again.json) == (200, retried.json)  # the answer may have been lost
    assert api.admin("POST", f"/letters/{queued}/retry").code == "letter_not_failed"
    assert db["letters"].count_documents({"state": "queued"}) == 2


def test_the_back_office_sees_what_guests_book_with_one_key_once(api: Api) -> None:
    slot = api.slots()[0]
    form = person()
    for _ in range(3):
        assert api.book(slot, key="one", **form).status == 201

    assert len(found(api)) == 1


def test_a_member_named_with_half_a_character_is_refused(api: Api) -> None:
    slot = api.slots()[0]

    answer = api.send(
        "PATCH",
        f"/api/admin/slots/{slot['_id']}",
        data=b'{"\\ud800": 1}',
        headers={"X-Admin-Key": ADMIN_KEY, "Content-Type": "application/json"},
    )

    assert (answer.status, answer.code) == (400, "validation_failed")


def test_resent_email_shows_the_state_of_the_booking(api: Api, db: Db) -> None:
    booking = api.book(api.slots()[0]).json["booking"]
    assert api.admin("POST", f"/bookings/{booking['id']}/cancel").status == 200

    assert api.admin("POST", f"/bookings/{booking['id']}/resend").status == 202

    templates = [row["template"] for row in db.letters.find({"about": booking["id"]}).sort("_id", 1)]
    assert templates.count("guest_cancellation") == 2
    assert templates.count("guest_booking") == 1


def test_cancellation_email_is_sent_after_the_pending_confirmation(api: Api, db: Db) -> None:
    booking = api.book(api.slots()[0]).json["booking"]

    assert api.admin("POST", f"/bookings/{booking['id']}/cancel").status == 200

    cancellation = db.letters.find_one({"about": booking["id"], "template": "guest_cancellation"})
    confirmation = db.letters.find_one({"about": booking["id"], "template": "guest_booking"})
    assert cancellation and confirmation
    assert cancellation["after"] == confirmation["_id"]
    assert cancellation["dueAt"] > cancellation["createdAt"]


def test_listed_email_names_its_slot_and_no_other_content(api: Api) -> None:
    booking = booked(api, date="2026-03-07")

    (guests, _) = api.admin("GET", "/letters", query={"about": booking}).json["items"]

    assert (guests["date"], guests["slotLabel"]) == ("2026-03-07", "09:00-10:00")
    assert not {"facts", "fullName", "phone", "manageUrl"} & guests.keys()
