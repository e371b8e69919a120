"""Cost of public routes: documents that each examines in a full database, as the table of docs/routes.md states."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import wiring
from app import create_app
from core.config.settings import ROOT
from core.mongo.client import Client, Db
from core.web import health
from devdb.replica_set import ReplicaSet
from notifications.outbox.health import MAX_COUNTED, OutboxHealth
from tests import factories
from tests.api import full_database
from tests.api.conftest import Clock
from tests.api.pages.page_browser import Browser
from tests.api_client import Api, over_app
from tests.factories import contact, person

DATE = "2026-03-05"
TABLE = re.findall(
    r"^\| `(GET|POST|DELETE) (/[^`]*)` \| (\d+) \|",
    (ROOT / "docs" / "routes.md").read_text(encoding="utf-8").partition("## Cost of public routes")[2],
    re.MULTILINE,
)
REDIRECTS = {
    "pages.admin.page_with_slash",
    "pages.self_service.back_to_booking",
    "pages.self_service.back_to_waiting",
}
ROUTES = [(f"{method} {path}", int(most)) for method, path, most in TABLE]


@dataclass(frozen=True)
class Profile:
    """The documents and index keys that operations on a database examined."""

    documents: int
    keys: int


@dataclass(frozen=True)
class Rush:
    """A guest with a booking and a waiting entry in a full database."""

    app: Flask
    api: Api
    db: Db
    clock: Clock
    slots: Sequence[Mapping[str, Any]]
    booking: Mapping[str, Any]
    entry: Mapping[str, Any]

    def get(self, path: str) -> int:
        return self.api.get(path).status

    def held(self, thing: Mapping[str, Any], method: str, tail: str = "", **options: Any) -> int:
        return self.api.held(method, thing, tail, **options).status

    def browser(self, thing: Mapping[str, Any] | None = None) -> FlaskClient:
        """Return a browser that has opened the link of `thing`."""
        client = self.app.test_client()
        if thing:
            path, _, token = str(thing["manageUrl"]).partition("127.0.0.1:8000")[2].partition("#token=")
            assert client.post(f"{path}/open", data={"token": token}).status_code == 303
        return client

    def stream(self) -> int:
        """Read the snapshot of a live stream."""
        answer = self.app.test_client().get(f"/api/live?date={DATE}", buffered=False)
        assert next(iter(answer.response))
        answer.close()
        return answer.status_code

    def book_by_page(self) -> int:
        browser = Browser(self.app, self.clock)
        return browser.send(browser.form(self.slots[2])).status_code

    def profiled(self, call: Callable[[], int]) -> tuple[int, Profile]:
        """Return the status of `call` and what the database examined for it."""
        time.sleep(health.CACHE_SECONDS)
        self.db.command("profile", 0)
        self.db["system.profile"].drop()
        self.db.command("profile", 2)
        status = call()
        self.db.command("profile", 0)
        rows = list(self.db["system.profile"].find({"ns": {"$ne": f"{self.db.name}.system.profile"}}))
        examined = [(row.get("docsExamined", 0), row.get("keysExamined", 0)) for row in rows]
        return status, Profile(sum(documents for documents, _ in examined), sum(keys for _, keys in examined))


@dataclass(frozen=True)
class FullService:
    """A service over a full database."""

    app: Flask
    api: Api
    db: Db
    clock: Clock
    slots: Sequence[Mapping[str, Any]]


@pytest.fixture(scope="module")
def full_service(replica_set: ReplicaSet, mongo: Client) -> Iterator[FullService]:
    settings = factories.settings(replica_set.uri)
    db = mongo[settings.mongodb_database]
    wiring.prepare_database(db)
    clock = Clock(datetime.now(UTC))
    app = create_app(settings, client=mongo, clock=clock)
    api = Api(over_app(app))
    for day in api.dates():
        for slot in api.slots(day["date"]):
            assert api.book(slot).status == 201
    slots = api.slots(DATE)
    for slot, capacity in ((slots[0], 100), (slots[-1], 1)):
        assert api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": capacity}).status == 200
    booking = api.book(slots[0]).json["booking"]
    full_database.fill(db, booking, api.wait_for(slots[-1]).json["entry"], clock)
    yield FullService(app, api, db, clock, slots)
    mongo.drop_database(db.name)


@pytest.fixture
def rush(full_service: FullService) -> Rush:
    api = full_service.api
    booking = api.book(full_service.slots[0]).json["booking"]
    entry = api.wait_for(full_service.slots[-1]).json["entry"]
    return Rush(**vars(full_service), booking=booking, entry=entry)


def calls(rush: Rush) -> dict[str, Callable[[], int]]:
    """Return a request to each public route, one that does the route's whole work."""
    booking_page = f"/bookings/{rush.booking['id']}"
    entry_page = f"/waitlist/{rush.entry['id']}"
    guest = rush.browser(rush.booking)
    waiting = rush.browser(rush.entry)
    move = {"slotId": rush.slots[1]["_id"]}

    def page(client: FlaskClient, path: str) -> Callable[[], int]:
        return lambda: client.get(path).status_code

    def press(client: FlaskClient, path: str, **data: str) -> Callable[[], int]:
        return lambda: client.post(path, data=data).status_code

    form = {**person(), "date": DATE, "slotId": rush.slots[2]["_id"]}
    token = str(rush.booking["manageUrl"]).partition("#token=")[2]
    entry_token = str(rush.entry["manageUrl"]).partition("#token=")[2]
    return {
        "GET /api/dates": lambda: rush.get("/api/dates"),
        "GET /api/slots": lambda: rush.get(f"/api/slots?date={DATE}"),
        "GET /api/live": rush.stream,
        "GET /socket.io/": lambda: rush.get("/socket.io/"),
        "POST /api/bookings": lambda: rush.api.send("POST", "/api/bookings", json=form).status,
        "GET /api/bookings/{id}": lambda: rush.held(rush.booking, "GET"),
        "DELETE /api/bookings/{id}": lambda: rush.held(rush.booking, "DELETE"),
        "POST /api/bookings/{id}/reschedule": lambda: rush.held(rush.booking, "POST", "/reschedule", json=move),
        "GET /api/bookings/{id}/calendar.ics": lambda: rush.held(rush.booking, "GET", "/calendar.ics"),
        "GET /api/bookings/{id}/data": lambda: rush.held(rush.booking, "GET", "/data"),
        "POST /api/slots/{id}/waitlist": lambda: rush.api.wait_for(rush.slots[-1], **contact()).status,
        "GET /api/waitlist/{id}": lambda: rush.held(rush.entry, "GET"),
        "DELETE /api/waitlist/{id}": lambda: rush.held(rush.entry, "DELETE"),
        "POST /api/webhooks/resend": lambda: rush.api.send("POST", "/api/webhooks/resend", json={}).status,
        "GET /api/health": lambda: rush.get("/api/health"),
        "GET /api/ready": lambda: rush.get("/api/ready"),
        "GET /metrics": lambda: rush.get("/metrics"),
        "GET /api/openapi.json": lambda: rush.get("/api/openapi.json"),
        "GET /api/docs": lambda: rush.get("/api/docs"),
        "GET /": lambda: rush.get(f"/?date={DATE}"),
        "POST /": rush.book_by_page,
        "POST /language": press(guest, "/language", language="de"),
        "GET /language/done": page(guest, "/language/done"),
        "GET /admin": lambda: rush.get("/admin"),
        "GET /bookings/{id}": page(guest, booking_page),
        "GET /bookings/{id}/opened": page(guest, f"{booking_page}/opened"),
        "GET /bookings/{id}/done": page(guest, f"{booking_page}/done"),
        "GET /bookings/{id}/moved": page(guest, f"{booking_page}/moved"),
        "POST /bookings/{id}/open": press(guest, f"{booking_page}/open", token=token),
        "POST /bookings/{id}/cancel": press(guest, f"{booking_page}/cancel"),
        "POST /bookings/{id}/reschedule": press(guest, f"{booking_page}/reschedule", **move),
        "GET /bookings/{id}/calendar.ics": page(guest, f"{booking_page}/calendar.ics"),
        "GET /bookings/{id}/data.json": page(guest, f"{booking_page}/data.json"),
        "GET /waitlist/{id}": page(waiting, entry_page),
        "GET /waitlist/{id}/joined": page(waiting, f"{entry_page}/joined"),
        "GET /waitlist/{id}/opened": page(waiting, f"{entry_page}/opened"),
        "POST /waitlist/{id}/open": press(waiting, f"{entry_page}/open", token=entry_token),
        "POST /waitlist/{id}/leave": press(waiting, f"{entry_page}/leave"),
        "GET /waitlist/{id}/booking": page(waiting, f"{entry_page}/booking"),
    }


