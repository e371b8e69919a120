"""Idempotency keys of bookings."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from flask import Flask

from core.mongo.client import Db
from tests.api.booking_requests import cancel, fill, refused
from tests.api.conftest import Clock
from tests.api_client import Api, over_app
from tests.factories import person


def test_the_same_key_and_body_answer_the_first_booking_again(api: Api) -> None:
    slot = api.slots()[0]
    form = {**person(), "message": "Two of us."}
    first = api.book(slot, key="key-1", **form)

    again = api.book(slot, key="key-1", **form)

    assert (first.status, again.status) == (201, 201)
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert api.slots()[0]["bookedCount"] == 1


def test_the_same_body_in_another_order_is_the_same_body(api: Api) -> None:
    slot = api.slots()[0]
    form = {**person(), "date": slot["date"], "slotId": slot["_id"]}
    first = api.send("POST", "/api/bookings", json=form, headers={"Idempotency-Key": "key-1"})

    turned = json.dumps(dict(reversed(form.items())), indent=2)
    again = api.send(
        "POST", "/api/bookings", data=turned, content_type="application/json", headers={"Idempotency-Key": "key-1"}
    )

    assert (first.status, again.status) == (201, 201)
    assert again.json == first.json


@pytest.mark.parametrize(
    "change", [{"fullName": "Somebody Else"}, {"message": "More."}, {"email": "other@example.org"}, {"city": "Rome"}]
)
def test_the_same_key_with_another_body_is_422(api: Api, change: dict[str, str]) -> None:
    slot = api.slots()[0]
    form = person()
    assert api.book(slot, key="key-1", **form).status == 201

    answer = api.book(slot, key="key-1", **{**form, **change})

    assert (answer.status, answer.code) == (422, "idempotency_key_reused")
    assert api.slots()[0]["bookedCount"] == 1


def test_the_same_key_for_another_slot_is_422(api: Api) -> None:
    first, second, *_ = api.slots()
    form = person()
    assert api.book(first, key="key-1", **form).status == 201

    assert api.book(second, key="key-1", **form).code == "idempotency_key_reused"
    assert api.slots()[1]["bookedCount"] == 0


def test_a_replay_is_answered_though_the_slot_has_filled_up_meanwhile(api: Api) -> None:
    slot = api.slots()[0]
    form = person()
    first = api.book(slot, key="key-1", **form)
    for _ in range(3):
        assert api.book(slot).status == 201
    assert api.book(slot).code == "slot_full"

    again = api.book(slot, key="key-1", **form)

    assert again.status == 201
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"


def test_a_replay_is_answered_though_the_slot_has_been_closed_meanwhile(api: Api) -> None:
    slot = api.slots()[0]
    form = person()
    first = api.book(slot, key="key-1", **form)
    api.admin("PATCH", f"/slots/{slot['_id']}", json={"closed": True})

    again = api.book(slot, key="key-1", **form)

    assert (again.status, again.json) == (201, first.json)


def test_a_replay_answers_the_first_answer_though_the_booking_is_cancelled(api: Api) -> None:
    slot = api.slots()[0]
    form = person()
    first = api.book(slot, key="key-1", **form)
    cancel(api, first)

    again = api.book(slot, key="key-1", **form)

    assert (again.status, again.json) == (201, first.json)
    assert api.slots()[0]["bookedCount"] == 0


def test_concurrent_requests_of_one_key_make_one_booking(app: Flask) -> None:
    slot = Api(over_app(app)).slots()[0]
    form = person()

    with ThreadPoolExecutor(16) as crowd:
        answers = list(crowd.map(lambda _: Api(over_app(app)).book(slot, key="key-1", **form), range(16)))

    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["booking"]["id"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    assert Api(over_app(app)).slots()[0]["bookedCount"] == 1


def test_a_refused_request_does_not_use_its_key_up(api: Api) -> None:
    slot = api.slots()[0]
    form = person()
    fill(api, slot)
    assert api.book(slot, key="key-1", **form).code == "slot_full"
    api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": 1})

    again = api.book(slot, key="key-1", **form)

    assert again.status == 201
    assert "Idempotency-Replayed" not in again.headers


def test_a_key_counts_for_24_hours(make_app: Callable[..., Flask], clock: Clock) -> None:
    api = Api(over_app(make_app(clock=clock)))
    slot = api.slots()[0]
    form = person()
    first = api.book(slot, key="key-1", **form)

    clock.pass_by(hours=23, minutes=59, seconds=59)
    within = api.book(slot, key="key-1", **form)
    clock.pass_by(seconds=1)
    after = api.book(slot, key="key-1", **person())

    assert within.json == first.json
    assert after.status == 201
    assert "Idempotency-Replayed" not in after.headers
    assert after.json["booking"]["id"] != first.json["booking"]["id"]


@pytest.mark.parametrize("key", ["k", "k" * 255, "!~{}[]$.*|", "7f3c9a10-55aa-4d2e-9a51-000000000001"])
def test_a_key_is_any_visible_ascii_text(roomy: Api, key: str) -> None:
    slot = roomy.slots()[0]
    form = person()

    assert roomy.book(slot, key=key, **form).status == 201
    assert roomy.book(slot, key=key, **form).headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("key", ["", " ", "with blank", "k" * 256, "a\tb", "caf\u00e9", "\xff"])
def test_any_other_key_is_400(quiet: Api, key: str) -> None:
    slot = quiet.slots()[0]
    form = {**person(), "date": slot["date"], "slotId": slot["_id"]}

    answer = quiet.send("POST", "/api/bookings", json=form, headers={"Idempotency-Key": key})

    refused(answer, "Idempotency-Key")
    assert quiet.slots()[0]["bookedCount"] == 0


def test_without_a_key_nothing_is_replayed(api: Api) -> None:
    slot = api.slots()[0]
    form = person()

    assert api.book(slot, **form).status == 201
    assert api.book(slot, **form).code == "duplicate_booking"


def test_a_booking_is_made_at_the_time_of_the_clock_in_utc(make_app: Callable[..., Flask], clock: Clock) -> None:
    api = Api(over_app(make_app(clock=clock)))

    made = api.book(api.slots()[0]).json["booking"]["createdAt"]

    assert made.endswith("Z")
    assert datetime.fromisoformat(made) == clock.at


def test_a_rush_sells_every_place_and_not_one_more(app: Flask, db: Db) -> None:
    slot = Api(over_app(app)).slots()[0]

    with ThreadPoolExecutor(24) as crowd:
        answers = list(crowd.map(lambda _: Api(over_app(app)).book(slot), range(24)))

    assert sorted(answer.status for answer in answers) == [201] * 4 + [409] * 20
    assert {answer.code for answer in answers if answer.status == 409} == {"slot_full"}
    assert db["bookings"].count_documents({"slotId": slot["_id"]}) == 4
    references = [answer.json["booking"]["reference"] for answer in answers if answer.status == 201]
    assert len(set(references)) == 4
