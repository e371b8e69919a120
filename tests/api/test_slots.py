"""Dates and slots: what is offered, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from flask import Flask

from core.mongo.client import Db
from tests.api.conftest import Clock, Recorded
from tests.api_client import Api, over_app

ODD = [f"2026-03-{day:02d}" for day in range(1, 32, 2)]
A, B = ODD[0::2], ODD[1::2]
SENTENCE = "Only odd dates in March 2026 are allowed."

NOT_BOOKABLE = [
    *[f"2026-03-{day:02d}" for day in range(2, 31, 2)],
    "2026-02-28",
    "2026-04-01",
    "2026-02-01",
    "2025-03-01",
    "2027-03-01",
    "2026-02-30",
    "2026-03-00",
    "2026-03-33",
    "2026-3-1",
    "2026-03-1",
    "26-03-01",
    "2026-03-junk",
    "2026-03-1.5",
    "2026-03-01.5",
    "2026-03-01T00:00:00",
    "2026-03-01 ",
    " 2026-03-01",
    "2026-03-01\n",
    "2026-03-01\x00",
    "2026/03/01",
    "01.03.2026",
    "20260301",
    "1",
    "",
    " ",
    "-",
    "null",
    "\uff12\uff10\uff12\uff16-03-01",
    "2026\u221203\u221201",
    '{"$ne": ""}',
    "[$ne]",
    "2026-03-05' or '1'='1",
    "x" * 5000,
]


def test_dates_lists_the_sixteen_odd_dates_with_their_places(api: Api) -> None:
    answer = api.get("/api/dates")

    assert answer.status == 200
    assert set(answer.json) == {"schedule", "timezone", "dates"}
    assert answer.json["schedule"] == "march-2026"
    assert answer.json["timezone"] == "Europe/Berlin"
    assert answer.json["dates"] == [
        {
            "date": date,
            "day": "A" if date in A else "B",
            "seats": 36 if date in A else 32,
            "remaining": 36 if date in A else 32,
        }
        for date in ODD
    ]


def test_dates_counts_down_what_is_booked_there_and_nowhere_else(api: Api) -> None:
    for slot in api.slots("2026-03-05")[:2]:
        assert api.book(slot).status == 201

    remaining = {row["date"]: row["remaining"] for row in api.dates()}

    assert remaining.pop("2026-03-05") == 34
    assert set(remaining.values()) == {36, 32}


def test_asking_for_the_dates_writes_nothing(listened: Flask, recorded: Recorded) -> None:
    assert len(Api(over_app(listened)).dates()) == 16

    assert "find" in recorded.names
    assert recorded.writes == []


@pytest.mark.parametrize("date", A)
def test_an_a_day_has_nine_slots_from_ten_to_seven(quiet: Api, date: str) -> None:
    slots = quiet.slots(date)

    assert [slot["label"] for slot in slots] == [f"{hour}:00-{hour + 1}:00" for hour in range(10, 19)]
    assert {slot["date"] for slot in slots} == {date}


@pytest.mark.parametrize("date", B)
def test_a_b_day_has_eight_slots_from_nine_to_five(quiet: Api, date: str) -> None:
    slots = quiet.slots(date)

    assert [slot["label"] for slot in slots] == [f"{hour:02d}:00-{hour + 1:02d}:00" for hour in range(9, 17)]
    assert {slot["date"] for slot in slots} == {date}


def test_a_slot_has_every_member_that_clients_know(quiet: Api) -> None:
    slot = quiet.slots("2026-03-05")[0]

    assert len(slot.pop("_id")) >= 10
    known = {
        name: slot[name] for name in ("date", "start", "end", "label", "capacity", "bookedCount", "remaining", "isFull")
    }
    assert known == {
        "date": "2026-03-05",
        "start": "10:00",
        "end": "11:00",
        "label": "10:00-11:00",
        "capacity": 4,
        "bookedCount": 0,
        "remaining": 4,
        "isFull": False,
    }
    assert known["isFull"] is False


def test_slots_are_a_bare_array(quiet: Api) -> None:
    answer = quiet.get("/api/slots", query={"date": "2026-03-05"})

    assert isinstance(answer.json, list)
    assert answer.headers["Content-Type"] == "application/json"


def test_a_slot_counts_up_to_full(api: Api) -> None:
    slot = api.slots("2026-03-07")[3]
    for booked in range(1, 5):
        assert api.book(slot).status == 201
        now = api.slots("2026-03-07")[3]
        assert (now["bookedCount"], now["remaining"], now["isFull"]) == (booked, 4 - booked, booked == 4)

    assert sum(other["bookedCount"] for other in api.slots("2026-03-07")) == 4


def test_the_id_of_a_slot_is_the_same_for_ever_and_in_every_database(make_app: Callable[..., Flask]) -> None:
    one, other = Api(over_app(make_app())), Api(over_app(make_app()))

    ids = [slot["_id"] for date in ODD for slot in one.slots(date)]

    assert [slot["_id"] for date in reversed(ODD) for slot in reversed(other.slots(date))] == ids[::-1]
    assert len(set(ids)) == 8 * 9 + 8 * 8
    # Written down once: clients have kept these.
    assert one.slots("2026-03-05")[0]["_id"] == "abf2f38bf6fe9453c824ca98"


@pytest.mark.parametrize("date", NOT_BOOKABLE)
def test_any_other_date_is_refused(quiet: Api, date: str) -> None:
    answer = quiet.get("/api/slots", query={"date": date})

    assert answer.status == 400
    assert answer.code == "date_not_bookable"
    assert answer.json["message"] == SENTENCE


@pytest.mark.parametrize(
    "path",
    [
        "/api/slots",
        "/api/slots?date",
        "/api/slots?date=",
        "/api/slots?date=2026-03-05&date=2026-03-05",
        "/api/slots?date=2026-03-05&date=2026-03-07",
        "/api/slots?date=%FF%FE",
    ],
)
def test_missing_or_repeated_date_gets_the_same_message(quiet: Api, path: str) -> None:
    answer = quiet.get(path)

    assert (answer.status, answer.code) == (400, "date_not_bookable")
    assert answer.json["message"] == SENTENCE


def test_a_refused_date_reaches_no_database(listened: Flask, recorded: Recorded) -> None:
    api = Api(over_app(listened))
    for date in NOT_BOOKABLE:
        assert api.get("/api/slots", query={"date": date}).status == 400

    assert recorded.names == []


def test_a_refused_date_leaves_no_document(api: Api, db: Db) -> None:
    api.slots("2026-03-05")
    before = {name: db[name].estimated_document_count() for name in db.list_collection_names()}
    for date in NOT_BOOKABLE:
        api.get("/api/slots", query={"date": date})

    assert {name: db[name].estimated_document_count() for name in db.list_collection_names()} == before
    assert before["slots"] == 9


def test_only_the_first_call_for_a_date_writes(listened: Flask, recorded: Recorded) -> None:
    api = Api(over_app(listened))
    first = api.slots("2026-03-05")
    assert recorded.writes != []
    recorded.names.clear()

    for _ in range(3):
        assert api.slots("2026-03-05") == first

    assert recorded.names != []
    assert recorded.writes == []


@pytest.mark.parametrize(("date", "slots"), [("2026-03-05", 9), ("2026-03-07", 8)])
def test_two_hundred_first_calls_at_once_make_every_slot_once(app: Flask, db: Db, date: str, slots: int) -> None:
    def ask(_: int) -> str:
        return json.dumps(Api(over_app(app)).slots(date))

    with ThreadPoolExecutor(200) as crowd:
        answers = set(crowd.map(ask, range(200)))

    assert len(answers) == 1
    assert len(json.loads(answers.pop())) == slots
    assert db["slots"].count_documents({}) == slots


def test_first_calls_at_once_in_two_processes_make_every_slot_once(
    make_app: Callable[..., Flask], make_database: Callable[[], str]
) -> None:
    # Two applications share nothing but the database, as two processes do.
    name = make_database()
    one, other = make_app(MONGODB_DATABASE=name), make_app(MONGODB_DATABASE=name)

    with ThreadPoolExecutor(32) as crowd:
        answers = list(crowd.map(lambda app: Api(over_app(app)).slots("2026-03-09"), [one, other] * 32))

    assert all(answer == answers[0] for answer in answers)
    assert len(answers[0]) == 9


@pytest.mark.parametrize("path", ["/api/dates", "/api/slots?date=2026-03-05"])
def test_who_has_the_answer_already_gets_304(quiet: Api, path: str) -> None:
    first = quiet.get(path)
    etag = first.headers["ETag"]

    for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        again = quiet.get(path, headers={"If-None-Match": known})
        assert again.status == 304, known
        assert again.body == b""
        assert again.headers["ETag"] == etag
    assert quiet.get(path, headers={"If-None-Match": '"other"'}).status == 200


@pytest.mark.parametrize("path", ["/api/dates", "/api/slots?date=2026-03-05"])
def test_a_booking_makes_what_clients_have_stale(api: Api, path: str) -> None:
    slot = api.slots("2026-03-05")[0]
    etag = api.get(path).headers["ETag"]

    assert api.book(slot).status == 201

    again = api.get(path, headers={"If-None-Match": etag})
    assert again.status == 200
    assert again.headers["ETag"] != etag


def test_answers_may_be_kept_but_must_be_asked_for_again(quiet: Api) -> None:
    assert quiet.get("/api/dates").headers["Cache-Control"] == "no-cache"


def test_another_schedule_file_is_another_event(
    make_app: Callable[..., Flask], small_schedule: Callable[..., str]
) -> None:
    api = Api(over_app(make_app(SCHEDULE_FILE=small_schedule())))

    dates = api.get("/api/dates").json
    refused = api.get("/api/slots", query={"date": "2026-03-05"})

    assert (dates["schedule"], dates["timezone"]) == ("small", "America/New_York")
    assert [(row["date"], row["day"], row["seats"]) for row in dates["dates"]] == [
        ("2031-06-10", "Long", 3),
        ("2031-06-11", "Short", 2),
    ]
    assert [slot["label"] for slot in api.slots("2031-06-11")] == ["09:00-10:00", "10:00-11:00"]
    assert (refused.status, refused.json["message"]) == (400, "Only the two small days are allowed.")


def test_a_slot_takes_bookings_until_its_cut_off_in_its_own_zone(
    make_app: Callable[..., Flask], small_schedule: Callable[..., str]
) -> None:
    # 10:00 in New York in June is 14:00 in UTC; the cut-off is half an hour before.
    clock = Clock(datetime(2031, 6, 10, 13, 29, 59, tzinfo=UTC))
    api = Api(over_app(make_app(SCHEDULE_FILE=small_schedule("cutoff_minutes = 30"), clock=clock)))
    nine, ten, _ = api.slots("2031-06-10")

    assert api.book(nine).code == "slot_closed"
    assert api.book(ten).status == 201
    clock.pass_by(seconds=1)
    late = api.book(ten)

    assert (late.status, late.code) == (409, "slot_closed")


def test_without_a_cut_off_past_slots_take_bookings(
    make_app: Callable[..., Flask], small_schedule: Callable[..., str]
) -> None:
    clock = Clock(datetime(2040, 1, 1, tzinfo=UTC))
    api = Api(over_app(make_app(SCHEDULE_FILE=small_schedule(), clock=clock)))

    assert api.book(api.slots("2031-06-10")[0]).status == 201
