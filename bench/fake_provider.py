"""Fake e-mail provider: an HTTP server with Resend's interface that accepts and counts all e-mails."""

from __future__ import annotations

import json
import multiprocessing
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from typing import Any


class ProviderServer(ThreadingHTTPServer):
    """The server, with the number of e-mails that it received, and of distinct ones among them."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), RequestHandler)
        self.received = 0
        self.distinct: set[int] = set()
        self._lock = threading.Lock()

    def count(self, emails: Sequence[Mapping[str, Any]]) -> None:
        """Count e-mails; two with one recipient and text are the same."""
        with self._lock:
            self.received += len(emails)
            self.distinct.update(hash(f"{email['to']} {email['text']}") for email in emails)


class RequestHandler(BaseHTTPRequestHandler):
    """Accepts one e-mail, or a batch of them, per request."""

    server: ProviderServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        """Answer with one id, or with the ids of a batch."""
        body: Any = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        is_batch = isinstance(body, list)
        emails = body if is_batch else [body]
        self.server.count(emails)
        ids = [{"id": f"{self.headers['Idempotency-Key']}#{index}"} for index in range(len(emails))]
        self._answer({"data": ids} if is_batch else ids[0])

    def do_GET(self) -> None:
        """Answer with the number of all and of distinct e-mails."""
        self._answer({"received": self.server.received, "distinct": len(self.server.distinct)})

    def _answer(self, body: Any) -> None:
        answer = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name in the base class
        """Write no log."""


def serve_provider(pipe: Connection) -> None:
    """Serve in this process: send the URL, then after each message the number of all and of distinct e-mails."""
    server = ProviderServer()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    pipe.send(f"http://127.0.0.1:{server.server_address[1]}")
    while pipe.recv():
        pipe.send((server.received, len(server.distinct)))


@contextmanager
def provider_process() -> Iterator[str]:
    """Serve in another process, and yield the URL."""
    parent_end, child_end = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve_provider, args=(child_end,), daemon=True)
    process.start()
    try:
        yield parent_end.recv()
    finally:
        process.terminate()
        process.join()
