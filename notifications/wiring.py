"""Wiring of the outbox and its worker."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass

from core import leader_lease
from core.clock import Clock
from core.config.settings import ROOT, Settings
from core.leader_lease import LeaderLease
from core.mongo.client import Db
from core.scheduler import PeriodicTask
from notifications.delivery.batching import BatchPlanner
from notifications.delivery.dispatcher import Capacity, Dispatcher
from notifications.delivery.permit import SendPermit
from notifications.delivery.sender import Render, Sender
from notifications.delivery.throttle import SendThrottle
from notifications.delivery.worker import LEASE_NAME, OutboxWorker
from notifications.outbox import maintenance, schema
from notifications.outbox.deferred import Sources
from notifications.outbox.erasure import OutboxErasure
from notifications.outbox.lease_store import LeaseStore
from notifications.outbox.retry_store import RetryStore
from notifications.outbox.service import Outbox
from notifications.outbox.store import OutboxStore
from notifications.providers.base import Mailer
from notifications.providers.file import FileMailer
from notifications.providers.smtp import SmtpMailer

MAIL_FOLDER = ROOT / "var" / "mail"
SCHEMAS = (schema.SCHEMA, leader_lease.SCHEMA)


@dataclass(frozen=True)
class MailTransport:
    """How e-mails are rendered and sent: `rate` is the provider's limit in e-mails a second.

    `with_attachments` are the templates of e-mails that may have attachments.
    """

    mailer: Mailer
    render: Render
    rate: float
    with_attachments: Collection[str] = ()


def build_outbox(db: Db, clock: Clock, deferred: Sources) -> Outbox:
    """Return the outbox in `db`."""
    store = OutboxStore(db)
    erasure = OutboxErasure(db)
    return Outbox(store, RetryStore(store, erasure), erasure, clock, deferred=deferred)


def build_worker(
    store: LeaseStore, lease: LeaderLease, transport: MailTransport, wake: threading.Event
) -> OutboxWorker:
    """Return the worker that sends the e-mails of `store` while it holds `lease`; `wake` follows each enqueueing."""
    stop = threading.Event()
    throttle = SendThrottle(transport.rate)
    planner = BatchPlanner(store, transport.mailer, transport.render, transport.with_attachments)
    dispatcher = Dispatcher(
        store=store,
        planner=planner,
        sender=Sender(transport.mailer, transport.render, lease.clock, throttle),
        permit=SendPermit(lease, throttle, lease.clock, stop),
        capacity=Capacity.for_rate(transport.rate, batches=planner.makes_batches),
    )
    return OutboxWorker(dispatcher, lease, stop, wake)


def worker_lease(db: Db, holder: str, clock: Clock) -> LeaderLease:
    """Return the lease of the outbox worker for the process `holder`."""
    return LeaderLease(db, LEASE_NAME, holder, clock)


def periodic_tasks(db: Db, clock: Clock) -> tuple[PeriodicTask, ...]:
    """Return the outbox's maintenance: unblocking orphaned e-mails and finishing erasures."""
    return (
        PeriodicTask("unblock_emails", lambda: maintenance.unblock_orphans(db, clock)),
        PeriodicTask("finish_erasure", lambda: OutboxErasure(db).finish()),
    )


def build_mailer(settings: Settings) -> Mailer:
    """Return the mailer of the configured provider; without one, e-mails are files in MAIL_FOLDER."""
    if settings.resend_api_key:
        from notifications.providers.resend import ResendMailer  # noqa: PLC0415  # its SDK takes a tenth of the start

        return ResendMailer(settings.resend_api_key, settings.resend_api_url)
    if settings.smtp_url:
        return SmtpMailer(settings.smtp_url)
    return FileMailer(MAIL_FOLDER)
