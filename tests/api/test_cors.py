"""Cross-origin requests."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.api_client import Answer, Api, over_app
from tests.factories import ADMIN_KEY, person

ORIGIN = "https://form.example.org"


@pytest.fixture
def shared(make_app: Callable[..., Flask]) -> Api:
    """An application whose API two other sites' pages may call."""
    return Api(over_app(make_app(CORS_ORIGINS=f"{ORIGIN},http://localhost:3000", RATE_LIMIT_BOOKINGS="1 per hour")))


@pytest.mark.parametrize("origin", [ORIGIN, "http://localhost:3000"])
def test_allowed_origin_reads_responses_and_refusals(shared: Api, origin: str) -> None:
    for path in ("/api/dates", "/api/slots", "/api/bookings/x", "/api/admin/stats", "/api/nowhere"):
        answer = shared.get(path, headers={"Origin": origin})

        assert answer.headers.get("Access-Control-Allow-Origin") == origin, path
        assert "Origin" in answer.headers["Vary"], path
        assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "*",
        f"{ORIGIN}.evil.example",
        "https://xform.example.org",
        "https://formXexample.org",
        "http://form.example.org",
        f"{ORIGIN}:8443",
        f"{ORIGIN}/",
        "https://example.org",
        "https://a.form.example.org",
        "http://localhost:30001",
        "http://localhost",
        "https://evil.example#https://form.example.org",
    ],
)
def test_other_origin_reads_nothing(shared: Api, origin: str) -> None:
    for method in ("GET", "OPTIONS"):
        headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        answer = shared.send(method, "/api/dates", headers=headers)

        assert "Access-Control-Allow-Origin" not in answer.headers, method
        assert "Access-Control-Allow-Methods" not in answer.headers, method


def preflight(api: Api, path: str, method: str, headers: str) -> Answer:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return api.send("OPTIONS", path, headers=asked)


@pytest.mark.parametrize(
    ("path", "method", "headers"),
    [
        ("/api/bookings", "POST", "content-type, idempotency-key"),
        ("/api/bookings/some-id", "DELETE", "authorization"),
        ("/api/slots", "GET", "if-none-match"),
        ("/api/admin/slots/some-id", "PATCH", "content-type, x-admin-key"),
        ("/api/admin/bookings", "GET", "x-admin-key"),
    ],
)
def test_preflight_of_allowed_origin_permits_the_call(shared: Api, path: str, method: str, headers: str) -> None:
    answer = preflight(shared, path, method, headers)

    # A browser takes nothing but a 2xx for a yes, and sends no key with the question.
    assert answer.status in (200, 204), answer.body
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert method in answer.headers["Access-Control-Allow-Methods"]
    allowed = {name.strip().lower() for name in answer.headers["Access-Control-Allow-Headers"].split(",")}
    assert set(headers.split(", ")) <= allowed


def test_preflights_do_not_count_as_wrong_keys(shared: Api) -> None:
    for _ in range(15):
        preflight(shared, "/api/admin/bookings", "GET", "x-admin-key")

    assert shared.admin("GET", "/validate").status == 200


def test_allowed_origin_reads_the_headers_of_clients(shared: Api) -> None:
    names = exposed(shared.get("/api/dates", headers={"Origin": ORIGIN}))
    assert {"Location", "Idempotency-Replayed", "Retry-After", "X-Request-ID", "ETag"} <= names


def test_allowed_origin_reads_the_file_name_of_an_export(shared: Api) -> None:
    answer = shared.send("GET", "/api/admin/bookings/export", headers={"Origin": ORIGIN, "X-Admin-Key": ADMIN_KEY})

    assert answer.status == 200
    assert "Content-Disposition" in answer.headers
    assert "Content-Disposition" in exposed(answer)


def exposed(answer: Answer) -> set[str]:
    """Return the names of the headers that a browser lets the scripts of another origin read."""
    return {name.strip() for name in answer.headers["Access-Control-Expose-Headers"].split(",")}


def test_allowed_origin_reads_rate_limit_headers(shared: Api) -> None:
    slot = shared.slots()[0]
    form = {**person(), "date": slot["date"], "slotId": slot["_id"]}
    answers = [shared.send("POST", "/api/bookings", json=form, headers={"Origin": ORIGIN}) for _ in range(2)]

    assert [answer.status for answer in answers] == [201, 429]
    assert [answer.headers.get("Access-Control-Allow-Origin") for answer in answers] == [ORIGIN, ORIGIN]
    recorded = {name for name in dict(answers[1].headers) if name.startswith("RateLimit-")} | {"Retry-After"}
    assert len(recorded) == 4
    assert recorded <= exposed(answers[1])


def test_pages_have_no_cors_headers(shared: Api) -> None:
    for path in ("/", "/bookings/x", "/metrics"):
        assert "Access-Control-Allow-Origin" not in shared.get(path, headers={"Origin": ORIGIN}).headers
