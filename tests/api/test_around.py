"""What surrounds every request: headers, origins, proxies, limits, health, the log."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable

import pytest
from flask import Flask

from core.mongo.client import connect
from tests.api.conftest import Told
from tests.api_client import Answer, Api, over_app
from tests.conftest import Served
from tests.factories import ADMIN_KEY, person

SECURE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
ORIGIN = "https://form.example.org"


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


def test_every_kind_of_answer_is_hardened(any_answer: Callable[[str], Answer]) -> None:
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


def test_what_may_be_personal_is_not_stored_on_the_way(any_answer: Callable[[str], Answer]) -> None:
    for kind in ("201", "400", "401", "404 api", "500", "page", "csv"):
        assert any_answer(kind).headers["Cache-Control"] == "no-store", kind


@pytest.mark.parametrize("path", ["/api/dates", "/api/nowhere", "/api/admin/stats"])
def test_browsers_are_told_to_stay_on_https_only_where_there_is_https(
    make_app: Callable[..., Flask], path: str
) -> None:
    secure = Api(over_app(make_app(PUBLIC_URL="https://book.example.org"))).get(path)
    plain = Api(over_app(make_app(PUBLIC_URL="http://book.example.org"))).get(path)

    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"  # of this host, not of its neighbours
    assert "Strict-Transport-Security" not in plain.headers


# Origins


@pytest.fixture
def shared(make_app: Callable[..., Flask]) -> Api:
    """An application whose API two other sites' pages may call."""
    return Api(over_app(make_app(CORS_ORIGINS=f"{ORIGIN},http://localhost:3000", RATE_LIMIT_BOOKINGS="1 per hour")))


@pytest.mark.parametrize("origin", [ORIGIN, "http://localhost:3000"])
def test_the_pages_of_an_allowed_origin_may_read_answers_and_refusals(shared: Api, origin: str) -> None:
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
def test_no_other_origin_may_read_anything(shared: Api, origin: str) -> None:
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
def test_a_preflight_lets_an_allowed_origin_call(shared: Api, path: str, method: str, headers: str) -> None:
    answer = preflight(shared, path, method, headers)

    # A browser takes nothing but a 2xx for a yes, and sends no key with the question.
    assert answer.status in (200, 204), answer.body
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert method in answer.headers["Access-Control-Allow-Methods"]
    allowed = {name.strip().lower() for name in answer.headers["Access-Control-Allow-Headers"].split(",")}
    assert set(headers.split(", ")) <= allowed


def test_preflights_are_no_wrong_keys(shared: Api) -> None:
    for _ in range(15):
        preflight(shared, "/api/admin/bookings", "GET", "x-admin-key")

    assert shared.admin("GET", "/validate").status == 200


def test_an_allowed_origin_may_read_what_clients_need(shared: Api) -> None:
    names = exposed(shared.get("/api/dates", headers={"Origin": ORIGIN}))
    assert {"Location", "Idempotency-Replayed", "Retry-After", "X-Request-ID", "ETag"} <= names


def test_an_allowed_origin_may_read_how_its_export_is_called(shared: Api) -> None:
    answer = shared.send("GET", "/api/admin/bookings/export", headers={"Origin": ORIGIN, "X-Admin-Key": ADMIN_KEY})

    assert answer.status == 200
    assert "Content-Disposition" in answer.headers
    assert "Content-Disposition" in exposed(answer)


def exposed(answer: Answer) -> set[str]:
    """Return the names of the headers that a browser lets the scripts of another origin read."""
    return {name.strip() for name in answer.headers["Access-Control-Expose-Headers"].split(",")}


def test_an_allowed_origin_may_read_that_it_called_too_often(shared: Api) -> None:
    slot = shared.slots()[0]
    form = {**person(), "date": slot["date"], "slotId": slot["_id"]}
    answers = [shared.send("POST", "/api/bookings", json=form, headers={"Origin": ORIGIN}) for _ in range(2)]

    assert [answer.status for answer in answers] == [201, 429]
    assert [answer.headers.get("Access-Control-Allow-Origin") for answer in answers] == [ORIGIN, ORIGIN]
    told = {name for name in dict(answers[1].headers) if name.startswith("RateLimit-")} | {"Retry-After"}
    assert len(told) == 4
    assert told <= exposed(answers[1])


