"""Moving a booking: a calendar of days, then the hours of one; the page stays small for a long schedule."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.api.pages.page_browser import DATE
from tests.api_client import Api, over_app
from tests.schedules.files import schedule_text

MAX_PAGE_BYTES = 100_000


def opened(app: Flask, booking: dict[str, str]) -> tuple[FlaskClient, str]:
    """Return a browser that has opened the booking's link, and the path of its page."""
    client = app.test_client()
    path = f"/bookings/{booking['id']}"
    token = booking["manageUrl"].partition("#token=")[2]
    assert client.post(f"{path}/open", data={"token": token}).status_code == 303
    return client, path


def test_page_offers_days_and_the_hours_of_the_chosen_one(app: Flask, api: Api) -> None:
    slots = api.slots(DATE)
    booking = api.book(slots[0]).json["booking"]
    client, path = opened(app, booking)

    days = client.get(path).text
    hours = client.get(f"{path}?date={DATE}").text

    assert f'href="{path}?date={DATE}#move-hours"' in days
    assert 'name="slotId"' not in days
    offered = re.findall(r'name="slotId" id="[^"]+" value="([^"]+)"', hours)
    assert offered == [slot["_id"] for slot in slots[1:]]


def test_present_day_is_marked_for_eyes_and_screen_readers(app: Flask, api: Api) -> None:
    booking = api.book(api.slots(DATE)[0]).json["booking"]
    client, path = opened(app, booking)

    page = client.get(path).text
    form = client.get(f"/?date={DATE}").text

    marked = re.findall(r'<a class="day [^"]*is-present" href="([^"]+)"[^>]*>\s*<span[^>]*>[^<]*your present day', page)
    assert marked == [f"{path}?date={DATE}#move-hours"]
    assert page.count("is-present") == 1
    assert "present-legend" in page
    assert "your present day" not in form
    assert "is-present" not in form


def test_chosen_hour_moves_the_booking(app: Flask, api: Api) -> None:
    slots = api.slots(DATE)
    client, path = opened(app, api.book(slots[0]).json["booking"])

    answer = client.post(f"{path}/reschedule", data={"slotId": slots[2]["_id"]})

    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}/moved")
    assert "12:00 to 13:00" in client.get(f"{path}/moved").text


@pytest.mark.parametrize("asked", ["2026-03-06", "x", "%00", "2026-03-05'"])
def test_date_that_the_schedule_lacks_shows_the_days(app: Flask, api: Api, asked: str) -> None:
    client, path = opened(app, api.book(api.slots(DATE)[0]).json["booking"])

    answer = client.get(f"{path}?date={asked}")

    assert answer.status_code == 200
    assert 'id="move-hours"' not in answer.text


def test_cancelled_booking_offers_its_day_again(app: Flask, api: Api) -> None:
    booking = api.book(api.slots(DATE)[0]).json["booking"]
    client, path = opened(app, booking)
    client.post(f"{path}/cancel")

    page = client.get(path).text

    assert f'href="/?date={DATE}#hours"' in page
    assert 'id="move"' not in page


def test_booking_page_has_calendar_links_without_its_token(app: Flask, api: Api) -> None:
    booking = api.book(api.slots(DATE)[0]).json["booking"]
    client, path = opened(app, booking)

    page = client.get(path).text

    links = [html.unescape(link) for link in re.findall(r'href="(https://[^"]+)"', page)]
    assert [urlsplit(link).netloc for link in links] == ["calendar.google.com", "outlook.live.com"]
    assert "20260305T090000Z%2F20260305T100000Z" in links[0]
    assert "startdt=2026-03-05T09%3A00%3A00Z" in links[1]
    assert booking["manageUrl"].partition("#token=")[2] not in page
    assert '<svg width="' in page
    assert 'class="qr"' in page


def test_pages_of_a_long_schedule_stay_small(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    first = date(2031, 1, 1)
    dates = [(first + timedelta(days=number)).isoformat() for number in range(500)]
    file = tmp_path / "long.toml"
    file.write_text(schedule_text(dates=dates, start="09:00", end="18:00", minutes=10), encoding="utf-8")
    app = make_app(SCHEDULE_FILE=str(file))
    api = Api(over_app(app))
    client, path = opened(app, api.book(api.slots(dates[0])[0], date=dates[0]).json["booking"])

    for address in ("/", f"/?date={dates[400]}", path, f"{path}?date={dates[400]}", f"{path}?month=2031-05"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert len(answer.data) < MAX_PAGE_BYTES
