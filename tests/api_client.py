"""HTTP through verbs: what a client of the service does, over the application or over a served one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

import requests
from flask import Flask

from tests.factories import ADMIN_KEY, contact, person


@dataclass(frozen=True)
class Answer:
    """What came back; `json` is None when the body is not JSON."""

    status: int
    json: Any
    headers: Any
    body: bytes

    @property
    def code(self) -> str:
        """Return the code of a refusal."""
        return str(self.json["code"])


class Transport(Protocol):
    """Sends one request."""

    def __call__(self, method: str, path: str, **options: Any) -> Answer:
        """Send `method path`; options are json, data, headers, query."""


def over_app(app: Flask) -> Transport:
    """Speak to `app` in this process."""
    client = app.test_client(use_cookies=False)  # tests that need a cookie send it

    def send(method: str, path: str, **options: Any) -> Answer:
        options["query_string"] = options.pop("query", None)
        got = client.open(path, method=method, **options)
        return Answer(got.status_code, got.get_json(silent=True), cast("Mapping[str, str]", got.headers), got.data)

    return send


def over_http(base_url: str, timeout: float = 60.0) -> Transport:
    """Speak to a server; each request has a connection of its own, so that threads may share the transport."""

    def send(method: str, path: str, **options: Any) -> Answer:
        options["params"] = options.pop("query", None)
        got = requests.request(method, base_url + path, timeout=timeout, **options)
        is_json = "json" in got.headers.get("Content-Type", "")
        return Answer(got.status_code, got.json() if is_json else None, got.headers, got.content)

    return send


@dataclass(frozen=True)
class Api:
    """The verbs."""

    send: Transport

    def get(self, path: str, **options: Any) -> Answer:
        return self.send("GET", path, **options)

    def dates(self) -> list[dict[str, Any]]:
        answer = self.get("/api/dates")
        assert answer.status == 200, answer.body
        found: list[dict[str, Any]] = answer.json["dates"]
        return found

    def slots(self, date: str = "2026-03-05") -> list[dict[str, Any]]:
        answer = self.get("/api/slots", query={"date": date})
        assert answer.status == 200, answer.body
        found: list[dict[str, Any]] = answer.json
        return found

    def book(self, slot: Mapping[str, Any], *, key: str | None = None, **changes: Any) -> Answer:
        """Book `slot` for a new person; changes with the value None leave a member out."""
        form = {**person(), "date": slot["date"], "slotId": slot["_id"], **changes}
        headers = {"Idempotency-Key": key} if key else {}
        body = {name: value for name, value in form.items() if value is not None}
        return self.send("POST", "/api/bookings", json=body, headers=headers)

    def wait_for(self, slot: Mapping[str, Any], **changes: Any) -> Answer:
        """Join the waiting list of `slot` as a new person."""
        return self.send("POST", f"/api/slots/{slot['_id']}/waitlist", json={**contact(), **changes})

    def held(self, method: str, made: Mapping[str, Any], tail: str = "", **options: Any) -> Answer:
        """Use the link of a booking or a waiting entry: its path under the API, with its token."""
        path, _, token = made["manageUrl"].partition("#token=")
        room = "/api/waitlist" if "/waitlist/" in path else "/api/bookings"
        headers = {"Authorization": f"Bearer {token}"}
        return self.send(method, f"{room}/{made['id']}{tail}", headers=headers, **options)

    def admin(self, method: str, path: str, *, key: str = ADMIN_KEY, **options: Any) -> Answer:
        return self.send(method, f"/api/admin{path}", headers={"X-Admin-Key": key}, **options)
