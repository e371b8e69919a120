"""Moving a booking: one step, never both places and never none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar

import wiring
from core.mongo.client import Db
from tests.api.conftest import Clock
from tests.api_client import Answer, Api, over_app

DATE = "2026-03-05"


def taken(api: Api) -> list[int]:
    return [slot["bookedCount"] for slot in api.slots(DATE)[:3]]


def move(api: Api, booking: dict[str, Any], slot: dict[str, Any]) -> Answer:
    return api.held("POST", booking, "/reschedule", json={"slotId": slot["_id"]})


def test_a_booking_moves_with_its_place_and_its_reference(api: Api, db: Db, services: wiring.Services) -> None:
    slots = api.slots(DATE)
    booking = api.book(slots[0]).json["booking"]

    moved = move(api, booking, slots[1])

    changed = {"slotId": slots[1]["_id"], "slot": slots[1]["label"]}
    assert (moved.status, moved.json) == (200, {**booking, **changed})
    assert api.held("GET", booking).json == moved.json
    assert taken(api) == [0, 1, 0]
    letter = db.letters.find_one({"about": booking["id"], "template": "guest_rescheduled"})
    assert letter is not None
    assert (letter["facts"]["oldSlot"], letter["facts"]["slot"]) == (slots[0]["label"], slots[1]["label"])
    assert letter["after"] == f"{booking['id']}-guest"
    assert services.booking.find_mismatches.execute() == []


def test_moving_again_to_where_it_is_changes_nothing(api: Api, db: Db) -> None:
    slots = api.slots(DATE)
    booking = api.book(slots[0]).json["booking"]

    first, again = move(api, booking, slots[1]), move(api, booking, slots[1])

    assert (again.status, again.json) == (200, first.json)
    assert taken(api) == [0, 1, 0]
    assert db.letters.count_documents({"template": "guest_rescheduled"}) == 1


def test_a_full_slot_refuses_and_the_place_is_kept(api: Api, services: wiring.Services) -> None:
    slots = api.slots(DATE)
    for _ in range(4):
        api.book(slots[1])
    booking = api.book(slots[0]).json["booking"]

    answer = move(api, booking, slots[1])

    assert (answer.status, answer.code) == (409, "slot_full")
    assert [offer["date"] for offer in answer.json["alternatives"]] == [DATE] * 3
    assert taken(api) == [1, 4, 0]
    assert services.booking.find_mismatches.execute() == []


def test_the_place_it_leaves_goes_to_the_waiting_list(api: Api) -> None:
    slots = api.slots(DATE)
    made = [api.book(slots[0]).json["booking"] for _ in range(4)]
    entry = api.wait_for(slots[0]).json["entry"]

    assert move(api, made[2], slots[1]).status == 200

    assert api.held("GET", entry).json["status"] == "promoted"
    assert taken(api) == [4, 1, 0]


def test_what_cannot_be_moved_to_is_refused(api: Api) -> None:
    slots = api.slots(DATE)
    booking = api.book(slots[0]).json["booking"]
    api.admin("PATCH", f"/slots/{slots[1]['_id']}", json={"closed": True})
    api.book(slots[2], email=booking["email"])

    assert move(api, booking, slots[1]).code == "slot_closed"
    assert move(api, booking, slots[2]).code == "duplicate_booking"
    assert move(api, booking, {"_id": "no-such-slot-anywhere"}).code == "slot_not_found"
    assert api.held("POST", booking, "/reschedule", json={}).status == 400
    assert api.held("POST", booking, "/reschedule", json={"slotId": slots[1]["_id"], "more": 1}).status == 400
    assert taken(api) == [1, 0, 1]


def test_a_cancelled_booking_is_not_moved(api: Api) -> None:
    slots = api.slots(DATE)
    booking = api.book(slots[0]).json["booking"]
    api.held("DELETE", booking)

    assert (move(api, booking, slots[1]).status, move(api, booking, slots[1]).code) == (409, "booking_cancelled")
    assert taken(api) == [0, 0, 0]


@pytest.mark.parametrize("given", ["", "wrong", "Bearer"])
def test_without_the_token_nothing_moves(api: Api, given: str) -> None:
    slots = api.slots(DATE)
    booking = api.book(slots[0]).json["booking"]
    path = f"/api/bookings/{booking['id']}/reschedule"

    answer = api.send("POST", path, json={"slotId": slots[1]["_id"]}, headers={"Authorization": f"Bearer {given}"})

    assert (answer.status, answer.code) == (404, "booking_not_found")
    assert taken(api) == [1, 0, 0]


def test_the_cut_off_holds_for_both_slots(
    make_app: Callable[..., Flask], small_schedule: Callable[..., str], clock: Clock
) -> None:
    api = Api(over_app(make_app(SCHEDULE_FILE=small_schedule("cutoff_minutes = 60"), clock=clock)))
    first, second, third = api.slots("2031-06-10")
    early, late = api.book(first).json["booking"], api.book(third).json["booking"]
    clock.at = clock.at.replace(year=2031, month=6, day=10, hour=12, minute=30)  # 08:30 in New York

    assert move(api, early, second).code == "slot_closed"
    assert move(api, late, first).code == "slot_closed"
    assert move(api, late, second).status == 200


def test_a_link_ends_a_day_after_the_slot(
    make_app: Callable[..., Flask], small_schedule: Callable[..., str], clock: Clock
) -> None:
    api = Api(over_app(make_app(SCHEDULE_FILE=small_schedule(), clock=clock)))
    slots = api.slots("2031-06-10")
    booking = api.book(slots[0]).json["booking"]
    waiting = api.wait_for(slots[0]).json["entry"]
    end = clock.at.replace(year=2031, month=6, day=10, hour=14, minute=0, second=0, microsecond=0)

    clock.at = end + timedelta(days=1)
    assert (api.held("GET", booking).status, api.held("GET", waiting).status) == (200, 200)
    clock.pass_by(seconds=1)
    over = [api.held("GET", booking), api.held("DELETE", booking), api.held("GET", waiting)]
    assert [answer.status for answer in over] == [404, 404, 404]


def test_the_calendar_file_follows_the_booking(api: Api) -> None:
    slots = api.slots(DATE)
    booking = api.book(slots[0]).json["booking"]

    def event() -> tuple[str, int, str, str]:
        answer = api.held("GET", booking, "/calendar.ics")
        assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
        calendar = Calendar.from_ical(answer.body)
        (found,) = calendar.walk("VEVENT")
        return (
            str(found["UID"]),
            int(str(found["SEQUENCE"])),
            str(found["STATUS"]),
            f"{found.decoded('DTSTART'):%d %H:%M %Z}",
        )

    uid, *first = event()
    move(api, booking, slots[1])
    api_uid, *second = event()
    api.held("DELETE", booking)
    last_uid, *third = event()

    assert uid == api_uid == last_uid
    assert first == [0, "CONFIRMED", "05 09:00 UTC"]
    assert second == [1, "CONFIRMED", "05 10:00 UTC"]
    assert third == [2, "CANCELLED", "05 10:00 UTC"]
    assert api.get(f"/api/bookings/{booking['id']}/calendar.ics").status == 404


def test_the_page_moves_the_booking_and_says_why_it_does_not(api: Api) -> None:
    slots = api.slots(DATE)
    booking = api.book(slots[0]).json["booking"]
    for _ in range(4):
        api.book(slots[2])
    path, _, token = booking["manageUrl"].partition("127.0.0.1:8000")[2].partition("#token=")
    cookie = {"Cookie": f"token={token}"}

    page = api.get(f"{path}?date={DATE}", headers=cookie).body.decode()
    assert slots[1]["_id"] in page
    assert slots[0]["_id"] not in page and slots[2]["_id"] not in page
    full = api.send("POST", f"{path}/reschedule", data={"slotId": slots[2]["_id"]}, headers=cookie)
    assert (full.status, "This hour is full." in full.body.decode()) == (409, True)
    moved = api.send("POST", f"{path}/reschedule", data={"slotId": slots[1]["_id"]}, headers=cookie)
    assert (moved.status, moved.headers["Location"]) == (303, f"{path}/moved")
    assert slots[1]["label"] in api.get(f"{path}/moved", headers=cookie).body.decode()
    assert api.send("POST", f"{path}/reschedule", data={"slotId": slots[0]["_id"]}).status == 404
    assert api.get(f"{path}/calendar.ics", headers=cookie).body.startswith(b"BEGIN:VCALENDAR")
    assert api.get(f"{path}/data.json", headers=cookie).json["booking"]["email"] == booking["email"]
    assert taken(api) == [0, 1, 4]
