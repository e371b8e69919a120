"""How many letters a second one worker sends when nothing limits it but itself: no rate, a provider next door.

    python -m bench.letters [LETTERS]

Uses the database at MONGODB_URI, or starts one. The provider is a process of its own that speaks HTTP as Resend does
and takes everything, in batches too. The last line is JSON; it tells also whether every letter arrived, and each just
once: `calls` has the letters that came, and `distinct` the different ones among them.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import threading
import time
from contextlib import ExitStack, redirect_stdout
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path

import wiring
from core import log
from core.config.settings import from_env
from core.mongo.transactions import Session, transaction
from devdb.replica_set import start_replica_set
from notifications import letters as templates
from notifications.delivery.worker import LetterWorker
from notifications.outbox.model import Letter

LETTERS = 10_000
MOST_SECONDS = 120.0
PROMISED_AT_ONCE = 500
FACTS = {
    "event": "Open days, March 2026", "timezone": "Europe/Berlin", "date": "2026-03-01", "slot": "10:00-11:00",
    "reference": "K7MP-4QXD", "fullName": "Ada Guest", "email": "ada@example.com", "phone": "+14152000000",
    "country": "US", "city": "San Francisco", "message": "Looking forward to it.",
    "manageUrl": f"http://127.0.0.1:8000/bookings/{'0' * 32}?token={'t' * 27}",
}  # fmt: skip


def main(count: int) -> None:
    """Promise `count` letters, send them all, and print what came of it."""
    provider, inside = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_provide, args=(inside,), daemon=True)
    process.start()
    with ExitStack() as rooms:
        nowhere = rooms.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
        with redirect_stdout(nowhere):
            log.configure("json")  # The lines are made as in service, and read by nobody.
        uri = os.environ.get("MONGODB_URI") or rooms.enter_context(start_replica_set()).uri
        services = _services(uri, provider.recv())
        rooms.callback(services.client.drop_database, services.db.name)
        _promise(services, count)
        seconds, tried = _send(services.worker, count)
        provider.send("how many?")
        calls, distinct = provider.recv()
        states = services.letters.counts()
    process.terminate()
    told = {"letters": tried, "seconds": round(seconds, 2), "perSecond": round(tried / seconds)}
    print(json.dumps({**told, "calls": calls, "distinct": distinct, "states": states}))


def _services(uri: str, provider_url: str) -> wiring.Services:
    settings = from_env(
        {
            "MONGODB_URI": uri,
            "MONGODB_DATABASE": f"bench_letters_{os.getpid()}",
            "ADMIN_KEY": "bench-admin-key-0001",
            "SECRET_KEY": "a secret only the bench knows",
            "RESEND_API_KEY": "re_bench",
            "RESEND_API_URL": provider_url,
            "MAIL_FROM": "bookings@example.org",
            "ADMIN_EMAIL": "admin@example.org",
            "MAIL_RATE": "100000",
        }
    )
    services = wiring.build(settings)
    wiring.prepare_database(services.db)
    return services


def _promise(services: wiring.Services, count: int) -> None:
    now = datetime.now(UTC)
    promised: list[Letter] = []
    for number in range(-(-count // 2)):
        facts = {**FACTS, "fullName": f"Guest {number}"}
        promised += templates.booking_made(
            about=f"b{number}", admin="admin@example.org", guest=f"guest{number}@example.org", facts=facts, now=now
        )
    for start in range(0, count, PROMISED_AT_ONCE):
        part = promised[start : min(start + PROMISED_AT_ONCE, count)]
        transaction(services.client, partial(_write, services, part), 20)


def _write(services: wiring.Services, part: list[Letter], session: Session) -> None:
    services.letters.promise(session, part)


def _send(worker: LetterWorker, count: int) -> tuple[float, int]:
    began, tried = time.monotonic(), 0
    while tried < count and time.monotonic() < began + MOST_SECONDS:
        tried += worker.send_all_due()
    return time.monotonic() - began, tried


def _provide(asked: Connection) -> None:
    """Be the provider: tell the address, take letters, and tell how many came when asked."""
    keys: list[str] = []

    class Taker(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            came = [f"{letter['to']} {letter['text']}" for letter in (told if isinstance(told, list) else [told])]
            keys.extend(came)
            ids = [{"id": f"{self.headers['Idempotency-Key']}#{place}"} for place in range(len(came))]
            body = json.dumps({"data": ids} if isinstance(told, list) else ids[0]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name in the base class
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Taker)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    asked.send(f"http://127.0.0.1:{server.server_address[1]}")
    while asked.recv():
        asked.send((len(keys), len(set(keys))))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else LETTERS)
