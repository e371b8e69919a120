"""Requests to each public route in a full database, and what the database examines for one."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from core.mongo.client import Db
from core.web import health
from tests.accounts.openid.local_provider import LocalProvider
from tests.api.account_calls import account_calls
from tests.api.account_page_calls import account_page_calls, openid_calls
from tests.api.conftest import Clock
from tests.api.embed_calls import embed_calls
from tests.api.event_page_calls import event_page_calls
from tests.api.order_calls import order_calls
from tests.api.order_page_calls import order_page_calls
from tests.api.pages.page_browser import Browser
from tests.api.reservation_calls import reservation_calls
from tests.api_client import Api
from tests.factories import contact, person

DATE = "2026-03-05"
Call = Callable[[], int]
Group = Callable[["Rush"], Mapping[str, Call]]

ADDRESS = {"email": "ada@example.org"}


@dataclass(frozen=True)
class Profile:
    """The documents and index keys that operations on a database examined."""

    documents: int
    keys: int


@dataclass
class AdvancedTime:
    """The monotonic clock of `core.clock`, moved ahead so that what is cached expires without a wait."""

    ahead: float = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead


@dataclass(frozen=True)
class Rush:
    """A guest with a booking and a waiting entry in a full database."""

    app: Flask
    api: Api
    db: Db
    clock: Clock
    slots: Sequence[Mapping[str, Any]]
    provider: LocalProvider
    time: AdvancedTime
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
            path = str(thing["manageUrl"]).partition("127.0.0.1:8000")[2].partition("#token=")[0]
            assert client.post(f"{path}/open", data={"token": token_of(thing)}).status_code == 303
        return client

    def stream(self) -> int:
        """Read the snapshot of a live stream."""
        answer = self.app.test_client().get(f"/api/live?date={DATE}", buffered=False)
        assert next(iter(answer.response))
        answer.close()
        return answer.status_code

    def form(self) -> dict[str, str]:
        """Return a filled form that is old enough."""
        form = Browser(self.app, self.clock).form(self.slots[2])
        self.clock.pass_by(seconds=5)
        return form

    def book_by_page(self) -> int:
        browser = Browser(self.app, self.clock)
        return browser.send(browser.form(self.slots[2])).status_code

    def profiled(self, call: Call) -> tuple[int, Profile]:
        """Return the status of `call` and what the database examined for it."""
        self.time.ahead += health.CACHE_SECONDS
        self.db.command("profile", 0)
        self.db["system.profile"].drop()
        self.db.command("profile", 2)
        status = call()
        self.db.command("profile", 0)
        # What mongod does by itself, such as the removal of expired documents, has no client.
        asked = {"ns": {"$ne": f"{self.db.name}.system.profile"}, "client": {"$exists": True}}
        rows = list(self.db["system.profile"].find(asked))
        examined = [(row.get("docsExamined", 0), row.get("keysExamined", 0)) for row in rows]
        return status, Profile(sum(documents for documents, _ in examined), sum(keys for _, keys in examined))

    def collections_examined(self) -> set[str]:
        """Return the collections of which the last profiled call examined documents."""
        namespaces = self.db["system.profile"].distinct("ns", {"docsExamined": {"$gt": 0}})
        return {namespace.partition(".")[2] for namespace in namespaces}


def calls(rush: Rush) -> dict[str, Call]:
    """Return a request to each public route, one that does the route's whole work."""
    requests: dict[str, Call] = {}
    for group in GROUPS:
        requests |= group(rush)
    return requests


def api_calls(rush: Rush) -> dict[str, Call]:
    form = {**person(), "date": DATE, "slotId": rush.slots[2]["_id"]}
    move = {"slotId": rush.slots[1]["_id"]}
    return {
        "GET /api/dates": lambda: rush.get("/api/dates"),
        "GET /api/slots": lambda: rush.get(f"/api/slots?date={DATE}"),
        "GET /api/events": lambda: rush.get("/api/events?limit=50"),
        "GET /api/events/{id}": lambda: rush.get(f"/api/events/{rush.db['events'].distinct('_id')[0]}"),
        "GET /api/live": rush.stream,
        "GET /socket.io/": lambda: rush.get("/socket.io/"),
        "POST /api/bookings": lambda: rush.api.send("POST", "/api/bookings", json=form).status,
        "POST /api/bookings/links": lambda: rush.api.send("POST", "/api/bookings/links", json=ADDRESS).status,
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
    }


