"""API calls of a page from another origin, without request interception: it would answer preflights by itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from core.mongo.client import Client
from devdb.replica_set import ReplicaSet
from tests.conftest import Served, serving
from tests.factories import ADMIN_KEY, person

# As a client's HTTP library and its tracing send them.
BROWSER_HEADERS = {
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "X-Requested-With": "XMLHttpRequest",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
}
CALL = """async ([url, options]) => {
  try {
    const response = await fetch(url, options);
    const text = await response.text();
    return { status: response.status, body: text, retryAfter: response.headers.get("Retry-After") };
  } catch (error) {
    return { status: 0, body: String(error), retryAfter: null };
  }
}"""
XHR_CALL = """([url, headers]) => new Promise((resolve) => {
  const request = new XMLHttpRequest();
  request.open("GET", url);
  request.withCredentials = true;
  for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
  request.onload = () => resolve(request.status);
  request.onerror = () => resolve(0);
  request.send();
})"""


class EmptyPage(BaseHTTPRequestHandler):
    """Serves an empty page at every path."""

    def do_GET(self) -> None:
        body = b"<!doctype html><title>Client</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def origins() -> Iterator[tuple[str, str]]:
    """The origins of two sites; the service allows the first one."""
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), EmptyPage) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    allowed, other = (f"http://127.0.0.1:{server.server_port}" for server in servers)
    yield allowed, other
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def service(
    origins: tuple[str, str], replica_set: ReplicaSet, mongo: Client, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("service")
    with serving(replica_set.uri, folder, CORS_ORIGINS=origins[0], WEB_CONCURRENCY="1") as served:
        yield served
        mongo.drop_database(served.environment["MONGODB_DATABASE"])


@pytest.fixture
def page(chromium: Browser, origins: tuple[str, str]) -> Iterator[Page]:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(origins[0])
    yield page
    context.close()


def call(page: Page, url: str, **options: Any) -> dict[str, Any]:
    answer: dict[str, Any] = page.evaluate(CALL, [url, options])
    return answer


def preflights(service: Served) -> int:
    return service.log.read_text().count('"method":"OPTIONS"')


def admin_headers(key: str = ADMIN_KEY) -> dict[str, str]:
    return {**BROWSER_HEADERS, "X-Admin-Key": key}


@pytest.mark.parametrize("path", ["validate", "bookings", "slots", "stats", "audit", "bookings/export"])
def test_back_office_of_another_origin_reads_answers(page: Page, service: Served, path: str) -> None:
    answer = call(page, f"{service.url}/api/admin/{path}", headers=admin_headers())

    assert answer["status"] == 200, answer


def test_xml_http_request_with_credentials_is_answered(page: Page, service: Served) -> None:
    assert page.evaluate(XHR_CALL, [f"{service.url}/api/admin/bookings", admin_headers()]) == 200


def test_guest_of_another_origin_books_and_cancels(page: Page, service: Served) -> None:
    slot = service.api.slots("2026-03-05")[0]
    body = {**person(), "date": slot["date"], "slotId": slot["_id"]}
    json = {**BROWSER_HEADERS, "Content-Type": "application/json", "Idempotency-Key": "one"}

    booked = page.evaluate(
        """async ([url, headers, body]) => {
          const options = { method: "POST", headers, body: JSON.stringify(body), credentials: "include" };
          const { booking } = await (await fetch(`${url}/api/bookings`, options)).json();
          const token = booking.manageUrl.split("#token=")[1];
          const cancel = { method: "DELETE", headers: { Authorization: `Bearer ${token}` } };
          return (await (await fetch(`${url}/api/bookings/${booking.id}`, cancel)).json()).status;
        }""",
        [service.url, json, body],
    )

    assert booked == "cancelled"


@pytest.mark.parametrize(
    ("path", "options", "status"),
    [
        ("/api/admin/bookings", {"headers": admin_headers("wrong")}, 401),
        ("/api/admin/nowhere", {"headers": admin_headers()}, 404),
        ("/api/slots?date=junk", {"headers": BROWSER_HEADERS}, 400),
        ("/api/bookings", {"method": "PUT", "headers": BROWSER_HEADERS}, 405),
        (
            "/api/bookings",
            {"method": "POST", "headers": {**BROWSER_HEADERS, "Content-Type": "text/plain"}, "body": "x"},
            415,
        ),
    ],
)
def test_refusal_is_read_by_another_origin(
    page: Page, service: Served, path: str, options: dict[str, Any], status: int
) -> None:
    answer = call(page, service.url + path, **options)

    assert answer["status"] == status, answer
    assert '"requestId"' in answer["body"]


@pytest.mark.parametrize("size", [40_000, 400_000, 4_000_000])
def test_body_over_the_limit_is_refused_readably(page: Page, service: Served, size: int) -> None:
    headers = {**BROWSER_HEADERS, "Content-Type": "application/json"}

    answer = call(page, f"{service.url}/api/bookings", method="POST", headers=headers, body="x" * size)

    assert (answer["status"], '"body_too_large"' in answer["body"]) == (413, True), answer


def test_preflight_is_cached(page: Page, service: Served) -> None:
    before = preflights(service)

    statuses = [call(page, f"{service.url}/api/admin/validate", headers=admin_headers())["status"] for _ in range(5)]

    assert statuses == [200] * 5
    assert preflights(service) - before <= 1


def test_control_header_outside_the_list_is_blocked(page: Page, service: Served) -> None:
    answer = call(page, f"{service.url}/api/admin/validate", headers={**admin_headers(), "X-Evil": "1"})

    assert answer["status"] == 0


def test_page_of_another_site_reads_nothing(page: Page, service: Served, origins: tuple[str, str]) -> None:
    page.goto(origins[1])

    answers = [
        call(page, f"{service.url}/api/dates"),
        call(page, f"{service.url}/api/admin/bookings", headers=admin_headers()),
    ]

    assert [answer["status"] for answer in answers] == [0, 0]


def test_rate_limit_is_read_with_its_retry_after(
    page: Page,
    origins: tuple[str, str],
    replica_set: ReplicaSet,
    mongo: Client,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("limited")
    limits = {"CORS_ORIGINS": origins[0], "RATE_LIMIT_DEFAULT": "5 per hour", "WEB_CONCURRENCY": "1"}
    with serving(replica_set.uri, folder, **limits) as served:
        answers = [call(page, f"{served.url}/api/dates") for _ in range(6)]
        # Each path has a preflight of its own, which is no call.
        urls = [f"{served.url}/api/admin/{path}" for path in ("validate", "bookings", "slots", "stats", "audit")]
        answers += [call(page, url, headers=admin_headers()) for url in urls]
        sent = preflights(served)
        mongo.drop_database(served.environment["MONGODB_DATABASE"])

    assert [answer["status"] for answer in answers] == [200] * 5 + [429] * 6
    assert all(int(answer["retryAfter"]) > 0 for answer in answers[5:])
    assert sent == 5


def test_lockout_after_wrong_keys_is_read_with_its_retry_after(
    page: Page,
    origins: tuple[str, str],
    replica_set: ReplicaSet,
    mongo: Client,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("locked")
    with serving(replica_set.uri, folder, CORS_ORIGINS=origins[0], WEB_CONCURRENCY="1") as served:
        url = f"{served.url}/api/admin/bookings"
        answers = [call(page, url, headers=admin_headers("wrong")) for _ in range(12)]
        mongo.drop_database(served.environment["MONGODB_DATABASE"])

    assert (answers[0]["status"], answers[-1]["status"]) == (401, 429)
    assert int(answers[-1]["retryAfter"]) > 0
