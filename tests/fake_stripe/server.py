"""The HTTP server of the stand-in, and the faults that it can be told to make."""

from __future__ import annotations

import copy
import json
import re
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import stripe

from tests.fake_stripe.ledger import Answer, Fields, Ledger, refused

ORDER_QUERY = re.compile(r'metadata\["orderId"\]:"([^"]*)"')
API_KEY = "sk_test_of_the_stand_in"
WEBHOOK_SECRET = "whsec_of_the_stand_in"
INTERNAL_ERROR = refused(500, "api_error", "internal")


class Fault(Enum):
    """What goes wrong with a request."""

    ERROR_AFTER = auto()  # 500 after the work
    ERROR_BEFORE = auto()
    HANG_AFTER = auto()  # no answer until `release`, after the work
    HANG_BEFORE = auto()
    CUT_AFTER = auto()  # the connection ends within the answer, after the work
    CUT_BEFORE = auto()
    THROTTLE = auto()  # 429 with Retry-After
    GARBAGE = auto()  # 200 with something else than an answer of Stripe, after the work


@dataclass
class FakeStripe:
    """A running stand-in. `faults` are for the next requests that change something; `lasting` is for all requests."""

    ledger: Ledger = field(default_factory=Ledger)
    faults: deque[Fault] = field(default_factory=deque)
    lasting: Fault | None = None
    retry_after: str = "2"
    livemode: bool = False
    pending: list[bytes] = field(default_factory=list)
    requests: list[tuple[float, str, str]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    address: str = ""

    def __post_init__(self) -> None:
        self.ledger.on_event = self._note
        self._events = 0

    def environment(self) -> dict[str, str]:
        """Return the settings of a service that pays here."""
        return {
            "PAYMENT_PROVIDER": "stripe",
            "PAYMENT_RATE": "0",
            "STRIPE_API_KEY": API_KEY,
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "STRIPE_API_BASE": self.address,
        }

    def take_events(self) -> list[bytes]:
        """Return the events that were not delivered yet, to be delivered in any order, doubled or dropped."""
        events = list(self.pending)
        self.pending.clear()
        return events

    def posts(self, path: str) -> list[str]:
        """Return the idempotency keys of the requests that changed something."""
        return [key for _, where, key in self.requests if where == f"POST {path}"]

    def event(self, kind: str, subject: dict[str, Any], **changes: Any) -> bytes:
        """Return the body of an event."""
        self._events += 1
        body = {
            "id": f"evt_{self._events}",
            "object": "event",
            "type": kind,
            "livemode": self.livemode,
            "data": {"object": copy.deepcopy(subject)},
            **changes,
        }
        return json.dumps(body).encode()

    def _note(self, kind: str, subject: dict[str, Any]) -> None:
        self.pending.append(self.event(kind, subject))

    def answer(self, method: str, path: str, fields: Fields, key: str) -> Answer:
        """Carry out a request."""
        ledger = self.ledger
        if (method, path) == ("POST", "/v1/payment_intents"):
            return ledger.once(key, fields, lambda: ledger.create_intent(fields))
        if (method, path) == ("POST", "/v1/refunds"):
            return ledger.once(key, fields, lambda: ledger.create_refund(fields))
        if path == "/v1/payment_intents/search":
            found = ORDER_QUERY.fullmatch(fields["query"])
            assert found
            return 200, page(ledger.of_order(found[1]), "search_result", path)
        if path == "/v1/payment_intents":
            return 200, self._list(fields)
        intent = ledger.intents.get(path.rpartition("/")[2])
        if intent is None:
            return refused(404, "invalid_request_error", "resource_missing")
        return 200, intent

    def _list(self, fields: Fields) -> dict[str, Any]:
        """Return a page of PaymentIntents, the newest first."""
        rows = self.ledger.list_intents(int(fields.get("created[gte]", "0")))[::-1]
        after = fields.get("starting_after")
        if after:
            ids = [row["id"] for row in rows]
            rows = rows[ids.index(after) + 1 :]
        limit = int(fields.get("limit", "10"))
        return {**page(rows[:limit], "list", "/v1/payment_intents"), "has_more": len(rows) > limit}

    def next_fault(self, method: str) -> Fault | None:
        if self.lasting:
            return self.lasting
        if method == "POST" and self.faults:
            return self.faults.popleft()
        return None


def page(rows: list[dict[str, Any]], kind: str, url: str) -> dict[str, Any]:
    return {"object": kind, "data": rows, "has_more": False, "next_page": None, "url": url}


def sign(body: bytes, secret: str = WEBHOOK_SECRET, age: int = 0) -> str:
    """Return the signature header of an event's body, made `age` seconds ago."""
    timestamp = int(time.time()) - age
    return str(stripe.WebhookSignature.generate_signature_header(body.decode(), secret, timestamp))


@contextmanager
def running() -> Iterator[FakeStripe]:
    """Run a stand-in on a port of its own."""
    fake = FakeStripe()
    server = _Server(fake)
    fake.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.released.set()
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, fake: FakeStripe) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fake = fake


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._handle("GET")

    def do_POST(self) -> None:
        self._handle("POST")

    def log_message(self, *_: Any) -> None:
        pass

    def _handle(self, method: str) -> None:
        fake = self.server.fake
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        fields = dict(parse_qsl(parts.query + body if method == "GET" else body, keep_blank_values=True))
        key = self.headers.get("Idempotency-Key", "")
        fake.requests.append((time.monotonic(), f"{method} {parts.path}", key))
        fault = fake.next_fault(method)
        if fault in (Fault.HANG_BEFORE, Fault.CUT_BEFORE, Fault.ERROR_BEFORE, Fault.THROTTLE):
            self._fail(fault)
            return
        if self.headers.get("Authorization") not in (f"Bearer {API_KEY}", f"Bearer {API_KEY.replace('test', 'live')}"):
            self._send(*refused(401, "invalid_request_error", "api_key_invalid"))
            return
        answer = fake.answer(method, parts.path, fields, key)
        if fault is Fault.ERROR_AFTER:
            fake.ledger.remember(key, INTERNAL_ERROR)
        if fault:
            self._fail(fault)
            return
        self._send(*answer)

    def _fail(self, fault: Fault) -> None:
        if fault in (Fault.HANG_BEFORE, Fault.HANG_AFTER):
            self.server.fake.released.wait(30)
            self.close_connection = True
        elif fault in (Fault.CUT_BEFORE, Fault.CUT_AFTER):
            with suppress(OSError):
                self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"id": "pi_')
                self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif fault is Fault.THROTTLE:
            answer = refused(429, "invalid_request_error", "rate_limit")
            self._send(*answer, {"Retry-After": self.server.fake.retry_after})
        elif fault is Fault.GARBAGE:
            self._send(200, {"hello": "world"})
        else:
            self._send(*INTERNAL_ERROR)

    def _send(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        raw = json.dumps(body).encode()
        with suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)