def test_pages_are_shared_with_nobody(shared: Api) -> None:
    for path in ("/", "/bookings/x", "/metrics"):
        assert "Access-Control-Allow-Origin" not in shared.get(path, headers={"Origin": ORIGIN}).headers


# Limits


def test_too_many_requests_are_told_when_to_come_back(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_DEFAULT="3 per hour")))

    answers = [api.get(path) for path in ("/api/dates", "/api/slots", "/api/bookings/x", "/api/dates")]

    assert [answer.status for answer in answers] == [200, 400, 404, 429]
    last = answers[-1].headers
    assert last["RateLimit-Limit"] == "3"
    assert last["RateLimit-Remaining"] == "0"
    assert 0 < int(last["RateLimit-Reset"]) <= 3600
    assert 0 < int(last["Retry-After"]) <= 3600


@pytest.mark.parametrize("path", ["/", "/api/docs"])
def test_the_files_of_a_page_are_not_counted_and_the_page_is(make_app: Callable[..., Flask], path: str) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_DEFAULT="2 per hour")))
    page = api.get(path).body.decode()
    files = re.findall(r'<(?:link|script)[^>]* (?:href|src)="([^"]+)"', page)
    assert len(files) >= 3

    assert {api.get(file).status for file in files * 2} == {200}
    assert [api.get("/api/dates").status for _ in range(2)] == [200, 429]
    assert {api.get(file).status for file in files} == {200}
    assert api.get(path).status == 429


def test_the_limit_on_bookings_counts_valid_forms_alone(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_BOOKINGS="3 per hour")))
    slot = api.slots()[0]

    for _ in range(5):
        assert api.book(slot, fullName="A").status == 400
    assert [api.book(slot).status for _ in range(4)] == [201, 201, 201, 429]
    assert api.slots()[0]["bookedCount"] == 3
    assert api.book(slot, email="no").status == 400
    assert api.get("/api/dates").status == 200


def test_forms_that_could_not_be_booked_count_too(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_BOOKINGS="3 per hour")))
    slot = api.slots()[0]

    answers = [api.book(slot, email="ada@example.org") for _ in range(4)]

    assert [answer.status for answer in answers] == [201, 409, 409, 429]
    assert answers[-1].headers["RateLimit-Limit"] == "3"
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_a_limited_form_leaves_nothing_behind(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_BOOKINGS="1 per hour")))
    slot = api.slots()[0]
    assert api.book(slot).status == 201

    assert api.book(slot).status == 429

    assert api.admin("GET", "/bookings").json["total"] == 1


def test_addresses_are_limited_apart(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_DEFAULT="2 per hour")))

    def ask(address: str) -> int:
        return api.get("/api/dates", environ_base={"REMOTE_ADDR": address}).status

    assert [ask("192.0.2.1") for _ in range(3)] == [200, 200, 429]
    assert ask("192.0.2.2") == 200
    assert ask("2001:db8::1") == 200


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:DB8:1:2:0:0:0:7", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("not:an:address", "not:another:address", False),
    ],
)
def test_a_network_of_ipv6_is_one_client(make_app: Callable[..., Flask], one: str, other: str, alike: bool) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_DEFAULT="1 per hour")))

    statuses = [api.get("/api/dates", environ_base={"REMOTE_ADDR": address}).status for address in (one, one, other)]

    assert statuses == [200, 429, 429 if alike else 200]


def test_the_machines_that_watch_are_never_limited(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_DEFAULT="1 per hour")))

    for path in ("/api/health", "/api/ready", "/metrics"):
        assert [api.get(path).status for _ in range(5)] == [200] * 5


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP", "X-Client-IP"])
def test_nobody_is_believed_about_their_address_without_a_proxy(make_app: Callable[..., Flask], name: str) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_DEFAULT="2 per hour", TRUSTED_PROXIES="0")))

    statuses = [api.get("/api/dates", headers={name: f"192.0.2.{n}"}).status for n in range(3)]

    assert statuses == [200, 200, 429]


def test_one_proxy_is_believed_about_the_last_address_and_no_other(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_DEFAULT="2 per hour", TRUSTED_PROXIES="1")))

    def ask(forwarded: str) -> int:
        return api.get("/api/dates", headers={"X-Forwarded-For": forwarded}).status

    assert [ask("192.0.2.1"), ask("198.51.100.1, 192.0.2.1"), ask("198.51.100.2, 192.0.2.1")] == [200, 200, 429]
    assert ask("192.0.2.2") == 200


