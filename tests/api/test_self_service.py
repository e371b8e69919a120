"""Self-service by signed link: only the token gives access to a booking."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from flask import Flask

from core.mongo.client import Db
from tests.api_client import Answer, Api, over_app

Ask = Callable[[Api, str, str], Answer]


def made(api: Api, **changes: Any) -> tuple[dict[str, Any], str]:
    """Book a place; return the booking and the token of its link."""
    booking = api.book(api.slots("2026-03-05")[0], **changes).json["booking"]
    return booking, parse_qs(urlsplit(booking["manageUrl"]).fragment)["token"][0]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def look(api: Api, booking_id: str, token: str) -> Answer:
    return api.get(f"/api/bookings/{booking_id}", headers=bearer(token))


def cancel(api: Api, booking_id: str, token: str) -> Answer:
    return api.send("DELETE", f"/api/bookings/{booking_id}", headers=bearer(token))


def cancel_by_form(api: Api, booking_id: str, token: str) -> Answer:
    return api.send("DELETE", f"/api/bookings/{booking_id}", data={"token": token})


def open_page(api: Api, booking_id: str, token: str) -> Answer:
    return api.send("POST", f"/bookings/{booking_id}/open", data={"token": token})


def shown(api: Api, booking_id: str, token: str) -> Answer:
    return api.get(f"/bookings/{booking_id}", headers=cookie(token or "none"))


def click(api: Api, booking_id: str, token: str) -> Answer:
    return api.send("POST", f"/bookings/{booking_id}/cancel", headers=cookie(token))


def cookie(token: str) -> dict[str, str]:
    return {"Cookie": f"token={quote(token)}"}


DOORS: list[Ask] = [look, cancel, cancel_by_form, open_page, shown, click]
PAGES: list[Ask] = [open_page, shown, click]


def test_the_holder_of_the_token_sees_the_booking_as_it_was_answered(api: Api) -> None:
    noise, _ = made(api)
    booking, token = made(api, message="Two of us.")

    answer = look(api, booking["id"], token)

    assert answer.status == 200
    assert answer.json == booking
    assert answer.json["id"] != noise["id"]


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "Bearer  "])
def test_the_scheme_of_the_header_has_no_case(api: Api, scheme: str) -> None:
    booking, token = made(api)

    assert api.get(f"/api/bookings/{booking['id']}", headers={"Authorization": scheme + token}).status == 200


def test_the_token_may_travel_in_the_form(api: Api) -> None:
    booking, token = made(api)

    shown = api.get(f"/api/bookings/{booking['id']}", data={"token": token})
    cancelled = cancel_by_form(api, booking["id"], token)

    assert (shown.status, shown.json) == (200, booking)
    assert (cancelled.status, cancelled.json["status"]) == (200, "cancelled")


def test_a_token_in_the_query_opens_nothing(api: Api) -> None:
    booking, token = made(api)

    answer = api.get(f"/api/bookings/{booking['id']}", query={"token": token})
    page = api.get(f"/bookings/{booking['id']}", query={"token": token})

    assert answer.status == 400
    assert booking["reference"] not in page.body.decode()


def test_cancelling_gives_the_place_back_and_answers_the_same_again(api: Api, db: Db) -> None:
    noise, _ = made(api)
    booking, token = made(api)

    first = cancel(api, booking["id"], token)
    second = cancel(api, booking["id"], token)

    assert (first.status, first.json) == (200, {**booking, "status": "cancelled"})
    assert (second.status, second.json) == (200, first.json)
    assert api.slots("2026-03-05")[0]["bookedCount"] == 1
    assert look(api, booking["id"], token).json["status"] == "cancelled"
    assert [row["_id"] for row in db["bookings"].find({"status": "confirmed"})] == [noise["id"]]
    assert db["letters"].count_documents({"template": "guest_cancellation"}) == 1


def test_a_cancelled_place_can_be_booked_at_once(api: Api) -> None:
    slot = api.slots("2026-03-05")[0]
    booking, token = made(api)
    for _ in range(3):
        assert api.book(slot).status == 201
    assert api.book(slot).code == "slot_full"

    cancel(api, booking["id"], token)

    assert api.book(slot).status == 201
    assert api.book(slot).code == "slot_full"


WRONG: list[Callable[[str, str], tuple[str, str]]] = [
    lambda own, token: (own, ""),
    lambda own, token: (own, "wrong"),
    lambda own, token: (own, token[:-1]),
    lambda own, token: (own, token.swapcase()),
    lambda own, token: (own, "\u00e9\u00ff"),
    lambda own, token: (own, "x" * 5000),
    lambda own, token: ("0" * 32, token),
    lambda own, token: ("0" * 32, "wrong"),
    lambda own, token: ("0" * 32, ""),
    lambda own, token: ("nobody", "wrong"),
    lambda own, token: ("$where", "wrong"),
    lambda own, token: (own, token[1:]),
    lambda own, token: (own, "A" + token),
]
# The page's form reads id and token by their alphabets; every other door takes them exactly.
INEXACT: list[Callable[[str, str], tuple[str, str]]] = [
    lambda own, token: (own, token + "A"),
    lambda own, token: (own, f"{own}.{token}"),
    lambda own, token: (own.upper() + "-", token),
]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_wrong_token_and_unknown_id_get_the_same_answer(api: Api, door: Ask) -> None:
    booking, token = made(api)

    refused = WRONG if door in (open_page, shown) else WRONG + INEXACT
    asked = [wrong(booking["id"], token) for wrong in refused]
    answers = [door(api, *one) for one in asked]

    assert {answer.status for answer in answers} == {404}
    bodies: list[Any] = [{**answer.json, "requestId": ""} if answer.json else answer.body for answer in answers]
    heads = [{name: value for name, value in answer.headers.items() if name != "X-Request-ID"} for answer in answers]
    if door in PAGES:  # A page leads back to the address that was asked for, and names it as it was given.
        for number, (booking_id, _) in enumerate(asked):
            bodies[number] = bodies[number].replace(booking_id.encode(), b"ID")
            heads[number]["Set-Cookie"] = heads[number].get("Set-Cookie", "").replace(booking_id, "ID")
            del heads[number]["Content-Length"]
    assert all(body == bodies[0] for body in bodies)
    assert all(head == heads[0] for head in heads)


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_the_token_of_another_booking_does_not_open(api: Api, door: Ask) -> None:
    booking, _ = made(api)
    _, of_another = made(api)

    assert door(api, booking["id"], of_another).status == 404
    assert api.slots("2026-03-05")[0]["bookedCount"] == 2


def test_a_token_signed_with_another_secret_does_not_open(
    make_app: Callable[..., Flask], make_database: Callable[[], str]
) -> None:
    name = make_database()
    api = Api(over_app(make_app(MONGODB_DATABASE=name, SECRET_KEY="a secret only tests know")))
    turned = Api(over_app(make_app(MONGODB_DATABASE=name, SECRET_KEY="another secret of tests")))
    booking, token = made(api)

    assert look(api, booking["id"], token).status == 200
    assert look(turned, booking["id"], token).status == 404


def test_a_booking_without_any_token_is_404(api: Api) -> None:
    booking, token = made(api)

    assert api.get(f"/api/bookings/{booking['id']}").status == 404
    assert api.get(f"/api/bookings/{booking['id']}", headers={"Authorization": f"Basic {token}"}).status == 404
    assert api.get(f"/api/bookings/{booking['id']}", headers={"Authorization": "Bearer"}).status == 404
    assert booking["reference"] not in api.get(f"/bookings/{booking['id']}").body.decode()


def test_the_link_a_person_clicks_opens_a_page_that_shows_the_booking(api: Api) -> None:
    booking, token = made(api, fullName="Ada <script>alert(1)</script>")
    link = urlsplit(booking["manageUrl"])

    door = api.get(link.path)
    opened = open_page(api, booking["id"], token)
    page = api.get(link.path, headers={"Cookie": opened.headers["Set-Cookie"].partition(";")[0]})

    assert (door.status, opened.status, opened.headers["Location"]) == (200, 303, f"{link.path}/opened")
    assert token not in door.body.decode()
    recorded = opened.headers["Set-Cookie"]
    assert all(word in recorded for word in ("HttpOnly", "SameSite=Strict", f"Path={link.path}"))

    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    text = html.unescape(page.body.decode())
    for fact in (booking["reference"], booking["date"], booking["slot"], booking["fullName"]):
        assert fact in text
    assert b"<script>alert" not in page.body
    assert f'action="/bookings/{booking["id"]}/cancel"' in page.body.decode()
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_no_get_changes_anything(api: Api, db: Db, method: str) -> None:
    booking, token = made(api)
    before = [list(db[name].find({}, {"lease": 0})) for name in ("bookings", "slots", "letters")]

    for path in (f"/bookings/{booking['id']}", f"/bookings/{booking['id']}/cancel", f"/api/bookings/{booking['id']}"):
        api.send(method, path, query={"token": token})
        api.send(method, path, headers=bearer(token))

    assert [list(db[name].find({}, {"lease": 0})) for name in ("bookings", "slots", "letters")] == before
    led = api.send("GET", f"/bookings/{booking['id']}/cancel", query={"token": token})
    assert led.status == 303
    assert led.headers["Location"] == f"/bookings/{booking['id']}"


def test_the_button_of_the_page_cancels(api: Api) -> None:
    booking, token = made(api)

    clicked, again = click(api, booking["id"], token), click(api, booking["id"], token)
    page = shown(api, booking["id"], token)

    assert {(answer.status, answer.headers["Location"]) for answer in (clicked, again)} == {
        (303, f"/bookings/{booking['id']}")
    }
    assert page.status == 200
    assert "cancelled" in page.body.decode()
    assert re.findall(r'action="([^"]*)"', page.body.decode()) == ["/language"]
    assert look(api, booking["id"], token).json["status"] == "cancelled"
    assert api.slots("2026-03-05")[0]["bookedCount"] == 0


def test_the_button_does_not_take_the_token_from_the_address(api: Api) -> None:
    booking, token = made(api)

    answer = api.send("POST", f"/bookings/{booking['id']}/cancel", query={"token": token})

    assert answer.status == 404
    assert api.slots("2026-03-05")[0]["bookedCount"] == 1


def test_a_cookie_that_no_longer_opens_is_dropped_and_leaves_a_way_in(api: Api) -> None:
    booking, token = made(api)

    stale = shown(api, booking["id"], "stale")

    assert stale.status == 404
    assert "data-token-form" in stale.body.decode()
    assert f"Path=/bookings/{booking['id']}" in stale.headers["Set-Cookie"]
    assert "Max-Age=0" in stale.headers["Set-Cookie"]
    assert open_page(api, booking["id"], token).status == 303
