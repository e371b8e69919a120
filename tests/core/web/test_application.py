"""Fast routes answer as Flask does; what is not plain is answered by Flask."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import pytest
from flask import Flask
from prometheus_client import REGISTRY

from core.web.application import Application
from core.web.context import current_state
from core.web.rate_limits.limiter import RateLimiter
from tests.api_client import Answer, Api, over_app
from tests.factories import person

HOT = {
    ("POST", "/api/bookings"),
    ("GET", "/api/dates"),
    ("GET", "/api/slots"),
    ("GET", "/api/events"),
    ("POST", "/api/book"),
    ("GET", "/api/auth/me"),
}
HOT_PATTERNS = {
    ("DELETE", "/api/bookings/", ""),
    ("POST", "/api/slots/", "/waitlist"),
    ("GET", "/api/events/", ""),
    ("POST", "/api/events/", "/reserve"),
    ("DELETE", "/api/events/", "/reserve"),
}
# They differ from one request to the next.
VARYING = {"X-Request-ID", "Location"}


@contextmanager
def without_fast_routes(app: Flask) -> Iterator[None]:
    application = cast("Application", app)
    routes = dict(application.fast_routes)
    patterns = dict(application.fast_patterns)
    application.fast_routes.clear()
    application.fast_patterns.clear()
    yield
    application.fast_routes.update(routes)
    application.fast_patterns.update(patterns)


def shape(answer: Answer) -> tuple[int, Mapping[str, str], Any]:
    headers = {name: value for name, value in answer.headers.items() if name not in VARYING}
    body = answer.json
    if isinstance(body, dict):
        body = {**body, "requestId": ""}
        for name in ("booking", "entry"):
            body[name] = sorted(body.get(name, {}))
        if "id" in body:
            body = {name: type(value) for name, value in body.items()}
        headers.pop("Content-Length")
    return answer.status, headers, body


def book(api: Api, **changes: Any) -> Answer:
    slot = api.slots()[0]
    guest = person(**changes)
    return api.send("POST", "/api/bookings", json={**guest, "slotId": slot["_id"], "date": slot["date"]})


def cancel(api: Api) -> Answer:
    return api.held("DELETE", book(api).json["booking"])


def join(api: Api) -> Answer:
    slot = api.slots("2026-03-07")[0]
    while api.book(slot).status == 201:
        """The slot is not full."""
    return api.wait_for(slot)


def access_token(api: Api) -> str:
    """Return an access token of the same person for every call, as responses are compared."""
    credentials = {"email": "ada@example.org", "password": "correct horse 7"}
    api.send("POST", "/api/auth/register", json={"name": "Ada", **credentials})
    return str(api.send("POST", "/api/auth/login", json=credentials).json["accessToken"])


REQUESTS: Mapping[str, Callable[[Api], Answer]] = {
    "booked": book,
    "invalid": lambda api: book(api, email="nobody"),
    "unknown slot": lambda api: api.send(
        "POST", "/api/bookings", json={**person(), "slotId": "x" * 24, "date": "2026-03-05"}
    ),
    "cancelled": cancel,
    "cancelled with a wrong token": lambda api: api.send(
        "DELETE", "/api/bookings/" + "a" * 32, headers={"Authorization": "Bearer x"}
    ),
    "cancelled without a token": lambda api: api.send("DELETE", "/api/bookings/" + "a" * 32),
    "cancelled with the token in a form": lambda api: api.send(
        "DELETE", "/api/bookings/" + "a" * 32, data={"token": "x"}
    ),
    "cancelled without an id": lambda api: api.send("DELETE", "/api/bookings/"),
    "cancelled by an odd id": lambda api: api.send("DELETE", "/api/bookings/%3C%3E"),
    "joined": join,
    "joined without a body": lambda api: api.send("POST", "/api/slots/" + "a" * 24 + "/waitlist"),
    "joined an unknown slot": lambda api: api.wait_for({"_id": "a" * 24}),
    "dates": lambda api: api.get("/api/dates"),
    "slots": lambda api: api.get("/api/slots", query={"date": "2026-03-05"}),
    "no date": lambda api: api.get("/api/slots"),
    "known": lambda api: api.get("/api/dates", headers={"If-None-Match": api.get("/api/dates").headers["ETag"]}),
    "account": lambda api: api.get("/api/auth/me", headers={"Authorization": f"Bearer {access_token(api)}"}),
    "account without a token": lambda api: api.get("/api/auth/me"),
    "account with a wrong token": lambda api: api.get("/api/auth/me", headers={"Authorization": "Bearer x"}),
    "other method": lambda api: api.send("PUT", "/api/bookings"),
    "head": lambda api: api.send("HEAD", "/api/dates"),
}


def test_fast_routes_are_the_paths_of_hot_views(app: Flask) -> None:
    assert set(cast("Application", app).fast_routes) == HOT
    assert set(cast("Application", app).fast_patterns) == HOT_PATTERNS


@pytest.mark.parametrize("name", REQUESTS)
def test_fast_route_answers_as_flask_does(app: Flask, name: str) -> None:
    api = Api(over_app(app))
    fast = REQUESTS[name](api)
    with without_fast_routes(app):
        slow = REQUESTS[name](api)

    assert shape(fast) == shape(slow)


@pytest.mark.parametrize("options", [
    {"content_type": "text/plain"},
    {"query": {"x": "1"}},
    {"headers": {"Idempotency-Key": "a b"}},
])  # fmt: skip
def test_request_that_is_not_plain_is_refused_by_flask(app: Flask, options: dict[str, Any]) -> None:
    answer = Api(over_app(app)).send(
        "POST", "/api/bookings", data=b"{}", **{"content_type": "application/json", **options}
    )

    assert answer.status in (400, 415)


def test_unexpected_error_of_a_fast_view_is_500_without_its_message(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_limiter: RateLimiter) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(RateLimiter, "hit_request", broken)

    answer = Api(over_app(app)).get("/api/dates")

    assert (answer.status, answer.code) == (500, "internal_error")
    assert b"secret" not in answer.body
    assert answer.json["requestId"] == answer.headers["X-Request-ID"]


def test_request_that_flask_answers_is_limited_once(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_DEFAULT="2 per hour")))

    statuses = [api.send("POST", "/api/bookings", json={}).status for _ in range(3)]

    assert statuses == [400, 400, 429]


def test_fast_request_is_counted_once_and_leaves_no_state(app: Flask) -> None:
    labels = {"method": "GET", "route": "/api/dates", "status": "200"}
    before = REGISTRY.get_sample_value("http_requests_total", labels) or 0.0

    Api(over_app(app)).get("/api/dates")

    assert REGISTRY.get_sample_value("http_requests_total", labels) == before + 1
    assert current_state() is None


def test_fast_route_answers_no_request_that_names_an_allowed_origin(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = {"Origin": "https://form.example.org"}
    api = Api(over_app(make_app(CORS_ORIGINS=origin["Origin"])))

    assert api.get("/api/dates", headers=origin).headers["Access-Control-Allow-Origin"] == origin["Origin"]

    def refuse(*_: Any) -> None:
        raise AssertionError("Flask answers")

    monkeypatch.setattr(Flask, "wsgi_app", refuse)
    assert "Access-Control-Allow-Origin" not in api.get("/api/dates").headers
    with pytest.raises(AssertionError, match="Flask answers"):
        api.get("/api/dates", headers=origin)
