"""Fake e-mail provider: an HTTP server with Resend's interface that accepts and counts all e-mails."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from typing import Any


class ProviderServer(ThreadingHTTPServer):
    """The server, with the recipient and text of every e-mail it received."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), RequestHandler)
        self.received: list[str] = []


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
        self.server.received.extend(f"{email['to']} {email['text']}" for email in emails)
        ids = [{"id": f"{self.headers['Idempotency-Key']}#{index}"} for index in range(len(emails))]
        answer = json.dumps({"data": ids} if is_batch else ids[0]).encode()
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
        pipe.send((len(server.received), len(set(server.received))))