def test_two_proxies_are_believed_about_the_last_but_one(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_DEFAULT="1 per hour", TRUSTED_PROXIES="2")))

    def ask(forwarded: str) -> int:
        return api.get("/api/dates", headers={"X-Forwarded-For": forwarded}).status

    assert [ask("192.0.2.1, 203.0.113.1"), ask("198.51.100.9, 192.0.2.1, 203.0.113.2")] == [200, 429]
    assert ask("192.0.2.2, 203.0.113.1") == 200


def test_limits_hold_over_processes_that_share_their_storage(
    make_app: Callable[..., Flask], make_database: Callable[[], str]
) -> None:
    shared = {
        "RATE_LIMIT_DEFAULT": "3 per hour",
        "RATE_LIMIT_STORAGE": "mongodb",
        "MONGODB_DATABASE": make_database(),
    }
    doors = [Api(over_app(make_app(**shared))) for _ in range(2)]

    statuses = [doors[n % 2].get("/api/dates").status for n in range(5)]

    assert statuses == [200, 200, 200, 429, 429]


def test_a_limit_storage_that_is_away_neither_hangs_nor_opens_wide(make_app: Callable[..., Flask]) -> None:
    began = time.monotonic()
    api = Api(over_app(make_app(RATE_LIMIT_DEFAULT="5 per hour", RATE_LIMIT_STORAGE="mongodb://127.0.0.1:1/")))

    statuses = [api.get("/api/dates").status for _ in range(8)]

    assert statuses == [200] * 5 + [429] * 3
    assert time.monotonic() - began < 25, "less than the driver would wait for one answer"


def test_a_limit_storage_that_is_away_does_not_open_the_back_office(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_STORAGE="mongodb://127.0.0.1:1/")))

    statuses = [api.admin("GET", "/validate", key="wrong").status for _ in range(11)]

    assert statuses == [401] * 10 + [429]
    assert api.admin("GET", "/validate").status == 429


# Health


def test_health_answers_as_long_as_the_process_does(databaseless: Flask) -> None:
    answer = Api(over_app(databaseless)).get("/api/health")

    assert (answer.status, answer.json) == (200, {"status": "ok"})


def test_ready_names_each_dependency(quiet: Api) -> None:
    answer = quiet.get("/api/ready")

    assert answer.status == 200
    assert answer.json["dependencies"] == {"mongodb": "ok"}


def test_not_ready_is_503_and_names_what_is_missing(databaseless: Flask) -> None:
    answer = Api(over_app(databaseless)).get("/api/ready")

    assert answer.status == 503
    assert answer.json["dependencies"]["mongodb"].startswith("unavailable")
    assert b"127.0.0.1" not in answer.body


def test_not_ready_is_told_within_a_second_also_when_no_server_is_found(
    make_app: Callable[..., Flask], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "pymongo.serverSelection")
    client = connect("mongodb://127.0.0.1:1/?replicaSet=rs0")
    api = Api(over_app(make_app(client=client)))
    caplog.clear()

    answer = api.get("/api/ready")
    client.close()

    assert (answer.status, answer.json["dependencies"]) == (
        503,
        {"mongodb": "unavailable (ServerSelectionTimeoutError)"},
    )
    waits = [json.loads(message) for message in caplog.messages if "Waiting for suitable server" in message]
    assert [wait["operation"] for wait in waits] == ["ping"]
    assert 0 < waits[0]["remainingTimeMS"] <= 1000


def test_whatever_ready_asks_of_the_database_is_bounded(listened: Flask, told: Told) -> None:
    api = Api(over_app(listened))
    assert api.get("/api/ready").status == 200
    told.names.clear()
    told.bounds.clear()

    assert api.get("/api/ready").status == 200

    assert len(told.names) >= 3, "the ping, and what it warns of"
    assert all(0 < bound <= 1000 for bound in told.bounds), list(zip(told.names, told.bounds, strict=True))


