"""E-mail delivery: the e-mails per second of one delivery worker without a rate limit, to a local provider.

    python -m bench.email_delivery [EMAILS]

Uses the database at MONGODB_URI, or starts one. The provider is a process of its own that speaks Resend's HTTP API,
batches included, and accepts everything. The last line is JSON: `calls` is the number of e-mails that the provider
received, and `distinct` the number of different ones among them.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, redirect_stdout
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import wiring
from bench.cpu_meter import CpuMeter
from bench.fake_provider import serve_provider
from bench.people import people
from bench.sample_emails import CONTEXT
from booking.emails import CONFIRMATION, confirmation_pair
from core import log
from core.config.settings import from_env
from core.mongo.transactions import Session, transaction
from devdb.replica_set import start_replica_set
from notifications.delivery.worker import OutboxWorker
from notifications.outbox.model import OutboxEmail
from notifications.outbox.new_email import NewEmail

EMAILS = 10_000
EMAILS_PER_TRANSACTION = 500
TRANSACTION_SECONDS = 20
TIMEOUT_SECONDS = 120.0


def main(count: int) -> None:
    """Enqueue `count` e-mails, deliver them all, and print the result."""
    provider, provider_end = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve_provider, args=(provider_end,), daemon=True)
    process.start()
    with ExitStack() as stack:
        devnull = stack.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
        with redirect_stdout(devnull):
            log.configure("json")  # Log lines are formatted as in the service, and discarded.
        uri = os.environ.get("MONGODB_URI") or stack.enter_context(start_replica_set()).uri
        services = _services(uri, provider.recv())
        stack.callback(services.client.drop_database, services.db.name)
        _enqueue(services, _emails(count))
        mongod = int(services.client.admin.command("serverStatus")["pid"])
        meter = CpuMeter.start([os.getpid()], [mongod])
        start = time.monotonic()
        attempted = _deliver(services.worker, count)
        seconds = time.monotonic() - start
        cpu = meter.per_request(attempted)
        provider.send("counts")
        calls, distinct = provider.recv()
        statuses = services.outbox.counts()
    process.terminate()
    rates = {"emails": attempted, "seconds": round(seconds, 2), "perSecond": round(attempted / seconds)}
    cpu_times = {"cpuMs": cpu.service, "mongodCpuMs": cpu.mongod}
    print(json.dumps({**rates, **cpu_times, "calls": calls, "distinct": distinct, "states": statuses}))


def _services(uri: str, provider_url: str) -> wiring.Services:
    settings = from_env(
        {
            "MONGODB_URI": uri,
            "MONGODB_DATABASE": f"bench_emails_{os.getpid()}",
            "ADMIN_KEY": "bench-admin-key-0001",
            "SECRET_KEY": "a secret key of the benchmark",
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


def _emails(count: int) -> list[OutboxEmail]:
    """Return the confirmations of as many bookings as make `count` e-mails, two each."""
    now = datetime.now(UTC)
    emails: list[OutboxEmail] = []
    for number, person in enumerate(people((count + 1) // 2)):
        context = {**CONTEXT, "fullName": person.full_name, "phone": person.phone}
        guest = NewEmail(subject=f"b{number}", to=person.email(number), context=context, now=now)
        emails += confirmation_pair(CONFIRMATION, guest, "admin@example.org")
    return emails[:count]


def _enqueue(services: wiring.Services, emails: Sequence[OutboxEmail]) -> None:
    for start in range(0, len(emails), EMAILS_PER_TRANSACTION):
        part = emails[start : start + EMAILS_PER_TRANSACTION]
        transaction(services.client, partial(_insert, services, part), TRANSACTION_SECONDS)


def _insert(services: wiring.Services, emails: Sequence[OutboxEmail], session: Session) -> None:
    services.outbox.enqueue(session, emails)


def _deliver(worker: OutboxWorker, count: int) -> int:
    """Send until `count` e-mails were attempted or the time is over, and return the number of attempts."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    attempted = 0
    while attempted < count and time.monotonic() < deadline:
        attempted += worker.send_all_due()
    return attempted


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else EMAILS)