@pytest.mark.parametrize(("route", "most"), ROUTES, ids=[route for route, _ in ROUTES])
def test_public_route_examines_at_most_the_stated_documents(rush: Rush, route: str, most: int) -> None:
    status, examined = rush.profiled(calls(rush)[route])

    assert status < 500
    assert examined.documents <= most, examined


def test_profile_counts_the_documents_of_a_collection_scan(rush: Rush) -> None:
    def scan() -> int:
        return len(list(rush.db["letters"].find({"template": "none"})))

    found, examined = rush.profiled(scan)

    assert found == 0
    assert examined.documents > 2 * full_database.EMAILS


def test_control_reading_every_blocked_email_exceeds_the_stated_cost(
    rush: Rush, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_all(health_of: OutboxHealth, _before: datetime) -> None:
        blocked = list(health_of.db.letters.find({"after": {"$exists": True}, "dueAt": {"$exists": True}}))
        assert len(blocked) > full_database.EMAILS

    monkeypatch.setattr(OutboxHealth, "waiting_since", read_all)
    _, examined = rush.profiled(lambda: rush.get("/api/ready"))

    assert examined.documents > 10 * dict(ROUTES)["GET /api/ready"]


def test_readiness_examines_a_bounded_number_of_index_keys(rush: Rush) -> None:
    status, examined = rush.profiled(lambda: rush.get("/api/ready"))

    assert status == 200
    assert examined.keys <= MAX_COUNTED + 10


def test_readiness_is_read_once_for_many_callers(rush: Rush) -> None:
    def ask_often() -> int:
        with ThreadPoolExecutor(20) as callers:
            statuses = set(callers.map(lambda _: rush.get("/api/ready"), range(200)))
        assert statuses == {200}
        return 200

    started = time.monotonic()
    _, examined = rush.profiled(ask_often)
    reads = 2 + (time.monotonic() - started) / health.CACHE_SECONDS

    assert examined.documents <= reads * dict(ROUTES)["GET /api/ready"]


def test_waiting_position_is_counted_in_the_index_alone(rush: Rush) -> None:
    _, examined = rush.profiled(lambda: rush.held(rush.entry, "GET"))

    assert examined.documents < 10
    assert examined.keys > full_database.WAITING


def test_metrics_examine_no_email(rush: Rush) -> None:
    status, examined = rush.profiled(lambda: rush.get("/metrics"))

    assert (status, examined.documents) == (200, 0)


def test_cost_table_names_each_public_route_once(rush: Rush) -> None:
    routes = [route for route, _ in ROUTES]

    assert sorted(routes) == sorted(calls(rush))
    assert {plain(route) for route in routes} == {plain(route) for route in public_routes(rush.app)}


def plain(route: str) -> str:
    return re.sub(r"<[^>]*>|\{[^}]*\}", "{}", route)


def public_routes(app: Flask) -> set[str]:
    """Return the routes that need no admin key and are neither files nor redirects."""
    routes = set()
    for rule in app.url_map.iter_rules():
        is_file = "<path:" in rule.rule
        is_redirect = rule.endpoint in REDIRECTS or rule.rule.endswith(">/")
        if is_file or is_redirect or rule.rule.startswith("/api/admin"):
            continue
        routes |= {f"{method} {rule.rule}" for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    return routes
