"""The object graph: every collaborator is built once, here, from the settings. No Flask."""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass
from functools import partial
from typing import Any

from admin.service import Overview
from booking import ics
from booking import store as booking_store
from booking.counter import Counter
from booking.links import Links
from booking.service import Bookings
from booking.store import BookingStore, KeyStore
from core import clock as wall
from core.clock import Clock
from core.config import ROOT, Settings
from core.mongo import Client, CollectionPlan, Db, connect, ensure
from notifications import store as letter_store
from notifications.mailers import ConsoleMailer, Mailer, ResendMailer, SmtpMailer
from notifications.render import environment, render
from notifications.service import Deliveries, Letters
from notifications.store import LetterStore
from notifications.worker import LetterWorker
from schedules import calendar
from schedules import store as slot_store
from schedules.service import Schedules
from schedules.store import SlotStore

PLANS: tuple[CollectionPlan, ...] = (
    slot_store.PLAN,
    booking_store.BOOKINGS,
    booking_store.KEYS,
    letter_store.PLAN,
    letter_store.ROLES,
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
    letters: Letters
    worker: LetterWorker
    overview: Overview
    deliveries: Deliveries


def build(settings: Settings, **replacements: Any) -> Services:
    """Return the services for `settings`; `client`, `clock` and `mailer` can be replaced by argument."""
    client: Client = replacements.get("client") or connect(settings.mongodb_uri, app_name())
    clock: Clock = replacements.get("clock") or wall.now
    db = client[settings.mongodb_database]
    schedules = Schedules(calendar.load(settings.schedule_file), SlotStore(db), clock)
    letters = Letters(LetterStore(db), clock)
    counter = Counter(client, schedules, BookingStore(db), KeyStore(db), letters, clock)
    links = Links(settings.secret_key, settings.public_url)
    bookings = Bookings(client, BookingStore(db), counter, schedules, letters, links, settings.admin_email, clock)
    worker = LetterWorker(
        store=letters.store,
        mailer=replacements.get("mailer") or _mailer(settings),
        render=partial(render, environment(), settings.mail_from, settings.admin_email, ics.attachments),
        clock=clock,
        rate=settings.mail_rate,
        owner=f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}",
        wake=letters.wake,
    )
    overview = Overview(schedules, letters)
    deliveries = Deliveries(letters.store, clock, settings.resend_webhook_secret)
    return Services(settings, client, db, schedules, bookings, letters, worker, overview, deliveries)


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
