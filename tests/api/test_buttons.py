"""The buttons of a guest's own pages: each leads to a page that a reload only shows again, and says what was done."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.api.conftest import Clock
from tests.api_client import Api

DATE = "2026-03-05"
MOVED = "Your booking has been rescheduled"


@dataclass(frozen=True)
class Holder:
    """A browser without scripts that has opened the link of a booking, or of a place in line."""

    client: FlaskClient
    path: str

    def press(self, button: str, **filled: str) -> TestResponse:
        return self.client.post(f"{self.path}/{button}", data=filled)

    def page(self, path: str = "") -> str:
        answer = self.client.get(path or self.path)
        assert answer.status_code == 200
        return html.unescape(answer.text)


@pytest.fixture
def app(make_app: Callable[..., Flask], clock: Clock) -> Flask:
    return make_app(clock=clock)


@pytest.fixture
def hold(app: Flask) -> Callable[[Mapping[str, Any]], Holder]:
    """Return what opens the link of a thing in a browser of its own."""

    def opened(thing: Mapping[str, Any]) -> Holder:
        path, _, token = str(thing["manageUrl"]).partition("127.0.0.1:8000")[2].partition("#token=")
        holder = Holder(app.test_client(), path)
        assert holder.press("open", token=token).status_code == 303
        return holder

    return opened


Hold = Callable[[Mapping[str, Any]], Holder]


def slot_of(api: Api, made: Mapping[str, Any]) -> str:
    return str(api.held("GET", made).json["slotId"])


def test_a_reload_after_a_move_undoes_no_later_move(api: Api, hold: Hold) -> None:
    slots = api.slots(DATE)
    made = api.book(slots[0]).json["booking"]
    holder = hold(made)

    answer = holder.press("reschedule", slotId=slots[1]["_id"])
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{holder.path}/moved")
    assert MOVED in holder.page(f"{holder.path}/moved")
    api.held("POST", made, "/reschedule", json={"slotId": slots[2]["_id"]})
    reloaded = holder.page(f"{holder.path}/moved")

    assert slot_of(api, made) == slots[2]["_id"]
    assert "12:00 to 13:00" in reloaded
    # Control: what the browser had to repeat without the redirect would undo it.
    holder.press("reschedule", slotId=slots[1]["_id"])
    assert slot_of(api, made) == slots[1]["_id"]


def test_move_is_announced_with_its_new_time_as_a_status(api: Api, hold: Hold) -> None:
    slots = api.slots(DATE)
    holder = hold(api.book(slots[0]).json["booking"])

    recorded = (
        holder.client.post(f"{holder.path}/reschedule", data={"slotId": slots[1]["_id"]}, follow_redirects=True)
        .text.partition('<div class="success" role="status" tabindex="-1" autofocus')[2]
        .partition("</div>")[0]
    )

    assert MOVED in recorded
    assert "It is now on Thursday 5 March 2026, 11:00 to 12:00." in recorded
    assert MOVED not in holder.page()


@pytest.mark.parametrize("meanwhile", ["nothing moved it", "it was long ago", "it was cancelled"])
def test_no_page_claims_a_move_that_did_not_just_happen(api: Api, hold: Hold, clock: Clock, meanwhile: str) -> None:
    slots = api.slots(DATE)
    made = api.book(slots[0]).json["booking"]
    holder = hold(made)
    if meanwhile != "nothing moved it":
        holder.press("reschedule", slotId=slots[1]["_id"])
    if meanwhile == "it was long ago":
        clock.pass_by(minutes=6)
    if meanwhile == "it was cancelled":
        holder.press("cancel")

    page = holder.page(f"{holder.path}/moved")

    assert MOVED not in page
    assert ("This booking is cancelled" in page) == (meanwhile == "it was cancelled")


def test_a_move_that_is_refused_is_answered_at_once_and_moves_nothing(api: Api, hold: Hold) -> None:
    slots = api.slots(DATE)
    made = api.book(slots[0]).json["booking"]
    for _ in range(4):
        api.book(slots[1])
    holder = hold(made)

    answer = holder.press("reschedule", slotId=slots[1]["_id"])

    assert (answer.status_code, "This hour is full." in answer.text, MOVED in answer.text) == (409, True, False)
    assert slot_of(api, made) == slots[0]["_id"]


def test_who_opens_the_address_of_a_button_is_led_to_the_page(app: Flask, api: Api) -> None:
    made = api.book(api.slots(DATE)[0]).json["booking"]["id"]
    stranger = app.test_client(use_cookies=False)

    led = {
        path: (answer.status_code, answer.headers["Location"])
        for path in (
            *(f"/bookings/{made}/{button}" for button in ("cancel", "reschedule", "open", "moved")),
            *(f"/waitlist/{made}/{button}" for button in ("leave", "open")),
        )
        for answer in (stranger.get(path),)
    }

    assert led == {path: (303, path.rpartition("/")[0]) for path in led}
    assert api.slots(DATE)[0]["bookedCount"] == 1


# A place in line


def in_line(api: Api) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fill a slot and wait for it; return the entry, and a booking whose place it may get."""
    slot = api.slots(DATE)[0]
    held = [api.book(slot).json["booking"] for _ in range(4)]
    return api.wait_for(slot).json["entry"], held[0]


def test_promoted_guest_is_redirected_to_the_booking(api: Api, hold: Hold) -> None:
    entry, held = in_line(api)
    holder = hold(entry)
    assert "number 1 on the waiting list" in holder.page()
    api.held("DELETE", held)

    page = holder.page()
    led = holder.client.get(f"{holder.path}/booking")
    booking = led.headers["Location"]

    assert "A place came free: it is booked for you" in page
    assert f'href="{holder.path}/booking"' in page
    assert (led.status_code, booking) == (303, f"/bookings/{api.held('GET', entry).json['bookingId']}")
    cookie = led.headers["Set-Cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Strict", f"Path={booking}"))
    token = cookie.partition("token=")[2].partition(";")[0]
    assert len(token) > 20 and token not in page + led.text
    assert "Reschedule booking" in holder.page(booking)
    holder.client.post(f"{booking}/cancel")
    assert "This booking is cancelled" in holder.page(booking)
    assert "This booking is cancelled" in holder.page()


def test_leave_button_after_a_promotion_says_how_to_cancel_the_booking(api: Api, hold: Hold) -> None:
    entry, held = in_line(api)
    holder = hold(entry)
    api.held("DELETE", held)

    answer = holder.press("leave")
    page = holder.page(answer.headers["Location"])

    assert answer.status_code == 303
    assert "A place came free: it is booked for you" in page and "please cancel the booking" in page
    assert f'href="{holder.path}/booking"' in page
    assert api.held("GET", entry).json["status"] == "promoted"
    assert api.slots(DATE)[0]["bookedCount"] == 4


def test_waiting_or_unknown_guest_is_redirected_to_no_booking(app: Flask, api: Api, hold: Hold) -> None:
    entry, held = in_line(api)
    holder = hold(entry)

    still = holder.client.get(f"{holder.path}/booking")
    api.held("DELETE", held)
    stranger = app.test_client(use_cookies=False).get(f"{holder.path}/booking")
    guesser = app.test_client(use_cookies=False).get(f"{holder.path}/booking", headers={"Cookie": "token=wrong"})

    assert [(answer.status_code, answer.headers["Location"]) for answer in (still, stranger)] == [
        (303, holder.path)
    ] * 2
    assert guesser.status_code == 404
    assert not any("Set-Cookie" in answer.headers for answer in (still, stranger, guesser))