def public_page_calls(rush: Rush) -> dict[str, Call]:
    guest = rush.browser()
    return {
        "GET /": lambda: rush.get(f"/?date={DATE}"),
        "POST /": rush.book_by_page,
        "GET /brand/{name}": lambda: rush.get("/brand/logo.000000000000.svg"),
        "GET /find-booking": page(guest, "/find-booking"),
        "POST /find-booking": press(guest, "/find-booking", **ADDRESS),
        "GET /find-booking/sent": page(guest, "/find-booking/sent"),
        "GET /favicon.ico": lambda: rush.get("/favicon.ico"),
        "GET /apple-touch-icon.png": lambda: rush.get("/apple-touch-icon.png"),
        "GET /manifest.webmanifest": lambda: rush.get("/manifest.webmanifest"),
        "GET /robots.txt": lambda: rush.get("/robots.txt"),
        "POST /language": press(guest, "/language", language="de"),
        "GET /language/done": page(guest, "/language/done"),
        "GET /admin": lambda: rush.get("/admin"),
    }


def booking_page_calls(rush: Rush) -> dict[str, Call]:
    guest = rush.browser(rush.booking)
    booking_page = f"/bookings/{rush.booking['id']}"
    return {
        "GET /bookings/{id}": page(guest, booking_page),
        "GET /bookings/{id}/opened": page(guest, f"{booking_page}/opened"),
        "GET /bookings/{id}/done": page(guest, f"{booking_page}/done"),
        "GET /bookings/{id}/moved": page(guest, f"{booking_page}/moved"),
        "POST /bookings/{id}/open": press(guest, f"{booking_page}/open", token=token_of(rush.booking)),
        "POST /bookings/{id}/cancel": press(guest, f"{booking_page}/cancel"),
        "POST /bookings/{id}/reschedule": press(guest, f"{booking_page}/reschedule", slotId=rush.slots[1]["_id"]),
        "GET /bookings/{id}/calendar.ics": page(guest, f"{booking_page}/calendar.ics"),
        "GET /bookings/{id}/data.json": page(guest, f"{booking_page}/data.json"),
    }


def waiting_page_calls(rush: Rush) -> dict[str, Call]:
    waiting = rush.browser(rush.entry)
    entry_page = f"/waitlist/{rush.entry['id']}"
    return {
        "GET /waitlist/{id}": page(waiting, entry_page),
        "GET /waitlist/{id}/joined": page(waiting, f"{entry_page}/joined"),
        "GET /waitlist/{id}/opened": page(waiting, f"{entry_page}/opened"),
        "POST /waitlist/{id}/open": press(waiting, f"{entry_page}/open", token=token_of(rush.entry)),
        "POST /waitlist/{id}/leave": press(waiting, f"{entry_page}/leave"),
        "GET /waitlist/{id}/calendar.ics": page(waiting, f"{entry_page}/calendar.ics"),
        "GET /waitlist/{id}/booking": page(waiting, f"{entry_page}/booking"),
    }


def guest_embed_calls(rush: Rush) -> dict[str, Call]:
    return embed_calls(rush.app, rush.db, {"booking": rush.booking, "entry": rush.entry}, rush.form())


GROUPS: Sequence[Group] = (
    api_calls,
    public_page_calls,
    booking_page_calls,
    waiting_page_calls,
    guest_embed_calls,
    lambda rush: account_calls(rush.app, rush.db),
    lambda rush: account_page_calls(rush.app, rush.db),
    lambda rush: event_page_calls(rush.app, rush.db),
    lambda rush: reservation_calls(rush.app),
    lambda rush: openid_calls(rush.app, rush.provider),
    lambda rush: order_calls(rush.app),
    lambda rush: order_page_calls(rush.app),
)


def page(client: FlaskClient, path: str) -> Call:
    return lambda: client.get(path).status_code


def press(client: FlaskClient, path: str, **data: str) -> Call:
    return lambda: client.post(path, data=data).status_code


def token_of(thing: Mapping[str, Any]) -> str:
    return str(thing["manageUrl"]).partition("#token=")[2]
