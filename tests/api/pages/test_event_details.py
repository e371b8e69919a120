"""Event details on the pages, in e-mails and in calendar files; none of them where the file has none."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from icalendar import Calendar

from tests.api_client import Api, over_app

LOGO = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>'
DETAILS = """
[event]
place = "Old <Town> Hall"
address = "Rathausstrasse 15, Berlin"
geo = "52.5186, 13.4082"
map_url = "https://map.example.org/?a=1&b=2"
description = "Look behind the scenes."
organiser = "Example University"
contact = "days@example.org"
imprint_url = "https://example.org/imprint"
privacy_url = "https://example.org/privacy"
logo = "logo.svg"
image = "logo.svg"
image_alt = "The old hall"
accent = "#7a1f5c"

[translations.de]
name = "Tage"
refusal = "Nein."
place = "Altes Rathaus"
"""


@pytest.fixture
def owned(make_app: Callable[..., Flask], small_schedule: Callable[..., str]) -> Flask:
    """An application whose schedule file has all details."""
    file = Path(small_schedule())
    file.write_text(file.read_text(encoding="utf-8") + DETAILS, encoding="utf-8")
    file.with_name("logo.svg").write_bytes(LOGO)
    return make_app(SCHEDULE_FILE=str(file), PUBLIC_URL="https://book.example.org", ADMIN_EMAIL="office@example.org")


def test_page_shows_the_event_and_its_organiser(owned: Flask) -> None:
    page = owned.test_client().get("/").text

    assert "Old &lt;Town&gt; Hall, Rathausstrasse 15, Berlin" in page
    assert 'href="https://map.example.org/?a=1&amp;b=2"' in page
    assert 'href="mailto:days@example.org"' in page
    assert 'href="https://example.org/imprint"' in page
    assert 'href="https://example.org/privacy"' in page
    assert "Look behind the scenes." in page
    assert 'alt="The old hall" width="640" height="360"' in page
    assert '<meta property="og:url" content="https://book.example.org/">' in page
    assert '<link rel="canonical" href="https://book.example.org/">' in page
    assert re.search(r'og:image" content="https://book.example.org/brand/image\.[0-9a-f]{12}\.svg"', page)


def test_page_in_german_shows_the_translated_place(owned: Flask) -> None:
    page = owned.test_client().get("/", headers={"Accept-Language": "de"}).text

    assert "Altes Rathaus, Rathausstrasse 15, Berlin" in page
    assert "Datenschutz" in page


def test_page_behind_a_link_is_in_no_index(owned: Flask) -> None:
    page = owned.test_client().get(f"/bookings/{'0' * 32}").text

    assert '<meta name="robots" content="noindex">' in page
    assert "canonical" not in page


def test_brand_files_are_served_for_a_year(owned: Flask) -> None:
    client = owned.test_client()
    page = client.get("/").text

    for path in set(re.findall(r"/brand/[a-z0-9.]+", page)):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert client.get("/brand/logo.000000000000.svg").status_code == 404


def test_email_and_calendar_file_name_place_and_organiser(owned: Flask) -> None:
    api = Api(over_app(owned))
    booking = api.book(api.slots("2031-06-10")[0], date="2031-06-10").json["booking"]
    file = api.held("GET", booking, "/calendar.ics").body
    event = Calendar.from_ical(file).walk("VEVENT")[0]

    assert event["LOCATION"] == "Old <Town> Hall, Rathausstrasse 15, Berlin"
    assert event["GEO"].to_ical() == "52.5186;13.4082"
    assert event["ORGANIZER"] == "mailto:office@example.org"
    assert event["ORGANIZER"].params["CN"] == "Example University"
    assert "https://map.example.org/?a=1&b=2" in str(event["DESCRIPTION"])


def test_without_details_nothing_is_shown(make_app: Callable[..., Flask]) -> None:
    page = make_app().test_client().get("/").text

    for words in ("Imprint", "Privacy", "Show on a map", "og:image", "/brand/", "About the event", "mailto:"):
        assert words not in page


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/favicon.ico", "image/vnd.microsoft.icon"),
        ("/apple-touch-icon.png", "image/png"),
        ("/robots.txt", "text/plain; charset=utf-8"),
        ("/manifest.webmanifest", "application/manifest+json"),
    ],
)
def test_files_that_browsers_ask_for_are_there(app: Flask, path: str, media_type: str) -> None:
    answer = app.test_client().get(path)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].replace("image/x-icon", "image/vnd.microsoft.icon") == media_type
    assert "max-age=86400" in answer.headers["Cache-Control"]


def test_robots_exclude_private_pages(app: Flask) -> None:
    rules = app.test_client().get("/robots.txt").text

    assert "Disallow: /bookings/" in rules
    assert "Disallow: /account" in rules
    assert "Disallow: /orders/" in rules
    assert "Disallow: /my/" in rules
