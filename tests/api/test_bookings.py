"""Bookings: slots, alternatives, duplicates and a rush."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from booking import create
from core.mongo.client import Db
from tests.api.booking_requests import cancel, refused
from tests.api_client import Api, over_app
from tests.deferred import write_deferred


@pytest.mark.parametrize("date", ["2026-03-06", "2026-04-01", "2026-02-30", "2026-3-5", "tomorrow", "2026-03-05T10:00"])
def test_date_off_the_schedule_is_refused_with_the_schedule_message(api: Api, db: Db, date: str) -> None:
    answer = api.book(api.slots("2026-03-05")[0], date=date)

    assert (answer.status, answer.code) == (400, "date_not_bookable")
    assert answer.json["message"] == "Only odd dates in March 2026 are allowed."
    assert db["slots"].distinct("date") == ["2026-03-05"]


def test_a_slot_of_another_date_is_refused(api: Api) -> None:
    slot = api.slots("2026-03-05")[0]

    answer = api.book(slot, date="2026-03-07")

    assert (answer.status, answer.code) == (400, "slot_date_mismatch")
    assert answer.json["message"] == "Slot does not match selected date."
    assert api.slots("2026-03-05")[0]["bookedCount"] == 0


@pytest.mark.parametrize(
    "slot_id",
    ["x" * 10, "x" * 100, "0" * 24, "65f0c0ffee65f0c0ffee65f0", "!~{}[]$.*|", '{"$gt":""}', "../../../../etc"],
)
def test_unknown_slot_id_of_ten_to_a_hundred_characters_is_404(quiet: Api, slot_id: str) -> None:
    answer = quiet.book({"date": "2026-03-05", "_id": slot_id})

    assert (answer.status, answer.code) == (404, "slot_not_found")
    assert answer.json["message"] == "Slot not found."


@pytest.mark.parametrize(
    "slot_id", ["", "x" * 9, "x" * 101, "with a blank", "nul\x00inside-", "\u00e9" * 12, "x" * 11 + "\n", " " * 12]
)
def test_any_other_slot_id_is_400(quiet: Api, slot_id: str) -> None:
    refused(quiet.book({"date": "2026-03-05", "_id": slot_id}), "slotId")


def test_a_slot_that_no_one_has_looked_at_can_be_booked(make_app: Callable[..., Flask]) -> None:
    known = Api(over_app(make_app())).slots("2026-03-31")[0]
    fresh = Api(over_app(make_app()))

    assert fresh.book(known).status == 201
    assert fresh.slots("2026-03-31")[0]["bookedCount"] == 1


def test_a_full_slot_is_refused_with_the_nearest_slots_that_have_places(api: Api) -> None:
    slots = api.slots("2026-03-05")
    twelve = slots[2]
    for _ in range(4):
        assert api.book(twelve).status == 201

    answer = api.book(twelve)

    assert (answer.status, answer.code) == (409, "slot_full")
    assert answer.json["message"] == "Slot is full."
    assert [offer["label"] for offer in answer.json["alternatives"]] == ["11:00-12:00", "13:00-14:00", "10:00-11:00"]
    assert {offer["date"] for offer in answer.json["alternatives"]} == {"2026-03-05"}
    assert {offer["slotId"] for offer in answer.json["alternatives"]} == {
        slots[0]["_id"],
        slots[1]["_id"],
        slots[3]["_id"],
    }
    assert api.slots("2026-03-05")[2]["bookedCount"] == 4


def test_alternatives_are_of_the_same_day_first_and_then_of_the_nearest(
    make_app: Callable[..., Flask], small_schedule: Callable[..., str]
) -> None:
    api = Api(over_app(make_app(SCHEDULE_FILE=small_schedule())))
    nine, ten, _ = api.slots("2031-06-10")
    assert api.book(ten).status == 201
    assert api.book(nine).status == 201

    offered = api.book(nine).json["alternatives"]

    assert [(offer["date"], offer["label"]) for offer in offered] == [
        ("2031-06-10", "11:00-12:00"),
        ("2031-06-11", "09:00-10:00"),
        ("2031-06-11", "10:00-11:00"),
    ]
    assert all(api.book({"date": o["date"], "_id": o["slotId"]}).status == 201 for o in offered)


def test_a_full_event_has_no_alternatives(make_app: Callable[..., Flask], small_schedule: Callable[..., str]) -> None:
    api = Api(over_app(make_app(SCHEDULE_FILE=small_schedule())))
    everything = api.slots("2031-06-10") + api.slots("2031-06-11")
    assert [api.book(slot).status for slot in everything] == [201] * 5

    answer = api.book(everything[0])

    assert answer.code == "slot_full"
    assert answer.json["alternatives"] == []


def test_closed_slots_are_no_alternatives(make_app: Callable[..., Flask], small_schedule: Callable[..., str]) -> None:
    api = Api(over_app(make_app(SCHEDULE_FILE=small_schedule())))
    nine, ten, eleven = api.slots("2031-06-10")
    api.admin("PATCH", f"/slots/{ten['_id']}", json={"closed": True})
    assert api.book(nine).status == 201

    offered = api.book(nine).json["alternatives"]

    assert offered[0]["slotId"] == eleven["_id"]
    assert ten["_id"] not in {offer["slotId"] for offer in offered}


@pytest.mark.parametrize("again", ["ada@example.org", "ADA@Example.ORG", " ada@example.org "])
def test_a_guest_books_a_slot_once(api: Api, again: str) -> None:
    slot = api.slots()[0]
    assert api.book(slot, email="ada@example.org").status == 201

    answer = api.book(slot, email=again, fullName="Somebody Else", phone="+447400123456", country="GB")

    assert (answer.status, answer.code) == (409, "duplicate_booking")
    assert answer.json["message"] == "Duplicate booking."
    assert api.slots()[0]["bookedCount"] == 1


def test_a_guest_may_book_another_slot_and_another_guest_the_same(api: Api) -> None:
    first, second, *_ = api.slots()

    assert api.book(first, email="ada@example.org").status == 201
    assert api.book(second, email="ada@example.org").status == 201
    assert api.book(first, email="bob@example.org").status == 201


def test_concurrent_requests_of_one_guest_book_once(app: Flask) -> None:
    slot = Api(over_app(app)).slots()[0]

    with ThreadPoolExecutor(16) as crowd:
        answers = list(crowd.map(lambda _: Api(over_app(app)).book(slot, email="ada@example.org"), range(16)))

    assert sorted(answer.status for answer in answers) == [201] + [409] * 15
    assert {answer.code for answer in answers if answer.status == 409} == {"duplicate_booking"}
    assert Api(over_app(app)).slots()[0]["bookedCount"] == 1


def test_after_cancelling_the_same_slot_can_be_booked_again(api: Api) -> None:
    slot = api.slots()[0]
    first = api.book(slot, email="ada@example.org")
    assert cancel(api, first).status == 200

    again = api.book(slot, email="ada@example.org")

    assert again.status == 201
    assert again.json["booking"]["id"] != first.json["booking"]["id"]
    assert api.book(slot, email="ada@example.org").code == "duplicate_booking"
    assert api.slots()[0]["bookedCount"] == 1


def test_booking_with_a_taken_reference_gets_another_one(api: Api, db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    references = iter(["K7MP-4QXD", "K7MP-4QXD", "K7MP-4QXE"])
    monkeypatch.setattr(create, "new_reference", lambda: next(references))
    slot = api.slots()[0]

    first = api.book(slot).json["booking"]
    second = api.book(slot).json["booking"]

    assert (first["reference"], second["reference"]) == ("K7MP-4QXD", "K7MP-4QXE")
    stored = db["bookings"].find_one({"_id": second["id"]}) or {}
    emails = list(write_deferred(db)["letters"].find({"about": second["id"]}))
    assert stored["reference"] == "K7MP-4QXE"
    assert {email["facts"]["reference"] for email in emails} == {"K7MP-4QXE"}
