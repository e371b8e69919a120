"""One event: its states, unknown ids, and the reservation of a signed-in person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from core.mongo.client import Db
from core.web.context import runtime_of
from events.answers import EventAnswers
from events.model import EventStatus
from events.schemas import EventDetailSchema, EventSchema, TierSchema
from tests.api_client import Answer, Api
from tests.event_calls import new_tier, store_event
from tests.factories import contact


def signed_in(api: Api) -> dict[str, str]:
    """Return the headers of a new account."""
    body = {"name": "Ada", "email": contact()["email"], "password": "correct horse 7"}
    answer = api.send("POST", "/api/auth/register", json=body)
    assert answer.status == 201, answer.body
    return {"Authorization": f"Bearer {answer.json['accessToken']}"}


def shown(api: Api, event_id: str, **options: Any) -> Answer:
    return api.get(f"/api/events/{event_id}", **options)


def test_event_is_shown_as_in_the_list(api: Api, db: Db) -> None:
    event = store_event(db, new_tier("VIP"), new_tier("GA"), pool=15)

    answer = shown(api, event.id)

    assert answer.status == 200
    assert answer.json == api.get("/api/events").json["data"][0]
    assert shown(api, event.id, headers={"If-None-Match": answer.headers["ETag"]}).status == 304


def test_members_of_an_answer_are_those_of_its_schema(api: Api, db: Db) -> None:
    event = shown(api, store_event(db).id, headers=signed_in(api)).json

    assert event.keys() == EventDetailSchema().fields.keys()
    assert event["tiers"][0].keys() == TierSchema().fields.keys()
    assert event.keys() - EventSchema().fields.keys() == {"userReservation"}


def test_draft_is_not_found_and_cancelled_event_is_shown(api: Api, db: Db) -> None:
    draft = store_event(db, status=EventStatus.DRAFT)
    cancelled = store_event(db, status=EventStatus.CANCELLED)

    assert (shown(api, draft.id).status, shown(api, draft.id).code) == (404, "event_not_found")
    answer = shown(api, cancelled.id)
    assert (answer.status, answer.json["status"], answer.json["remainingTickets"]) == (200, "cancelled", 0)
    assert answer.json["totalTickets"] == 10


@pytest.mark.parametrize("event_id", ["x", "0" * 32, "0" * 500, "$gt", "%00", "%ED%A0%80", "{}", "a'b", "..%2fx"])
def test_unknown_event_is_not_found(quiet: Api, event_id: str) -> None:
    answer = shown(quiet, event_id)

    assert answer.status == 404
    assert answer.code in ("event_not_found", "not_found")


def test_remaining_of_tiers_is_at_most_that_of_the_pool(api: Api, db: Db) -> None:
    event = store_event(db, new_tier("VIP", capacity=5), new_tier("GA", capacity=10), pool=12)
    assert event.pool
    db["event_stock"].update_one({"_id": event.pool.id}, {"$inc": {"taken": 9}})
    db["event_stock"].update_one({"_id": event.tiers[1].id}, {"$inc": {"taken": 9}})

    answer = shown(api, event.id).json

    assert (answer["totalTickets"], answer["remainingTickets"]) == (12, 3)
    assert [tier["remaining"] for tier in answer["tiers"]] == [3, 1]


def test_people_in_line_are_counted(api: Api, db: Db) -> None:
    event = store_event(db, new_tier("VIP"), new_tier("GA"))
    for tier, waiting in zip(event.tiers, (2, 3), strict=True):
        db["event_stock"].update_one({"_id": tier.id}, {"$set": {"waiting": waiting}})

    assert shown(api, event.id).json["waitlist"] == 5


def test_reservation_is_shown_to_its_holder_alone(app: Flask, api: Api, db: Db) -> None:
    event = store_event(db)
    headers = signed_in(api)
    asked: list[tuple[str, str]] = []

    def reservations(account_id: str, event_id: str) -> Mapping[str, Any]:
        asked.append((account_id, event_id))
        return {"id": "r1", "status": "CONFIRMED"}

    runtime = runtime_of(app)
    runtime.add(replace(runtime.get(EventAnswers), reservations=reservations))

    mine = shown(api, event.id, headers=headers)
    public = shown(api, event.id)

    assert mine.json["userReservation"] == {"id": "r1", "status": "CONFIRMED"}
    assert mine.headers["Cache-Control"] == "no-store"
    assert "ETag" not in mine.headers
    assert "userReservation" not in public.json
    assert [event_id for _, event_id in asked] == [event.id]


def test_person_without_a_reservation_sees_null(api: Api, db: Db) -> None:
    answer = shown(api, store_event(db).id, headers=signed_in(api))

    assert (answer.status, answer.json["userReservation"]) == (200, None)


@pytest.mark.parametrize("token", ["x", "", "a.b.c"])
def test_invalid_access_token_is_refused(api: Api, db: Db, token: str) -> None:
    answer = shown(api, store_event(db).id, headers={"Authorization": f"Bearer {token}"})

    assert (answer.status, answer.code) == (401, "not_signed_in")
