"""Fake Resend: an HTTP server that accepts or refuses e-mails as configured and records all calls."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "re_tests"


@dataclass(frozen=True)
class Call:
    """A received request with all its e-mails; `at` is monotonic."""

    key: str
    authorization: str
    bodies: list[dict[str, Any]]
    at: float
    path: str = "/emails"

    @property
    def body(self) -> dict[str, Any]:
        return self.bodies[0]

    @property
    def to(self) -> str:
        return str(self.body["to"][0])

    @property
    def is_batch(self) -> bool:
        return self.path == "/emails/batch"


def named(body: dict[str, Any]) -> tuple[str, str, str]:
    """Return the values that identify an e-mail."""
    return body["to"][0], body["subject"], body["text"]


@dataclass(frozen=True)
class Says:
    """The provider's reply to a request. `takes` stores the e-mail, also if the reply is an error."""

    status: int = 200
    error: str = ""
    takes: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    content_type: str = "application/json"
    seconds: float = 0.0
    hangs_up: bool = False


ACCEPTS = Says(takes=True)


@dataclass
class Provider:
    """The received calls. `inbox` has each accepted call once, by key."""

    url: str = ""
    usually: Says = ACCEPTS
    next: list[Says] = field(default_factory=list)
    by_recipient: dict[str, Says] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    inbox: dict[str, Call] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def takes_in(self, call: Call) -> Says:
        """Record `call` and return the reply."""
        with self.lock:
            self.calls.append(call)
            says = self.next.pop(0) if self.next else self._habit(call)
            earlier = self.inbox.get(call.key)
            if earlier is not None and (earlier.path, earlier.bodies) != (call.path, call.bodies):
                return Says(409, "invalid_idempotent_request")
            if says.takes and earlier is None:
                self.inbox[call.key] = call
            return says

    def _habit(self, call: Call) -> Says:
        """Return the reply to the first refused e-mail: a batch is accepted whole or not at all."""
        if len(call.bodies) > 100 or (call.is_batch and any("attachments" in body for body in call.bodies)):
            return Says(422, "validation_error")
        minds = [self.by_recipient[body["to"][0]] for body in call.bodies if body["to"][0] in self.by_recipient]
        return minds[0] if minds else self.usually

    @property
    def accepted(self) -> Counter[tuple[str, str, str]]:
        """The accepted e-mails with their counts; one in two calls with different keys arrives twice."""
        return Counter(named(body) for call in self.inbox.values() for body in call.bodies)

    def bodies(self) -> list[dict[str, Any]]:
        """Return every e-mail of every call, in order of arrival."""
        return [body for call in self.calls for body in call.bodies]

    def arrivals_per_key(self) -> Counter[str]:
        return Counter(call.key for call in self.calls)

    def wait_for(self, emails: int, seconds: float) -> None:
        """Wait until so many e-mails were accepted, or fail."""
        end = time.monotonic() + seconds
        while self.accepted.total() < emails:
            assert time.monotonic() < end, f"{self.accepted.total()} of {emails} e-mails after {seconds} s"
            time.sleep(0.02)


def provider_id(call: Call, place: int = 0) -> str:
    """Return the provider's id of the e-mail at index `place` of `call`."""
    return f"{call.key}#{place}"


class Door(BaseHTTPRequestHandler):
    """The request handler."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key, account = self.headers["Idempotency-Key"], self.headers["Authorization"]
        call = Call(key, account, body if isinstance(body, list) else [body], time.monotonic(), self.path)
        says = self.server.provider.takes_in(call)
        time.sleep(says.seconds)
        self.close_connection = says.hangs_up
        if not says.hangs_up:
            self.answer(says, call)

    def do_GET(self) -> None:
        self.answer(Says(raw=b'{"id": "from a page that takes no letters"}'), None)

    def answer(self, says: Says, call: Call | None) -> None:
        recorded: dict[str, Any] = {"name": says.error, "message": "as told", "statusCode": says.status}
        if not says.error and call:
            ids = [{"id": provider_id(call, place)} for place in range(len(call.bodies))]
            recorded = {"data": ids} if call.is_batch else ids[0]
        body = json.dumps(recorded).encode() if says.raw is None else says.raw
        self.send_response(says.status)
        for name, value in {"Content-Type": says.content_type, **says.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name in the base class
        """Log nothing."""


class Server(ThreadingHTTPServer):
    """The HTTP server of a provider."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, provider: Provider) -> None:
        super().__init__(("127.0.0.1", 0), Door)
        self.provider = provider

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore the errors of killed clients."""


@contextmanager
def providing(usually: Says = ACCEPTS) -> Iterator[Provider]:
    """Run a provider until the block ends."""
    provider = Provider(usually=usually)
    with Server(provider) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        provider.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield provider
        finally:
            server.shutdown()
