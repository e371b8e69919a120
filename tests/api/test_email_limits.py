"""Limits of the e-mails that moves and resends cause, by client address and by booking."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask

import wiring
from core.mongo.client import Db
from core.web.context import runtime_of
from core.web.rate_limits.limiter import RateLimiter
from tests.api_client import Answer, Api, over_app
from tests.deferred import write_deferred

Booking = Mapping[str, Any]


def api_of(app: Flask) -> Api:
    return Api(over_app(app))


def db_of(app: Flask) -> Db:
    return runtime_of(app).get(wiring.Services).db


def booked(api: Api, slot: int = 0) -> Booking:
    made: Booking = api.book(api.slots()[slot]).json["booking"]
    return made


def move(api: Api, made: Booking, slot: int, **options: Any) -> Answer:
    target = {"slotId": api.slots()[slot]["_id"]}
    return api.held("POST", made, "/reschedule", json=target, **options)


def resend(api: Api, made: Booking) -> Answer:
    return api.admin("POST", f"/bookings/{made['id']}/resend")


def emails(db: Db, made: Booking) -> int:
    return write_deferred(db)["letters"].count_documents({"about": made["id"], "to": made["email"]})


def test_moves_beyond_the_booking_limit_send_no_email(make_app: Callable[..., Flask]) -> None:
    app = make_app(RATE_LIMIT_BOOKING_EMAILS="3 per hour")
    api = api_of(app)
    made, other = booked(api), booked(api)

    statuses = [move(api, made, slot).status for slot in (1, 2, 3, 4)]

    assert statuses == [200, 200, 200, 429]
    assert emails(db_of(app), made) == 4
    assert api.held("GET", made).json["slotId"] == api.slots()[3]["_id"]
    assert move(api, other, 1).status == 200


def test_limited_move_names_the_time_to_wait(make_app: Callable[..., Flask]) -> None:
    api = api_of(make_app(RATE_LIMIT_BOOKING_EMAILS="1 per hour"))
    made = booked(api)
    assert move(api, made, 1).status == 200

    answer = move(api, made, 2)

    assert (answer.status, answer.code) == (429, "too_many_requests")
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    assert answer.headers["RateLimit-Limit"] == "1"


def test_moves_and_resends_count_together(make_app: Callable[..., Flask]) -> None:
    app = make_app(RATE_LIMIT_BOOKING_EMAILS="3 per hour")
    api = api_of(app)
    made = booked(api)

    assert move(api, made, 1).status == 200
    assert resend(api, made).status == 202
    assert move(api, made, 2).status == 200

    assert resend(api, made).status == 429
    assert move(api, made, 3).status == 429
    assert emails(db_of(app), made) == 4


def test_address_limit_counts_all_bookings_of_a_client(make_app: Callable[..., Flask]) -> None:
    api = api_of(make_app(RATE_LIMIT_EMAILS="2 per hour"))
    first, second, third = booked(api), booked(api), booked(api)

    assert [move(api, made, 1).status for made in (first, second, third)] == [200, 200, 429]
    assert move(api, third, 1, environ_base={"REMOTE_ADDR": "192.0.2.9"}).status == 200


def test_booking_limit_counts_all_clients(make_app: Callable[..., Flask]) -> None:
    api = api_of(make_app(RATE_LIMIT_BOOKING_EMAILS="2 per hour"))
    made = booked(api)

    statuses = [move(api, made, slot, environ_base={"REMOTE_ADDR": f"192.0.2.{slot}"}).status for slot in (1, 2, 3)]

    assert statuses == [200, 200, 429]


def test_move_with_a_wrong_token_does_not_use_up_the_limit(make_app: Callable[..., Flask]) -> None:
    api = api_of(make_app(RATE_LIMIT_BOOKING_EMAILS="1 per hour"))
    made, other = booked(api), booked(api)
    stolen = {**made, "manageUrl": other["manageUrl"]}

    assert [move(api, stolen, 1).status for _ in range(3)] == [404, 404, 404]

    assert move(api, made, 1).status == 200


def test_booking_cancel_and_reading_are_not_limited_as_emails(make_app: Callable[..., Flask]) -> None:
    api = api_of(make_app(RATE_LIMIT_EMAILS="1 per hour", RATE_LIMIT_BOOKING_EMAILS="1 per hour"))
    made = booked(api)
    assert move(api, made, 1).status == 200
    assert move(api, made, 2).status == 429

    assert api.held("GET", made).status == 200
    assert api.held("DELETE", made).status == 200
    assert api.book(api.slots()[0]).status == 201


def test_limited_move_on_the_page_shows_the_booking_with_a_message(make_app: Callable[..., Flask]) -> None:
    app = make_app(RATE_LIMIT_BOOKING_EMAILS="1 per hour")
    api = api_of(app)
    made = booked(api)
    client = app.test_client()
    path, _, token = str(made["manageUrl"]).partition("127.0.0.1:8000")[2].partition("#token=")
    assert client.post(f"{path}/open", data={"token": token}).status_code == 303

    answers = [client.post(f"{path}/reschedule", data={"slotId": api.slots()[slot]["_id"]}) for slot in (1, 2)]

    assert [answer.status_code for answer in answers] == [303, 429]
    assert "Too many requests" in answers[1].text
    assert made["reference"] in answers[1].text
    assert int(answers[1].headers["Retry-After"]) > 0


def test_control_without_the_limit_a_booking_sends_every_email(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RateLimiter, "hit_email", lambda *_: None)
    app = make_app(RATE_LIMIT_BOOKING_EMAILS="1 per hour")
    api = api_of(app)
    made = booked(api)

    assert [move(api, made, slot).status for slot in (1, 2, 3, 4)] == [200, 200, 200, 200]
    assert emails(db_of(app), made) == 5
