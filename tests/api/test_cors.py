"""Cross-origin requests."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from core.errors import Unavailable
from tests.api_client import Answer, Api, over_app
from tests.factories import ADMIN_KEY, person

ORIGIN = "https://form.example.org"


@pytest.fixture
def shared(make_app: Callable[..., Flask]) -> Api:
    """An application whose API two other sites' pages may call."""
    return Api(
        over_app(
            make_app(CORS_ORIGINS=f"{ORIGIN},http://localhost:3000,http://[::1]:3000", RATE_LIMIT_BOOKINGS="1 per hour")
        )
    )


@pytest.mark.parametrize("origin", [ORIGIN, "http://localhost:3000", "http://[::1]:3000"])
def test_allowed_origin_reads_responses_and_refusals(shared: Api, origin: str) -> None:
    for path in ("/api/dates", "/api/slots", "/api/bookings/x", "/api/admin/stats", "/api/nowhere"):
        answer = shared.get(path, headers={"Origin": origin})

        assert answer.headers.get("Access-Control-Allow-Origin") == origin, path
        assert "Origin" in answer.headers["Vary"], path
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"


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
        "http://::3000",
        "http://[::1]:30001",
        "http://localhost",
        "https://evil.example#https://form.example.org",
    ],
)
def test_other_origin_reads_nothing(shared: Api, origin: str) -> None:
    for method in ("GET", "OPTIONS"):
        headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        answer = shared.send(method, "/api/dates", headers=headers)

        assert cors_headers(answer) == set(), method
        assert "Origin" in answer.headers["Vary"], method


def cors_headers(answer: Answer) -> set[str]:
    return {name for name in dict(answer.headers) if name.startswith("Access-Control-")}


def preflight(api: Api, path: str, method: str, headers: str) -> Answer:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return api.send("OPTIONS", path, headers=asked)


PREFLIGHTS = [
    ("/api/bookings", "POST", "content-type, idempotency-key"),
    ("/api/bookings/some-id", "DELETE", "authorization"),
    ("/api/slots", "GET", "if-none-match"),
    ("/api/admin/slots/some-id", "PATCH", "content-type, x-admin-key"),
    ("/api/admin/bookings", "GET", "x-admin-key"),
    ("/api/admin/bookings", "GET", "cache-control,x-admin-key"),
    ("/api/admin/bookings", "GET", "Cache-Control, Pragma, X-Admin-Key, X-Requested-With, traceparent, tracestate"),
    ("/api/admin/bookings/export", "GET", "accept,expires,pragma,x-admin-key"),
    ("/api/bookings", "POST", "baggage,content-type,sentry-trace"),
    ("/api/bookings", "POST", "content-type,x-b3-sampled,x-b3-spanid,x-b3-traceid,x-correlation-id"),
    ("/api/live", "GET", "cache-control,last-event-id"),
    ("/api/nowhere", "GET", "x-admin-key"),
    ("/api/bookings", "PUT", "content-type"),
    ("/api/dates", "GET", ""),
]


@pytest.mark.parametrize(("path", "method", "headers"), PREFLIGHTS)
def test_preflight_of_allowed_origin_permits_the_call(shared: Api, path: str, method: str, headers: str) -> None:
    answer = preflight(shared, path, method, headers)

    # A browser accepts only a 2xx answer, and sends no key with the preflight.
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert method in answer.headers["Access-Control-Allow-Methods"]
    assert int(answer.headers["Access-Control-Max-Age"]) >= 600
    assert {name.strip().lower() for name in headers.split(",") if name} == allowed_headers(answer)


@pytest.mark.parametrize(
    "name",
    ["x-evil", "x-http-method-override", "x-forwarded-for", "x-admin-key-2", "cookie", "*", "x-admin-key.", ".*"],
)
def test_preflight_permits_no_other_header(shared: Api, name: str) -> None:
    answer = preflight(shared, "/api/admin/bookings", "GET", f"x-admin-key, {name}")

    assert allowed_headers(answer) == {"x-admin-key"}


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "*", "get", "JUNK"])
def test_preflight_permits_no_other_method(shared: Api, method: str) -> None:
    answer = preflight(shared, "/api/dates", method, "x-admin-key")

    assert method not in answer.headers.get("Access-Control-Allow-Methods", "").split(", ")


def test_long_preflight_is_answered_with_a_bounded_list(shared: Api) -> None:
    answer = preflight(shared, "/api/dates", "GET", ",".join(f"x-{number}" for number in range(500)))

    assert (answer.status, allowed_headers(answer)) == (204, set())


