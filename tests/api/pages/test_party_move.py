"""Moving the booking of a party: hours with too few places say how many are left and how many are needed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.api.pages.page_browser import DATE, shown
from tests.api_client import Api, over_app
from tests.conftest import ROOT

MARCH = ROOT / "schedules" / "march_2026.toml"
SHORT = {"en": "2 places left, you need 3", "de": "2 Plätze frei, Sie brauchen 3"}
REFUSED = {
    "en": "This hour has too few places: 2 places left, you need 3. Please choose another one.",
    "de": "Zu dieser Uhrzeit gibt es zu wenige Plätze: 2 Plätze frei, Sie brauchen 3. Bitte wählen Sie eine andere.",
}
FULL = {
    "en": "This hour is full. Please choose another one.",
    "de": "Diese Uhrzeit ist ausgebucht. Bitte wählen Sie eine andere.",
}
MOVE_BUTTON = ">Reschedule</button>"


@pytest.fixture
def party_app(make_app: Callable[..., Flask], tmp_path: Path) -> Flask:
    """The default schedule, with up to three places a booking and four in each hour."""
    path = tmp_path / "party.toml"
    text = MARCH.read_text(encoding="utf-8").replace("# seats_per_booking = 4", "seats_per_booking = 3")
    path.write_text(text, encoding="utf-8")
    return make_app(SCHEDULE_FILE=str(path))


@pytest.fixture
def api(party_app: Flask) -> Api:
    return Api(over_app(party_app))


def opened(app: Flask, booking: dict[str, Any], language: str) -> tuple[FlaskClient, str]:
    """Return a browser that has opened the booking's link, and the path of its page."""
    client = app.test_client()
    client.set_cookie("language", language)
    path = f"/bookings/{booking['id']}"
    token = booking["manageUrl"].partition("#token=")[2]
    assert client.post(f"{path}/open", data={"token": token}).status_code == 303
    return client, path


def card_of(page: str, slot_id: str) -> tuple[bool, str]:
    """Return whether a slot can be chosen, and the text of its state."""
    found = re.search(rf'data-slot="{slot_id}".*?<input ([^>]*)>.*?slot-state">([^<]*)<', page, re.DOTALL)
    assert found
    return "disabled" not in found[1], found[2]


@pytest.mark.parametrize("language", ["en", "de"])
def test_short_hour_names_its_places_and_those_needed(party_app: Flask, api: Api, language: str) -> None:
    first, short, free, full = api.slots(DATE)[:4]
    booking = api.book(first, seats=3).json["booking"]
    api.book(short, seats=2)
    for seats in (3, 1):
        api.book(full, seats=seats)
    client, path = opened(party_app, booking, language)

    page = client.get(f"{path}?date={DATE}").text

    assert card_of(page, short["_id"]) == (False, SHORT[language])
    assert card_of(page, free["_id"])[0]
    assert f'data-slot="{full["_id"]}"' not in page
    assert f'data-slot="{first["_id"]}"' not in page


@pytest.mark.parametrize("language", ["en", "de"])
def test_refused_move_names_the_places_left_and_those_needed(party_app: Flask, api: Api, language: str) -> None:
    first, short, full = api.slots(DATE)[:3]
    booking = api.book(first, seats=3).json["booking"]
    client, path = opened(party_app, booking, language)
    # Booked by others after the page was opened.
    api.book(short, seats=2)
    for seats in (3, 1):
        api.book(full, seats=seats)

    too_few = client.post(f"{path}/reschedule", data={"slotId": short["_id"]})
    none_left = client.post(f"{path}/reschedule", data={"slotId": full["_id"]})

    assert (too_few.status_code, none_left.status_code) == (409, 409)
    assert REFUSED[language] in shown(too_few)
    assert FULL[language] in shown(none_left)
    assert api.held("GET", booking).json["slotId"] == first["_id"]


def test_day_with_short_hours_only_has_no_button(party_app: Flask, api: Api) -> None:
    slots = api.slots(DATE)
    booking = api.book(api.slots("2026-03-07")[0], date="2026-03-07", seats=3).json["booking"]
    for slot in slots:
        api.book(slot, seats=2)
    client, path = opened(party_app, booking, "en")

    short = client.get(f"{path}?date={DATE}").text
    free = client.get(f"{path}?date=2026-03-09").text

    assert {card_of(short, slot["_id"]) for slot in slots} == {(False, SHORT["en"])}
    assert MOVE_BUTTON not in short
    assert MOVE_BUTTON in free


def test_page_of_an_english_booking_is_english_in_a_german_browser(party_app: Flask, api: Api) -> None:
    first, short = api.slots(DATE)[:2]
    booking = api.book(first, seats=3).json["booking"]
    api.book(short, seats=2)
    client, path = opened(party_app, booking, "")
    german = {"Accept-Language": "de"}

    page = client.get(f"{path}?date={DATE}", headers=german).text
    refused = client.post(f"{path}/reschedule", data={"slotId": short["_id"]}, headers=german)

    for text in (page, shown(refused)):
        assert '<html lang="en">' in text
        assert '<h2 id="days-title">March 2026</h2>' in text
    assert card_of(page, short["_id"]) == (False, SHORT["en"])
    assert REFUSED["en"] in shown(refused)


def test_booking_of_one_place_sees_no_short_hours(party_app: Flask, api: Api) -> None:
    first, other = api.slots(DATE)[:2]
    booking = api.book(first).json["booking"]
    api.book(other, seats=3)
    client, path = opened(party_app, booking, "en")

    page = client.get(f"{path}?date={DATE}").text

    assert card_of(page, other["_id"]) == (True, "1 place left")
    assert "you need" not in page
