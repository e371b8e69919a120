"""The object graph: every collaborator is built once, here, from the settings. No Flask."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from admin.history import History
from admin.service import Overview
from audit import store as audit_store
from audit.service import Audit
from audit.store import AuditStore
from booking import ics
from booking import store as booking_store
from booking.changes import Changes
from booking.counter import Counter
from booking.errors import DuplicateBooking
from booking.guests import Guests
from booking.privacy import Privacy
from booking.promises import Promises
from booking.reminders import Reminders
from booking.service import Bookings
from booking.store import BookingStore, KeyStore
from core import clock as wall
from core.clock import Clock
from core.config import ROOT, Settings
from core.links import Links
from core.mongo import Client, CollectionPlan, Db, connect, ensure
from core.turns import Turns
from live.feed import Feed
from live.hub import Hub
from live.messages import Messages
from live.places import Places
from live.service import Live
from live.watcher import Watcher
from notifications import store as letter_store
from notifications.mailers import ConsoleMailer, Mailer, ResendMailer, SmtpMailer
from notifications.render import environments, render
from notifications.service import Deliveries, Letters
from notifications.store import LetterStore
from notifications.worker import LetterWorker
from schedules import calendar
from schedules import store as slot_store
from schedules.model import Schedule
from schedules.service import Schedules
from schedules.store import SlotStore
from waitlist import store as waitlist_store
from waitlist.service import Waitlist
from waitlist.store import WaitlistStore

PLANS: tuple[CollectionPlan, ...] = (
    slot_store.PLAN,
    booking_store.BOOKINGS,
    booking_store.KEYS,
    letter_store.PLAN,
    letter_store.ROLES,
    audit_store.PLAN,
    waitlist_store.PLAN,
)
MAIL_FOLDER = ROOT / "var" / "mail"


@dataclass(frozen=True)
class Services:
    """Everything the doors of the service open to."""

    settings: Settings
    client: Client
    db: Db
    schedules: Schedules
    bookings: Bookings
    changes: Changes
    guests: Guests
    privacy: Privacy
    waitlist: Waitlist
    history: History
    letters: Letters
    worker: LetterWorker
    reminders: Reminders
    overview: Overview
    deliveries: Deliveries
    live: Live
    hub: Hub


def build(settings: Settings, **replacements: Any) -> Services:
    """Return the services for `settings`; `client`, `clock` and `mailer` can be replaced by argument."""
    client: Client = replacements.get("client") or connect(settings.mongodb_uri, app_name())
    clock: Clock = replacements.get("clock") or wall.now
    db = client[settings.mongodb_database]
    schedules = Schedules(calendar.load(settings.schedule_file), SlotStore(db), clock)
    letters = Letters(LetterStore(db), clock)
    audit = Audit(AuditStore(db), clock)
    live = _live(db, schedules.schedule, clock)
    store, keys, turns = BookingStore(db), KeyStore(db), Turns(client, schedules.store.glance)
    links = Links(settings.secret_key, settings.public_url, "booking.manage", "bookings")
    waiting = Links(settings.secret_key, settings.public_url, "waitlist.leave", "waitlist")
    refuse = partial(_has_booked, store)
    waitlist = Waitlist(turns, WaitlistStore(db), schedules, letters, waiting, refuse, clock)
    calendar_of = partial(ics.calendar, organizer=settings.admin_email)
    promises = Promises(schedules.schedule, links, settings.admin_email, clock)
    counter = Counter(client, schedules, store, keys, letters, clock)
    changes = Changes(turns, store, counter, schedules, waitlist, letters, promises, audit, clock)
    reminders = Reminders(store, changes, schedules.schedule, clock)
    errand = partial(_errand, reminders, changes)
    bookings = Bookings(client, store, counter, schedules, waitlist, promises, clock)
    return Services(
        settings=settings,
        client=client,
        db=db,
        schedules=schedules,
        bookings=bookings,
        changes=changes,
        guests=Guests(store, changes, schedules, letters, links, promises, calendar_of, clock),
        privacy=Privacy(store, keys, changes, waitlist, letters, schedules.schedule, clock),
        waitlist=waitlist,
        history=History(audit, schedules, bookings),
        letters=letters,
        worker=_worker(settings, letters, clock, errand, replacements.get("mailer")),
        reminders=reminders,
        overview=Overview(schedules, bookings, letters, clock),
        deliveries=Deliveries(letters.store, clock, settings.resend_webhook_secret),
        live=live,
        hub=Hub(live.feed),
    )


def _has_booked(store: BookingStore, email: str, slot_id: str) -> DuplicateBooking | None:
    return DuplicateBooking() if store.find_active([(email, slot_id)]) else None


def _errand(reminders: Reminders, changes: Changes) -> int:
    return reminders.run() + changes.settle()


def _worker(
    settings: Settings, letters: Letters, clock: Clock, errand: Callable[[], int], mailer: Mailer | None
) -> LetterWorker:
    attach = partial(ics.attachments, organizer=settings.admin_email)
    return LetterWorker(
        store=letters.store,
        mailer=mailer or _mailer(settings),
        render=partial(render, environments(), settings.mail_from, settings.admin_email, attach),
        clock=clock,
        rate=settings.mail_rate,
        owner=f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}",
        errand=errand,
        wake=letters.wake,
    )


def _live(db: Db, schedule: Schedule, clock: Clock) -> Live:
    messages = Messages(schedule, db.name, clock)
    feed = Feed(messages.update)
    return Live(schedule, feed, Watcher(db, schedule, feed), messages, clock, Places())


def prepare_database(db: Db) -> None:
    """Create collections, validators and indexes; doing it again changes nothing."""
    ensure(db, PLANS)


def app_name(pid: int | None = None) -> str:
    """Return the name by which the database knows the process `pid`, this one by default."""
    return f"booking-{socket.gethostname()[:60]}-{pid or os.getpid()}"


def _mailer(settings: Settings) -> Mailer:
    if settings.resend_api_key:
        return ResendMailer(settings.resend_api_key, settings.resend_api_url)
    if settings.smtp_url:
        return SmtpMailer(settings.smtp_url)
    return ConsoleMailer(MAIL_FOLDER)