def allowed_headers(answer: Answer) -> set[str]:
    names = answer.headers.get("Access-Control-Allow-Headers", "").split(",")
    return {name.strip().lower() for name in names if name.strip()}


@pytest.mark.parametrize("origin", [ORIGIN, "https://evil.example"])
@pytest.mark.parametrize("path", ["/api/dates", "/api/admin/bookings", "/api/bookings", "/api/nowhere", "/"])
def test_preflights_are_in_no_limit(make_app: Callable[..., Flask], origin: str, path: str) -> None:
    api = Api(over_app(make_app(CORS_ORIGINS=ORIGIN, RATE_LIMIT_DEFAULT="3 per hour")))
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}

    statuses = {api.send("OPTIONS", path, headers=asked).status for _ in range(10)}
    calls = [api.get("/api/dates").status for _ in range(4)]
    statuses |= {api.send("OPTIONS", path, headers=asked).status for _ in range(10)}

    assert statuses == {204}
    assert calls == [200, 200, 200, 429]


def test_control_other_options_requests_are_limited(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(CORS_ORIGINS=ORIGIN, RATE_LIMIT_DEFAULT="3 per hour")))

    statuses = [api.send("OPTIONS", "/api/dates", headers={"Origin": ORIGIN}).status for _ in range(4)]

    assert statuses == [200, 200, 200, 429]


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


REFUSED: dict[int, Callable[[Api], Answer]] = {
    400: lambda api: api.get("/api/slots?date=junk", headers={"Origin": ORIGIN}),
    401: lambda api: api.get("/api/admin/bookings", headers={"Origin": ORIGIN, "X-Admin-Key": "wrong"}),
    404: lambda api: api.get("/api/nowhere", headers={"Origin": ORIGIN}),
    405: lambda api: api.send("PUT", "/api/bookings", headers={"Origin": ORIGIN}),
    413: lambda api: api.send("POST", "/api/bookings", json={"message": "x" * 99_999}, headers={"Origin": ORIGIN}),
    415: lambda api: api.send("POST", "/api/bookings", data={"a": "b"}, headers={"Origin": ORIGIN}),
}


@pytest.mark.parametrize("status", REFUSED)
def test_allowed_origin_reads_every_refusal(shared: Api, status: int) -> None:
    answer = REFUSED[status](shared)

    assert answer.status == status
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert {"Retry-After", "X-Request-ID"} <= exposed(answer)
    assert "Origin" in answer.headers["Vary"]


def test_allowed_origin_reads_lockout_and_rate_limit(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(CORS_ORIGINS=ORIGIN, RATE_LIMIT_DEFAULT="30 per hour")))
    wrong = {"Origin": ORIGIN, "X-Admin-Key": "wrong"}

    answers = [api.get("/api/admin/bookings", headers=wrong) for _ in range(12)]
    answers += [api.get("/api/dates", headers={"Origin": ORIGIN}) for _ in range(20)]

    refused = [answer for answer in answers if answer.status == 429]
    assert {answers[11].status, answers[-1].status} == {429}
    for answer in refused:
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert int(answer.headers["Retry-After"]) > 0
        assert "Retry-After" in exposed(answer)


def test_allowed_origin_reads_an_unavailable_database(make_app: Callable[..., Flask]) -> None:
    app = make_app(CORS_ORIGINS=ORIGIN)
    app.view_functions["schedules.dates"] = unavailable
    answer = Api(over_app(app)).get("/api/dates", headers={"Origin": ORIGIN})

    assert answer.status == 503
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Retry-After" in answer.headers


def unavailable() -> str:
    raise Unavailable(retry_after=1)


PATHS = [
    "/",
    "/api/dates",
    "/api/nowhere",
    "/api/admin/bookings",
    "/bookings/x",
    "/metrics",
    "/static/site.css",
    "/admin",
]


@pytest.mark.parametrize("path", PATHS)
def test_answer_without_an_origin_has_no_cors_headers(shared: Api, path: str) -> None:
    for method in ("GET", "OPTIONS"):
        answer = shared.send(method, path)

        assert cors_headers(answer) == set()
        assert "Origin" in answer.headers["Vary"]


def test_pages_have_no_cors_headers(shared: Api) -> None:
    for path in ("/", "/bookings/x", "/metrics"):
        assert cors_headers(shared.get(path, headers={"Origin": ORIGIN})) == set()


def test_service_without_origins_has_no_cors_headers(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app()))

    assert cors_headers(api.get("/api/dates", headers={"Origin": ORIGIN})) == set()
    assert cors_headers(preflight(api, "/api/dates", "GET", "x-admin-key")) == set()
