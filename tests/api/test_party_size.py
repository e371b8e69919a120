"""Bookings of several places: all or none, counted as places everywhere."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

import wiring
from booking.store import PARTIES
from core.web.context import runtime_of
from tests.api.booking_requests import cancel, refused
from tests.api_client import Answer, Api, over_app
from tests.factories import person

DATE = "2031-06-10"
PARTY_OF_FOUR = "seats_per_booking = 4"
App = Callable[..., Flask]


@pytest.fixture
def party_app(make_app: App, small_schedule: Callable[..., str]) -> Flask:
    """An application whose bookings have up to four places; its slots have six."""
    return make_app(SCHEDULE_FILE=small_schedule(PARTY_OF_FOUR))


@pytest.fixture
def party_api(party_app: Flask) -> Api:
    api = Api(over_app(party_app))
    for slot in api.slots(DATE):
        assert api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": 6}).status == 200
    return api


@pytest.fixture
def party_services(party_app: Flask) -> wiring.Services:
    return runtime_of(party_app).get(wiring.Services)


def counts(api: Api) -> list[tuple[int, int]]:
    """Return booked and remaining places of the slots."""
    return [(slot["bookedCount"], slot["remaining"]) for slot in api.slots(DATE)]


def test_booking_of_a_party_claims_all_of_its_places(party_api: Api, party_services: wiring.Services) -> None:
    answer = party_api.book(party_api.slots(DATE)[0], seats=4)

    assert (answer.status, answer.json["booking"]["seats"]) == (201, 4)
    assert party_api.held("GET", answer.json["booking"]).json["seats"] == 4
    assert counts(party_api)[0] == (4, 2)
    assert party_services.booking.find_mismatches.execute() == []


def test_party_that_does_not_fit_is_refused_and_smaller_ones_book(party_api: Api) -> None:
    first, second, third = party_api.slots(DATE)
    party_api.book(first, seats=4)
    party_api.book(second, seats=4)

    answer = party_api.book(first, seats=3)

    assert (answer.status, answer.code, answer.json["remaining"]) == (409, "slot_full", 2)
    assert answer.json["message"] == "Too few places are left: 2."
    assert [offer["slotId"] for offer in answer.json["alternatives"]][:1] == [third["_id"]]
    assert second["_id"] not in {offer["slotId"] for offer in answer.json["alternatives"]}
    assert party_api.book(first, seats=2).status == 201
    full = party_api.book(first, seats=1)
    assert (full.status, full.json["message"], "remaining" in full.json) == (409, "Slot is full.", False)


@pytest.mark.parametrize(
    "seats", [0, -1, 5, 101, 10**30, "2", 2.0, 1.5, True, None, [], {"$gt": ""}, "\x00", "\ud800", "a" * 5000]
)
def test_wrong_number_of_places_is_refused_with_its_field(party_api: Api, seats: Any) -> None:
    slot = party_api.slots(DATE)[0]
    # JSON of the standard library, because lone surrogates and numbers without bounds are among the values.
    form = json.dumps({**person(), "date": DATE, "slotId": slot["_id"], "seats": seats})

    refused(party_api.send("POST", "/api/bookings", data=form, content_type="application/json"), "seats")

    assert counts(party_api)[0] == (0, 6)


def test_schedule_without_parties_books_one_place_only(api: Api) -> None:
    slot = api.slots()[0]

    refused(api.book(slot, seats=2), "seats")

    assert api.book(slot, seats=1).json["booking"]["seats"] == 1


def test_cancellation_releases_all_places_once(party_api: Api, party_services: wiring.Services) -> None:
    booked = party_api.book(party_api.slots(DATE)[0], seats=3)

    assert [cancel(party_api, booked).status for _ in range(2)] == [200, 200]

    assert counts(party_api)[0] == (0, 6)
    assert party_services.booking.find_mismatches.execute() == []


def test_move_takes_all_places_along_or_none(party_api: Api, party_services: wiring.Services) -> None:
    first, second, third = party_api.slots(DATE)
    booking = party_api.book(first, seats=3).json["booking"]
    party_api.book(second, seats=4)

    answer = party_api.held("POST", booking, "/reschedule", json={"slotId": second["_id"]})
    assert (answer.code, answer.json["remaining"]) == ("slot_full", 2)
    assert counts(party_api)[:2] == [(3, 3), (4, 2)]
    moved = party_api.held("POST", booking, "/reschedule", json={"slotId": third["_id"]})

    assert (moved.status, moved.json["seats"]) == (200, 3)
    assert counts(party_api) == [(0, 6), (4, 2), (3, 3)]
    assert party_services.booking.find_mismatches.execute() == []


def test_key_counts_for_one_number_of_places(party_api: Api) -> None:
    slot = party_api.slots(DATE)[0]
    form = person()
    first = party_api.book(slot, key="key-1", **form, seats=2)

    again = party_api.book(slot, key="key-1", **form, seats=2)
    other = party_api.book(slot, key="key-1", **form, seats=3)

    assert (again.status, again.json) == (201, first.json)
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert counts(party_api)[0] == (2, 4)


def test_export_list_and_sums_count_bookings_or_places(party_api: Api) -> None:
    first, second, _ = party_api.slots(DATE)
    party_api.book(first, seats=4)
    party_api.book(first)
    cancel(party_api, party_api.book(second, seats=2))

    listed = party_api.admin("GET", "/bookings").json
    confirmed = party_api.admin("GET", "/bookings", query={"status": "confirmed"}).json
    text = party_api.admin("GET", "/bookings/export").body.decode("utf-8-sig")
    stats = party_api.admin("GET", "/stats").json

    assert (listed["total"], [item["seats"] for item in listed["items"]]) == (3, [2, 1, 4])
    assert confirmed["total"] == 2
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert [row["Seats"] for row in rows] == ["2", "1", "4"]
    assert list(rows[0])[-1] == "Seats"
    assert (stats["booked"], stats["byHour"][0]["booked"]) == (5, 5)


def test_own_data_has_the_number_of_places(party_api: Api) -> None:
    booking = party_api.book(party_api.slots(DATE)[0], seats=2).json["booking"]

    assert party_api.held("GET", booking, "/data").json["booking"]["seats"] == 2


def test_recount_notices_a_booking_that_lost_places(party_api: Api, party_services: wiring.Services) -> None:
    party_api.book(party_api.slots(DATE)[0], seats=3)
    party_services.db.bookings.update_one({}, {"$unset": {"seats": ""}})

    (row,) = party_services.booking.find_mismatches.execute()

    assert (row["bookedCount"], row["bookings"]) == (3, 1)


def test_booking_of_one_place_is_stored_as_before(party_api: Api, party_services: wiring.Services) -> None:
    party_api.book(party_api.slots(DATE)[0])

    assert party_services.db.bookings.count_documents({"seats": {"$exists": True}}) == 0
    assert party_services.db.bookings.count_documents(PARTIES) == 0


def rush(api: Api, parties: list[int]) -> list[Answer]:
    slot = api.slots(DATE)[0]
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda seats: api.book(slot, seats=seats), parties))


def test_rush_of_parties_overbooks_nothing_and_refuses_what_does_not_fit(
    party_api: Api, party_services: wiring.Services
) -> None:
    parties = [3, 4, 2, 1, 4, 3, 2, 4] * 3

    answers = rush(party_api, parties)

    booked = [seats for seats, answer in zip(parties, answers, strict=True) if answer.status == 201]
    turned_away = [seats for seats, answer in zip(parties, answers, strict=True) if answer.status == 409]
    assert len(booked) + len(turned_away) == len(parties)
    assert counts(party_api)[0] == (sum(booked), 6 - sum(booked))
    # One more of the smallest refused party does not fit: places only become fewer.
    assert not turned_away or min(turned_away) > 6 - sum(booked)
    assert party_services.booking.find_mismatches.execute() == []


def test_rush_for_single_places_sells_exactly_the_capacity(party_api: Api) -> None:
    answers = rush(party_api, [1] * 20)

    assert sorted(answer.status for answer in answers) == [201] * 6 + [409] * 14
