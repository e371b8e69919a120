"""Fixtures: a fake provider, an outbox with a movable clock, and its workers."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import structlog
from aiosmtpd.controller import Controller

from booking.emails import CONFIRMATION, confirmation_pair
from core import log
from core.leader_lease import LeaderLease
from core.mongo.client import Client, Db
from core.mongo.transactions import transaction
from notifications import webhook
from notifications.delivery import dispatcher, outcomes, worker
from notifications.delivery.sender import Render
from notifications.delivery.worker import OutboxWorker
from notifications.outbox.erasure import OutboxErasure
from notifications.outbox.lease_store import LeaseStore
from notifications.outbox.model import Attachment, EmailStatus, OutboxEmail
from notifications.outbox.new_email import NewEmail
from notifications.outbox.retry_store import RetryStore
from notifications.outbox.service import Outbox
from notifications.outbox.store import OutboxStore
from notifications.preview import CONTEXT
from notifications.providers import file
from notifications.providers.base import Mailer
from notifications.providers.resend import ResendMailer
from notifications.render import environments, render
from notifications.wiring import MailTransport, build_worker, worker_lease
from tests.conftest import free_port
from tests.notifications.messages import PostOffice
from tests.notifications.provider import KEY, Provider, providing

ADMIN = "admin@example.org"
SENDER = "Open day <bookings@example.org>"
TIMEOUTS = (0.5, 0.3)
# The facts of the previews, with short links and characters that need escaping.
FACTS = {
    **CONTEXT,
    "event": "Open days, March 2026",
    "oldVenue": "Old <Theatre>",
    "sequence": "0",
    "manageUrl": "https://book.example.org/bookings/0123#abc&x=1",
    "leaveUrl": "https://book.example.org/waitlist/4567#def&x=1",
    "verifyUrl": "https://book.example.org/account/verify-email#token=abc",
    "resetUrl": "https://book.example.org/account/reset-password#token=def",
}


def no_files(_: OutboxEmail) -> tuple[Attachment, ...]:
    """Send e-mails without attachments, so that they can be batched."""
    return ()


RENDER: Render = partial(render, environments(), SENDER, ADMIN, no_files)


class MovableClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def move(self, **by: float) -> None:
        self.moment += timedelta(**by)


@dataclass
class OutboxFixture:
    """The outbox of a test's own database, with its clock."""

    client: Client
    db: Db
    store: OutboxStore
    clock: MovableClock

    def __post_init__(self) -> None:
        self.leases = LeaseStore(self.db)
        self.erasure = OutboxErasure(self.db)
        self.retries = RetryStore(self.store, self.erasure)

    def booked(self, name: str, **facts: str) -> tuple[OutboxEmail, OutboxEmail]:
        """Enqueue the two e-mails of a booking by `name`; return them."""
        mine = {**FACTS, "fullName": name, **facts}
        guest = NewEmail(subject=f"booking of {name}", to=f"{name}@example.org", context=mine, now=self.clock())
        first, second = confirmation_pair(CONFIRMATION, guest, ADMIN)
        self.enqueue([first, second])
        return first, second

    def enqueue(self, enqueued: Sequence[OutboxEmail]) -> None:
        transaction(self.client, lambda session: self.store.add(session, enqueued), 10)

    def worker(
        self,
        mailer: Mailer,
        *,
        rate: float = 1000.0,
        owner: str = "one",
        render: Render = RENDER,
        with_attachments: Collection[str] = (),
    ) -> OutboxWorker:
        transport = MailTransport(mailer, render, rate, with_attachments)
        return build_worker(self.leases, self.lease(owner), transport, threading.Event())

    def lease(self, holder: str) -> LeaderLease:
        return worker_lease(self.db, holder, self.clock)

    def service(self) -> Outbox:
        return Outbox(self.store, self.retries, self.erasure, self.clock)

    def states(self) -> dict[str, EmailStatus]:
        return {email.id: email.state for email in self.store.find(None, 1000)}

    def get(self, email: OutboxEmail) -> OutboxEmail:
        return next(found for found in self.store.find(None, 1000) if found.id == email.id)


@pytest.fixture(autouse=True)
def lasting_logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make the loggers write to an output that stays open.

    A logger keeps the output that it first wrote to. Where that was the captured one of another test, it is closed by
    now, and the worker that logs would stumble over it.
    """
    before = structlog.get_config()
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(nowhere), cache_logger_on_first_use=False)
        for module in (file, webhook, worker, dispatcher, outcomes):
            monkeypatch.setattr(module, "LOG", log.get_logger(module.__name__))
        yield
        monkeypatch.undo()
        structlog.configure(**before)


@pytest.fixture
def outbox(make_database: Callable[[], str], mongo: Client) -> OutboxFixture:
    db = mongo[make_database()]
    return OutboxFixture(mongo, db, OutboxStore(db), MovableClock())


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providing() as running:
        yield running


@pytest.fixture
def resend(provider: Provider) -> ResendMailer:
    return ResendMailer(KEY, provider.url, TIMEOUTS)


@pytest.fixture
def office() -> PostOffice:
    return PostOffice()


@pytest.fixture
def opened(office: PostOffice) -> Iterator[Callable[..., str]]:
    """Start the fake mail server; return its address."""
    running: list[Controller] = []

    def opened(**options: Any) -> str:
        running.append(Controller(office, hostname="127.0.0.1", port=free_port(), **options))
        running[-1].start()
        return f"127.0.0.1:{running[-1].port}"

    yield opened
    for controller in running:
        controller.stop()
