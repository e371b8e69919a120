"""The object graph: every collaborator is built once, here, from the settings. No Flask."""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import notifications.wiring
from admin.audit.view import AuditHistory
from admin.dashboard.service import Dashboard
from audit import store as audit_store
from audit.service import Audit
from audit.store import AuditStore
from booking import calendar_invite
from booking import store as booking_store
from booking.changes import Changes
from booking.emails import RULES, BookingEmails
from booking.erasure import Erasure
from booking.errors import DuplicateBooking
from booking.group_commit import BookingRecords, booking_group_commit
from booking.reminders import Reminders
from booking.self_service import SelfService
from booking.service import Bookings
from booking.store import BookingStore, IdempotencyStore
from core import clock as wall
from core import log, scheduler
from core.clock import Clock
from core.concurrency.serial_transactions import SerialTransactions
from core.config.settings import ROOT, Settings
from core.leader_lease import LeaderLease
from core.mongo.client import Client, Db, connect, timeout
from core.mongo.failures import DatabaseError
from core.mongo.schema import CollectionSchema, ensure_collections
from core.scheduler import PeriodicTask, Scheduler
from core.signed_tokens import SignedLinks
from live.broadcast_log import BroadcastLog
from live.change_stream import SlotChangeStream
from live.connection_limits import ConnectionLimiter
from live.socketio.server import SocketBroadcaster
from live.sse_format import Messages
from live.streams import LiveStreams
from notifications.delivery.worker import OutboxWorker
from notifications.outbox.health import OutboxHealth
from notifications.outbox.lease_store import LeaseStore
from notifications.outbox.service import Outbox
from notifications.providers.base import Mailer
from notifications.providers.file import FileMailer
from notifications.providers.resend import ResendMailer
from notifications.providers.smtp import SmtpMailer
from notifications.render import environments, render
from notifications.webhook import DeliveryWebhook
from notifications.wiring import MailTransport, build_outbox, build_worker, worker_lease
from schedules import schedule_file
from schedules import store as slot_store
from schedules.model import Schedule
from schedules.service import Schedules
from schedules.store import SlotStore
from waitlist import store as waitlist_store
from waitlist.service import Waitlist
from waitlist.store import WaitlistStore

COLLECTIONS: tuple[CollectionSchema, ...] = (
    slot_store.SCHEMA,
    booking_store.BOOKINGS,
    booking_store.KEYS,
    *notifications.wiring.SCHEMAS,
    audit_store.SCHEMA,
    waitlist_store.SCHEMA,
)
MAIL_FOLDER = ROOT / "var" / "mail"
# How long a start waits for what it only wants to tell.
START_SECONDS = 2
LOG = log.get_logger("wiring")


@dataclass(frozen=True)
class Services:
    """Everything the doors of the service open to."""

    settings: Settings
    client: Client
    db: Db
    schedules: Schedules
    bookings: Bookings
    changes: Changes
    guests: SelfService
    privacy: Erasure
    waitlist: Waitlist
    history: AuditHistory
    letters: Outbox
    letter_health: OutboxHealth
    worker: OutboxWorker
    scheduler: Scheduler
    reminders: Reminders
    overview: Dashboard
    deliveries: DeliveryWebhook
    live: LiveStreams
    hub: SocketBroadcaster


