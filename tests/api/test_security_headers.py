"""Security headers and caching of every kind of response."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.api_client import Answer, Api, over_app

SECURE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def broken() -> str:
    raise RuntimeError("a bug")


@pytest.fixture
def any_answer(make_app: Callable[..., Flask]) -> Callable[[str], Answer]:
    """Return an answer of each kind, by name."""
    app = make_app()
    app.add_url_rule("/api/broken", view_func=broken)
    api = Api(over_app(app))
    limited = Api(over_app(make_app(RATE_LIMIT_DEFAULT="1 per hour")))
    known = api.book(api.slots()[0]).json["booking"]
    kinds: dict[str, Callable[[], Answer]] = {
        "200": lambda: api.get("/api/dates"),
        "201": lambda: api.book(api.slots()[0]),
        "303": lambda: api.get(f"/bookings/{known['id']}/done"),
        "304": lambda: api.get("/api/dates", headers={"If-None-Match": api.get("/api/dates").headers["ETag"]}),
        "400": lambda: api.get("/api/slots"),
        "401": lambda: api.get("/api/admin/stats"),
        "404": lambda: api.get("/nowhere"),
        "404 api": lambda: api.get("/api/bookings/x"),
        "405": lambda: api.send("PUT", "/api/dates"),
        "413": lambda: api.send("POST", "/api/bookings", data=b"x" * 40_000, content_type="application/json"),
        "415": lambda: api.send("POST", "/api/bookings", data=b"x", content_type="text/plain"),
        "429": lambda: [limited.get("/api/dates") for _ in range(2)][-1],
        "500": lambda: api.get("/api/broken"),
        "page": lambda: api.get(known["manageUrl"].partition("127.0.0.1:8000")[2]),
        "csv": lambda: api.admin("GET", "/bookings/export"),
        "docs": lambda: api.get("/api/docs"),
        "static": lambda: api.get("/static/site.css"),
        "openapi": lambda: api.get("/api/openapi.json"),
        "metrics": lambda: api.get("/metrics"),
        "options": lambda: api.send("OPTIONS", "/api/dates"),
    }
    return lambda kind: kinds[kind]()


KINDS = ["200", "201", "303", "304", "400", "401", "404", "404 api", "405", "413", "415", "429", "500"]
OTHERS = {"page": 200, "csv": 200, "docs": 200, "static": 200, "openapi": 200, "metrics": 200, "options": 200}


def test_responses_of_every_kind_have_security_headers(any_answer: Callable[[str], Answer]) -> None:
    for kind in [*KINDS, *OTHERS]:
        answer = any_answer(kind)
        assert answer.status == OTHERS.get(kind) or str(answer.status) == kind[:3], kind
        assert {name: answer.headers.get(name) for name in SECURE} == SECURE, kind
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, kind
        assert "unsafe" not in policy, kind
        assert "*" not in policy, kind
        assert "frame-ancestors 'none'" in policy, kind
        assert "Strict-Transport-Security" not in answer.headers, kind
        assert answer.headers["X-Request-ID"], kind
        assert "Access-Control-Allow-Origin" not in answer.headers, kind
        once = [*SECURE, "Content-Security-Policy", "X-Request-ID", "Cache-Control", "Content-Type"]
        names = [name.lower() for name, _ in answer.headers.items()]
        assert all(names.count(name.lower()) <= 1 for name in once), kind


def test_personal_responses_are_not_cacheable(any_answer: Callable[[str], Answer]) -> None:
    for kind in ("201", "400", "401", "404 api", "500", "page", "csv"):
        assert any_answer(kind).headers["Cache-Control"] == "no-store", kind


@pytest.mark.parametrize("path", ["/api/dates", "/api/nowhere", "/api/admin/stats"])
def test_hsts_is_sent_only_if_the_public_url_is_https(make_app: Callable[..., Flask], path: str) -> None:
    secure = Api(over_app(make_app(PUBLIC_URL="https://book.example.org"))).get(path)
    plain = Api(over_app(make_app(PUBLIC_URL="http://book.example.org"))).get(path)

    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"  # of this host, not of its neighbours
    assert "Strict-Transport-Security" not in plain.headers
