"""Static files: fingerprinted and kept for a year; text is compressed unless the answer may hold a secret."""

from __future__ import annotations

import gzip
import re
from os.path import normpath
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import UNLIMITED_ENDPOINTS
from pages.static_files import digest
from tests.api.pages.page_browser import DATE

MAX_FIRST_LOAD = 100_000
GZIP = {"Accept-Encoding": "gzip, br"}
IMPORT = re.compile(r'from "([^"]+)"')


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client(use_cookies=False)


def files_of(page: str) -> set[str]:
    """Return the addresses of the styles, scripts and pictures that a page loads."""
    return set(re.findall(r'(?:<link rel="stylesheet" href|src)="([^"]+)"', page))


def imported(script: str, address: str) -> set[str]:
    base = Path(address).parent
    return {normpath(base / found) for found in IMPORT.findall(script)}


def test_page_names_files_that_browsers_keep_for_a_year(client: FlaskClient) -> None:
    addresses = files_of(client.get(f"/?date={DATE}").text)

    assert len(addresses) >= 2
    for address in addresses:
        assert re.match(r"/static/[0-9a-f]{12}/", address)
        assert client.get(address).headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_file_without_fingerprint_is_kept_for_minutes(client: FlaskClient) -> None:
    assert client.get("/static/site.css").headers["Cache-Control"] == "public, max-age=300"


def test_file_of_another_version_leads_to_todays(client: FlaskClient) -> None:
    answer = client.get("/static/000000000000/booking/booking_form.js")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/static/booking/booking_form.js")


@pytest.mark.parametrize("name", ["a%0Db", "a%0Ab", "%00", "%ff", "\\evil.example"])
def test_file_with_other_characters_is_not_found(client: FlaskClient, name: str) -> None:
    assert client.get(f"/static/000000000000/{name}").status_code == 404


def test_static_files_of_all_pages_are_in_no_limit(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.endswith(".static")}

    assert len(endpoints) > 5
    assert endpoints <= UNLIMITED_ENDPOINTS


def test_fingerprint_changes_with_every_content(tmp_path: Path) -> None:
    file = tmp_path / "a.js"
    seen = set()
    for content in ("a", "b", "ab"):
        file.write_text(content, encoding="utf-8")
        seen.add(digest([file]))

    assert len(seen) == 3


def test_text_is_compressed_for_browsers_that_accept_it(client: FlaskClient) -> None:
    for path in ("/", "/static/site.css"):
        plain = client.get(path)
        packed = client.get(path, headers=GZIP)

        assert plain.headers.get("Content-Encoding") is None
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in packed.headers["Vary"]
        assert len(gzip.decompress(packed.data)) == pytest.approx(len(plain.data), abs=200)
        assert len(packed.data) * 3 < len(plain.data)


@pytest.mark.parametrize("cookie", ["token=abc", "page_session=abc; language=de"])
def test_answer_to_a_secret_cookie_is_not_compressed(client: FlaskClient, cookie: str) -> None:
    answer = client.get("/", headers={**GZIP, "Cookie": cookie})

    assert answer.headers.get("Content-Encoding") is None


def test_answer_to_the_language_cookie_is_compressed(client: FlaskClient) -> None:
    assert client.get("/", headers={**GZIP, "Cookie": "language=de"}).headers["Content-Encoding"] == "gzip"


def test_answer_to_a_form_is_not_compressed(client: FlaskClient) -> None:
    answer = client.post("/", data={"date": DATE, "look": DATE}, headers=GZIP)

    assert (answer.status_code, answer.headers.get("Content-Encoding")) == (200, None)


def test_small_and_unchanged_files_are_not_compressed(client: FlaskClient) -> None:
    small = client.get("/static/icon.svg", headers=GZIP)
    styles = client.get("/static/site.css", headers=GZIP)
    again = client.get("/static/site.css", headers={**GZIP, "If-None-Match": styles.headers["ETag"]})

    assert small.headers.get("Content-Encoding") is None
    assert styles.headers["ETag"].startswith("W/")
    assert (again.status_code, again.data) == (304, b"")


def test_first_load_of_the_booking_page_is_below_100_kb(client: FlaskClient) -> None:
    page = client.get(f"/?date={DATE}", headers=GZIP)
    total = len(page.data)
    pending = files_of(gzip.decompress(page.data).decode())
    loaded: set[str] = set()
    while pending:
        address = pending.pop()
        loaded.add(address)
        total += len(client.get(address, headers=GZIP).data)
        if address.endswith(".js"):
            pending |= imported(client.get(address).text, address) - loaded

    assert len(loaded) >= 6
    assert total < MAX_FIRST_LOAD