def build(settings: Settings, **replacements: Any) -> Services:
    """Return the services for `settings`; `client`, `clock` and `mailer` can be replaced by argument."""
    client: Client = replacements.get("client") or connect(settings.mongodb_uri, app_name())
    clock: Clock = replacements.get("clock") or wall.now
    db = client[settings.mongodb_database]
    schedules = Schedules(schedule_file.load(settings.schedule_file), SlotStore(db), clock)
    letters = build_outbox(db, RULES, clock)
    audit = Audit(AuditStore(db), clock)
    live = _live(db, schedules.schedule, clock)
    store, keys, turns = BookingStore(db), IdempotencyStore(db), SerialTransactions(client, schedules.store.probe)
    links = SignedLinks(settings.secret_key, settings.public_url, "booking.manage", "bookings")
    waiting = SignedLinks(settings.secret_key, settings.public_url, "waitlist.leave", "waitlist")
    waitlist = Waitlist(turns, WaitlistStore(db), schedules, letters, waiting, partial(_has_booked, store), clock)
    calendar_of = partial(calendar_invite.build_ics, organizer=settings.admin_email)
    promises = BookingEmails(schedules.schedule, links, settings.admin_email, clock)
    counter = booking_group_commit(client, BookingRecords(schedules, store, keys, letters, clock))
    changes = Changes(turns, store, counter, schedules, waitlist, letters, promises, audit, clock)
    reminders = Reminders(store, changes, schedules.schedule, clock)
    bookings = Bookings(client, store, counter, schedules, waitlist, promises, clock)
    return Services(
        settings=settings,
        client=client,
        db=db,
        schedules=schedules,
        bookings=bookings,
        changes=changes,
        guests=SelfService(store, changes, schedules, letters, links, promises, calendar_of, clock),
        privacy=Erasure(store, keys, changes, waitlist, letters, schedules.schedule, clock),
        waitlist=waitlist,
        history=AuditHistory(audit, schedules, bookings),
        letters=letters,
        letter_health=OutboxHealth(db, clock),
        worker=_worker(settings, letters, clock, replacements.get("mailer")),
        scheduler=_scheduler(reminders, changes, db, clock),
        reminders=reminders,
        overview=Dashboard(schedules, bookings, letters, clock),
        deliveries=DeliveryWebhook(letters.store, clock, settings.resend_webhook_secret),
        live=live,
        hub=SocketBroadcaster(live.broadcast_log),
    )


def _has_booked(store: BookingStore, email: str, slot_id: str) -> DuplicateBooking | None:
    return DuplicateBooking() if store.find_active([(email, slot_id)]) else None


def _worker(settings: Settings, letters: Outbox, clock: Clock, mailer: Mailer | None) -> OutboxWorker:
    attach = partial(calendar_invite.attachments, organizer=settings.admin_email)
    fill = partial(render, environments(), settings.mail_from, settings.admin_email, attach)
    transport = MailTransport(mailer or _mailer(settings), fill, settings.mail_rate)
    db = letters.store.db
    return build_worker(LeaseStore(db), worker_lease(db, _lease_holder(), clock), transport, letters.wake)


def _scheduler(reminders: Reminders, changes: Changes, db: Db, clock: Clock) -> Scheduler:
    tasks = (
        *notifications.wiring.periodic_tasks(db, clock),
        PeriodicTask("reminders", reminders.enqueue_due),
        PeriodicTask("waitlists", changes.reconcile_waitlists),
    )
    return Scheduler(LeaderLease(db, scheduler.LEASE_NAME, _lease_holder(), clock), tasks)


def _lease_holder() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def _live(db: Db, schedule: Schedule, clock: Clock) -> LiveStreams:
    messages = Messages(schedule, db.name, clock)
    broadcast_log = BroadcastLog(messages.update)
    change_stream = SlotChangeStream(db, schedule, broadcast_log)
    return LiveStreams(broadcast_log, change_stream, messages, ConnectionLimiter())


def prepare_database(db: Db) -> None:
    """Create collections, validators and indexes; doing it again changes nothing."""
    ensure_collections(db, COLLECTIONS)


def invalid_uri_message(error: DatabaseError) -> str:
    """Return what to say of a MONGODB_URI that no client can be made for; the driver's own words may quote it."""
    return f"MONGODB_URI cannot be used ({type(error).__name__}): check its hosts, and that its options go together."


def warn_about_orphaned_slots(db: Db, schedule: Schedule) -> None:
    """Log that slots with bookings are no more in the schedule file, if there are any and the database tells."""
    with suppress(DatabaseError), timeout(START_SECONDS):
        strays = Schedules(schedule, SlotStore(db), wall.now).orphaned_slots()
        if strays:
            LOG.warning("slots_off_schedule", count=len(strays), dates=sorted({slot.date for slot in strays}))


def app_name(pid: int | None = None) -> str:
    """Return the name by which the database knows the process `pid`, this one by default."""
    return f"booking-{socket.gethostname()[:60]}-{pid or os.getpid()}"


def _mailer(settings: Settings) -> Mailer:
    if settings.resend_api_key:
        return ResendMailer(settings.resend_api_key, settings.resend_api_url)
    if settings.smtp_url:
        return SmtpMailer(settings.smtp_url)
    return FileMailer(MAIL_FOLDER)
