"""Links of bookings again: only by e-mail to the booking's own address, alike for unknown ones, and limited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

import wiring
from core.mongo.client import Db
from tests.api.conftest import Clock
from tests.api_client import Answer, Api

ADA = "ada@example.org"
DAY = "2031-06-10"
LATER = "2031-06-11"
PATH = "/api/bookings/links"


@pytest.fixture
def app(make_app: Callable[..., Flask], small_schedule: Callable[..., str], clock: Clock) -> Flask:
    """An application whose dates lie ahead."""
    return make_app(clock=clock, SCHEDULE_FILE=small_schedule(), RATE_LIMIT_BOOKINGS="1000 per hour")


def book(api: Api, slot: dict[str, Any]) -> dict[str, Any]:
    booking: dict[str, Any] = api.book(slot, date=slot["date"], email=ADA).json["booking"]
    return booking


def ask(api: Api, email: object = ADA) -> Answer:
    return api.send("POST", PATH, json={"email": email})


def resent(db: Db, booking_id: str) -> list[dict[str, Any]]:
    """Return the e-mails to the guest of a booking, without those of its creation."""
    found = db["letters"].find({"about": booking_id, "to": ADA, "template": "guest_booking"})
    return [letter for letter in found if not letter["_id"].endswith("-guest")]


def test_open_bookings_of_the_address_are_sent(app: Flask, api: Api, services: wiring.Services, db: Db) -> None:
    booked = [book(api, slot) for slot in api.slots(DAY)]
    later = api.slots(LATER)[0]
    other = api.book(later, date=LATER, email="grace@example.org").json["booking"]
    assert api.held("DELETE", booked[2]).status == 200

    answer = ask(api, " ADA@example.org ")
    services.booking.send_links.execute()

    assert (answer.status, answer.body) == (202, b"")
    assert [len(resent(db, booking["id"])) for booking in booked] == [1, 1, 0]
    (letter,) = resent(db, booked[0]["id"])
    assert letter["facts"]["manageUrl"] == booked[0]["manageUrl"]
    assert db["letters"].count_documents({"to": "grace@example.org", "about": other["id"]}) <= 1
    assert db["link_requests"].count_documents({}) == 0


def test_request_that_fails_delays_no_other(
    api: Api, services: wiring.Services, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = [book(api, slot) for slot in api.slots(DAY)[:2]]
    db["bookings"].update_one({"_id": first["id"]}, {"$set": {"email": "grace@example.org"}})
    resend = services.booking.send_links.resend
    execute = type(resend).execute

    def fail_for_the_first(self: Any, booking_id: str, actor: str) -> Any:
        if booking_id == first["id"]:
            raise ValueError("planted")
        return execute(self, booking_id, actor)

    monkeypatch.setattr(type(resend), "execute", fail_for_the_first)
    ask(api, "grace@example.org")
    ask(api)

    services.booking.send_links.execute()

    assert len(resent(db, second["id"])) == 1
    assert [row["email"] for row in db["link_requests"].find()] == ["grace@example.org"]


def test_unknown_address_has_the_same_answer(api: Api, services: wiring.Services, db: Db) -> None:
    answer = ask(api, "nobody-here@example.org")
    services.booking.send_links.execute()

    assert (answer.status, answer.body) == (202, b"")
    assert db["letters"].count_documents({}) == 0


def test_past_booking_is_not_sent(api: Api, services: wiring.Services, db: Db, clock: Clock) -> None:
    booking = book(api, api.slots(DAY)[0])
    clock.pass_by(days=3650)

    ask(api)
    services.booking.send_links.execute()

    assert resent(db, booking["id"]) == []


def test_repeated_requests_send_one_email_a_minute(api: Api, services: wiring.Services, db: Db) -> None:
    booking = book(api, api.slots(DAY)[0])

    for _ in range(2):
        ask(api)
        services.booking.send_links.execute()

    assert len(resent(db, booking["id"])) == 1


def test_requests_beyond_the_limit_of_an_address_are_dropped_unseen(api: Api, db: Db) -> None:
    answers = [ask(api).status for _ in range(5)]

    assert answers == [202] * 5
    assert db["link_requests"].count_documents({"email": ADA}) == 3


def test_client_beyond_its_limit_is_refused(api: Api) -> None:
    answers = [ask(api, f"guest-{number}@example.org") for number in range(11)]

    assert [answer.status for answer in answers] == [202] * 10 + [429]
    assert answers[-1].code == "too_many_requests"
    assert int(answers[-1].headers["Retry-After"]) > 0


@pytest.mark.parametrize("email", [None, 5, True, [], {"$gt": ""}, "", "ada", "a\x00@example.org", "x" * 300 + "@a.de"])
def test_bad_address_is_refused(api: Api, db: Db, email: object) -> None:
    answer = ask(api, email)

    assert (answer.status, answer.code) == (400, "validation_failed")
    assert "email" in answer.json["errors"]
    assert db["link_requests"].count_documents({}) == 0


def test_lone_surrogate_is_refused(api: Api) -> None:
    body = b'{"email": "\\ud800@example.org"}'

    assert api.send("POST", PATH, data=body, headers={"Content-Type": "application/json"}).status == 400


def test_unknown_member_is_refused(api: Api) -> None:
    assert api.send("POST", PATH, json={"email": ADA, "phone": "1"}).status == 400


def test_page_asks_for_the_links_and_reveals_nothing(app: Flask, db: Db) -> None:
    client = app.test_client()
    for email in (ADA, "nobody-here@example.org"):
        answer = client.post("/find-booking", data={"email": email})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/find-booking/sent")

    assert "If there are coming bookings" in client.get("/find-booking/sent").text
    assert db["link_requests"].count_documents({}) == 2


def test_page_shows_a_bad_address_beside_its_field(app: Flask) -> None:
    answer = app.test_client().post("/find-booking", data={"email": "<b>ada"})

    assert answer.status_code == 400
    assert 'id="email-error"' in answer.text
    assert 'value="&lt;b&gt;ada"' in answer.text


def test_page_beyond_the_limit_says_so(app: Flask) -> None:
    answers = [app.test_client().post("/find-booking", data={"email": f"g{n}@example.org"}) for n in range(11)]

    assert answers[-1].status_code == 429
    assert "Retry-After" in answers[-1].headers


def test_broken_link_offers_the_links_again(app: Flask) -> None:
    assert 'href="/find-booking"' in app.test_client().get(f"/bookings/{'0' * 32}").text
