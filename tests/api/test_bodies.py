"""Bodies that are too long without saying so, that end too soon, or that do not come."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from flask import Flask
from werkzeug.test import Client, TestResponse

from core.mongo.client import Db
from core.web.body_limit import BodyReaderMiddleware
from core.web.context import runtime_of
from tests.api_client import Api
from tests.factories import person

MOST = 32_768


def sent(app: Flask, body: bytes, path: str = "/api/bookings", media: str = "application/json", **environ: Any) -> Any:
    """Send `body` in chunks, as a server hands it on."""
    how = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True, **environ}
    answer: TestResponse = Client(app).open(
        path, method="POST", input_stream=io.BytesIO(body), content_type=media, environ_overrides=how
    )
    return answer


def pending(api: Api, **changes: Any) -> bytes:
    """Return the body of a request that books."""
    slot, *_ = api.slots()
    return orjson.dumps({**person(**changes), "slotId": slot["_id"], "date": slot["date"]})


@pytest.fixture
def asked(api: Api) -> bytes:
    """Return the body of a request that books."""
    return pending(api)


@pytest.mark.parametrize("rest", [b" ", b" " * 100_000, b"]]]"])
def test_chunked_body_that_is_too_long_is_refused_before_its_end(app: Flask, db: Db, asked: bytes, rest: bytes) -> None:
    answer = sent(app, asked + b" " * (MOST - len(asked)) + rest)

    assert (answer.status_code, answer.json["code"]) == (413, "body_too_large")
    assert db["bookings"].count_documents({}) == 0


def test_a_chunked_form_that_is_too_long_is_not_read_up_to_the_limit(app: Flask, db: Db) -> None:
    form = urlencode({"fullName": "Ada", "message": "m" * MOST, "website": "a trap"}).encode()

    assert sent(app, form, "/", "application/x-www-form-urlencoded").status_code == 413
    assert db["bookings"].count_documents({}) == 0


def test_control_a_chunked_body_of_the_longest_length_books(app: Flask, asked: bytes) -> None:
    assert sent(app, asked + b" " * (MOST - len(asked))).status_code == 201


def test_the_longest_message_fits_however_it_is_written(api: Api) -> None:
    spelled = pending(api, message="HERE").replace(b"HERE", rb"\ud83d\ude00" * 1200)

    answer = api.send("POST", "/api/bookings", data=spelled, headers={"Content-Type": "application/json"})

    assert answer.status == 201, answer.body


def test_a_body_that_ends_too_soon_is_refused(app: Flask, db: Db, asked: bytes) -> None:
    answer = Client(app).post(
        "/api/bookings",
        input_stream=io.BytesIO(asked),
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": str(len(asked) + 1)},
    )

    assert answer.status_code == 400
    assert db["bookings"].count_documents({}) == 0


@contextmanager
def out_of_time(seconds: float) -> Iterator[None]:
    """Take the place of a server's clock."""
    assert 0 < seconds <= 60
    raise TimeoutError
    yield


def test_a_body_that_does_not_come_is_refused_in_the_end(app: Flask, asked: bytes) -> None:
    runtime_of(app).get(BodyReaderMiddleware).within = out_of_time

    answer = Client(app).post("/api/bookings", data=asked, content_type="application/json")

    assert (answer.status_code, (answer.json or {})["code"]) == (408, "request_timeout")


def test_who_sends_no_body_waits_for_no_clock(app: Flask) -> None:
    runtime_of(app).get(BodyReaderMiddleware).within = out_of_time

    assert Client(app).get("/api/dates").status_code == 200