def test_metrics_are_prometheus_text_about_requests_bookings_and_letters(api: Api) -> None:
    slot = api.slots()[0]
    assert api.book(slot, email="ada@example.org").status == 201
    assert api.book(slot, email="ada@example.org").status == 409

    answer = api.get("/metrics")

    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    text = answer.body.decode()
    assert re.search(r'^http_requests_total\{method="POST",route="/api/bookings",status="201"\} [1-9]', text, re.M)
    assert re.search(r'^bookings_total\{outcome="booked"\} [1-9]', text, re.M)
    assert re.search(r'^bookings_total\{outcome="duplicate_booking"\} [1-9]', text, re.M)
    assert re.search(r'^letters\{state="queued"\} 2', text, re.M)
    assert "ada@example.org" not in text
    assert slot["_id"] not in text


def test_metrics_do_not_grow_with_what_people_ask_for(api: Api) -> None:
    for n in range(3):
        api.get(f"/nowhere/{n}")
        api.get(f"/api/bookings/guess-{n}")
        api.send(f"VERB{n}", "/api/dates")

    text = api.get("/metrics").body.decode()

    assert "guess-" not in text
    assert "/nowhere" not in text
    assert "VERB" not in text


# The document


def test_the_documents_page_refers_to_no_foreign_host(quiet: Api) -> None:
    page = quiet.get("/api/docs")
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"

    links = re.findall(r'(?:src|href)="([^"]+)"', page.body.decode())

    assert len(links) >= 3
    assert [link for link in links if not link.startswith("/") or link.startswith("//")] == []
    for link in links:
        assert quiet.get(link).status == 200, link
    assert b"<script>" not in page.body


def test_the_documents_page_shows_this_services_document(quiet: Api) -> None:
    script = quiet.get("/static/docs.js").body.decode()

    assert '"/api/openapi.json"' in script
    assert "http:" not in script
    assert "https:" not in script


@pytest.mark.parametrize(
    "path",
    ["/api/docs/../../etc/passwd", "/api/docs/%2e%2e/%2e%2e/setup.py", "/static/../app.py", "/static/%2e%2e/routes.py"],
)
def test_files_outside_are_not_served(quiet: Api, path: str) -> None:
    assert quiet.get(path).status == 404


# The log


QUISLING = {
    "fullName": "Zerubbabel Quisling",
    "email": "zerubbabel@quisling.example",
    "phone": "+14155550123",
    "message": "My secret message",
}
PERSONAL = ["zerubbabel", "quisling", "4155550123", "415 555", "5550123", "secret message"]


def test_the_log_tells_what_happened_and_names_nobody(served: Served) -> None:
    api = served.api
    slot = api.slots("2026-03-05")[0]
    secret = "a-wrong-key-of-somebody"
    guest = QUISLING
    booked = api.book(slot, key="my-idempotency-key", **guest)
    booking = booked.json["booking"]
    token = booking["manageUrl"].partition("token=")[2]
    assert api.book(slot, **guest).code == "duplicate_booking"
    assert api.book(slot, **{**guest, "phone": "0415 5550123"}).status == 400
    opened = api.send("POST", f"/bookings/{booking['id']}/open", data={"token": token}, allow_redirects=False)
    assert opened.status == 303
    assert api.get(f"/zerubbabel@quisling.example?q={guest['fullName']}").status == 404
    assert api.admin("GET", "/validate", key=secret).status == 401
    assert api.admin("GET", "/bookings", query={"name": "Quisling", "phone": "415 555"}).json["total"] == 1
    assert (
        api.send("DELETE", f"/api/bookings/{booking['id']}", headers={"Authorization": f"Bearer {token}"}).status == 200
    )
    wait_for_letters(api)

    text = served.log.read_text()

    events = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    lines = [event for event in events if event["event"] == "request"]
    posted = [line for line in lines if (line["method"], line["route"]) == ("POST", "/api/bookings")]
    assert [line["outcome"] for line in posted] == ["booked", "duplicate_booking", "validation_failed"]
    assert all({"request_id", "status", "duration_ms", "timestamp", "level"} <= set(line) for line in lines)
    assert booked.headers["X-Request-ID"] in {line["request_id"] for line in posted}
    assert "email_written" in {event["event"] for event in events}
    secrets = ["my-idempotency-key", token, secret, ADMIN_KEY, "a secret only tests know"]
    assert [word for word in PERSONAL + secrets if word.lower() in text.lower()] == []


def wait_for_letters(api: Api) -> None:
    """Return when the letters of the test have been written."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if api.admin("GET", "/stats").json["letters"]["sent"] >= 2:
            return
        time.sleep(0.2)
    pytest.fail("no letter was written")
