"""Composition root: builds the object graph once, from the settings, without Flask."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import accounts.emails
import accounts.wiring
import booking.emails
import booking.wiring
import events.notices.emails
import events.wiring
import live.wiring
import notifications.wiring
import orders.emails
import orders.purchase_emails
import orders.wiring
import waitlist.emails
import waitlist.wiring
from accounts.deletion import Detachment
from accounts.wiring import AccountServices
from admin.audit.view import AuditHistory
from admin.dashboard.service import Dashboard
from audit import store as audit_store
from audit.service import Audit
from audit.store import AuditStore
from booking import waiting_eligibility
from booking.own_cancellation import AccountTickets
from booking.store import BookingStore
from booking.wiring import BookingServices
from core import clock as wall
from core import scheduler
from core.clock import Clock
from core.config.settings import Settings
from core.leader_lease import LeaderLease
from core.mongo.client import Client, Db, connect
from core.mongo.dead_processes import app_name
from core.mongo.failures import DatabaseError
from core.mongo.schema import CollectionSchema, ensure_collections
from core.scheduler import PeriodicTask, Scheduler
from events.notices.sales import EventSales
from events.service import Events
from events.wiring import EventServices
from live.socketio.server import SocketBroadcaster
from live.streams import LiveStreams
from notifications.delivery.worker import OutboxWorker
from notifications.outbox.deferred import Sources
from notifications.outbox.health import OutboxHealth
from notifications.outbox.lease_store import LeaseStore
from notifications.outbox.migration import store_rules
from notifications.outbox.service import Outbox
from notifications.outbox.store import OutboxStore
from notifications.providers.base import Mailer
from notifications.render import environments, render
from notifications.webhook import DeliveryWebhook
from notifications.wiring import MailTransport, build_mailer, build_outbox, build_worker, worker_lease
from orders.payments.price_rule import build_price_rule
from orders.tickets import attachments
from orders.wiring import OrderServices
from schedules import schedule_file
from schedules import store as slot_store
from schedules.service import Schedules
from schedules.store import SlotStore
from waitlist import store as waitlist_store
from waitlist.store import WaitlistStore
from waitlist.wiring import WaitlistServices

COLLECTIONS: tuple[CollectionSchema, ...] = (
    slot_store.SCHEMA,
    *booking.wiring.SCHEMAS,
    *notifications.wiring.SCHEMAS,
    audit_store.SCHEMA,
    waitlist_store.SCHEMA,
    *accounts.wiring.SCHEMAS,
    *events.wiring.SCHEMAS,
    *orders.wiring.SCHEMAS,
)
EMAIL_TEMPLATES = (
    *(*booking.emails.TEMPLATES, *waitlist.emails.TEMPLATES, *accounts.emails.TEMPLATES, *orders.emails.TEMPLATES),
    *(*orders.purchase_emails.TEMPLATES, *events.notices.emails.TEMPLATES),
)


@dataclass(frozen=True)
class Services:
    """The objects that routes, commands and the server use."""

    settings: Settings
    client: Client
    db: Db
    schedules: Schedules
    booking: BookingServices
    waitlist: WaitlistServices
    audit_history: AuditHistory
    outbox: Outbox
    outbox_health: OutboxHealth
    worker: OutboxWorker
    scheduler: Scheduler
    dashboard: Dashboard
    delivery_webhook: DeliveryWebhook
    live: LiveStreams
    broadcaster: SocketBroadcaster
    accounts: AccountServices
    events: Events
    catalogue: EventServices
    orders: OrderServices
    account_tickets: AccountTickets

    def every(self) -> list[object]:
        """Return all services, those of the features included."""
        return [
            *vars(self).values(),
            *vars(self.booking).values(),
            *vars(self.waitlist).values(),
            *vars(self.accounts).values(),
            *vars(self.catalogue).values(),
            *self.orders.every(),
        ]


@dataclass(frozen=True)
class _Base:
    """What the features are built on."""

    settings: Settings
    client: Client
    db: Db
    clock: Clock
    schedules: Schedules
    deferred: Sources
    outbox: Outbox
    audit: Audit
    bookings: BookingStore


def build(settings: Settings, **replacements: Any) -> Services:
    """Return the services for `settings`; `client`, `clock` and `mailer` can be replaced by argument."""
    base = _base(settings, replacements)
    db = base.db
    clock = base.clock
    schedules = base.schedules
    # `ticketing` is built below, on top of the accounts.
    people = _accounts(base, lambda: ticketing.release_accounts.execute())  # noqa: PLW0108
    booked, waitlists = _slot_bookings(base, people)
    ticketed = events.wiring.build_events(db, clock)
    ticketing = _orders(base, people, ticketed)
    catalogue = _events(base, people, ticketed, ticketing)
    tasks = (*orders.wiring.periodic_tasks(ticketing), *events.wiring.periodic_tasks(catalogue))
    streams = live.wiring.build(db, schedules.schedule, clock)
    return Services(
        settings=settings,
        client=base.client,
        db=db,
        schedules=schedules,
        booking=booked,
        waitlist=waitlists,
        audit_history=AuditHistory(base.audit, schedules.schedule, base.bookings.get_many_committed),
        outbox=base.outbox,
        outbox_health=OutboxHealth(db, clock, base.deferred),
        worker=_worker(base, replacements.get("mailer")),
        scheduler=_scheduler(base, booked, people, tasks),
        dashboard=Dashboard(schedules, base.bookings.count_created_between, base.outbox, clock),
        delivery_webhook=DeliveryWebhook(base.outbox.store, clock, settings.resend_webhook_secret),
        live=streams,
        broadcaster=SocketBroadcaster(streams.broadcast_log),
        accounts=people,
        events=ticketed,
        catalogue=catalogue,
        orders=ticketing,
        account_tickets=AccountTickets(ticketing.reservations.own.cancel, ticketing.export_own.execute),
    )


def _base(settings: Settings, replacements: Mapping[str, Any]) -> _Base:
    client: Client = replacements.get("client") or connect(settings.mongodb_uri, app_name())
    clock: Clock = replacements.get("clock") or wall.now
    db = client[settings.mongodb_database]
    schedules = Schedules(schedule_file.load(settings.schedule_file), SlotStore(db), clock)
    deferred = (
        booking.wiring.build_deferred_confirmations(settings, db, schedules, OutboxStore(db).add),
        orders.wiring.build_deferred_emails(db),
    )
    return _Base(
        settings=settings,
        client=client,
        db=db,
        clock=clock,
        schedules=schedules,
        deferred=deferred,
        outbox=build_outbox(db, clock, deferred),
        audit=Audit(AuditStore(db), clock),
        bookings=BookingStore(db),
    )


def _accounts(base: _Base, release: Callable[[], object]) -> AccountServices:
    steps = (base.bookings.detach_account, orders.wiring.build_mark_of_deletion(base.db))
    name = base.schedules.schedule.name
    foundation = accounts.wiring.Foundation(
        base.settings, base.client, base.db, base.clock, base.outbox, base.audit, name, Detachment(steps, release)
    )
    return accounts.wiring.build(foundation)


def _slot_bookings(base: _Base, people: AccountServices) -> tuple[BookingServices, WaitlistServices]:
    waiting = WaitlistStore(base.db)
    foundation = booking.wiring.Foundation(
        settings=base.settings,
        client=base.client,
        db=base.db,
        clock=base.clock,
        schedules=base.schedules,
        outbox=base.outbox,
        audit=base.audit,
        store=base.bookings,
        waiting=waiting,
        accounts=people.accounts,
    )
    eligibility = partial(waiting_eligibility.refusals, base.settings, base.bookings)
    basis = waitlist.wiring.Foundation(base.settings, base.db, base.schedules, base.outbox, eligibility)
    group_commit = booking.wiring.build_group_commit(foundation, waitlist.wiring.build_rows(basis))
    waitlists = waitlist.wiring.build(basis, group_commit)
    return booking.wiring.build(foundation, group_commit, waitlists.entries), waitlists


def _orders(base: _Base, people: AccountServices, ticketed: Events) -> OrderServices:
    foundation = orders.wiring.Foundation(
        settings=base.settings,
        client=base.client,
        db=base.db,
        clock=base.clock,
        events=ticketed,
        outbox=base.outbox,
        audit=base.audit,
        accounts=people.accounts,
        timezone=base.schedules.schedule.timezone,
    )
    return orders.wiring.build(foundation)


def _events(base: _Base, people: AccountServices, ticketed: Events, claims: OrderServices) -> EventServices:
    foundation = events.wiring.Foundation(
        client=base.client,
        db=base.db,
        events=ticketed,
        outbox=base.outbox,
        audit=base.audit,
        passwords=people.register.passwords,
        group_commit=claims.ticket_group_commit,
        reservations=claims.reservations.active_members,
        sales=EventSales(claims.sales),
        is_payable=build_price_rule(base.settings),
    )
    return events.wiring.build(foundation)


def _worker(base: _Base, mailer: Mailer | None) -> OutboxWorker:
    settings = base.settings
    timezone = base.schedules.schedule.timezone
    attach = partial(attachments.attach, booking.wiring.build_calendar_files(settings, base.schedules), timezone)
    templates = environments(booking.wiring.build_imprints(base.schedules), timezone)
    render_email = partial(render, templates, settings.mail_from, settings.admin_email, attach)
    attached = {*booking.wiring.TEMPLATES_WITH_INVITES, *attachments.TEMPLATES}
    transport = MailTransport(mailer or build_mailer(settings), render_email, settings.mail_rate, attached)
    lease = worker_lease(base.db, _lease_holder(), base.clock)
    return build_worker(LeaseStore(base.db, base.outbox.deferred), lease, transport, base.outbox.wake)


def _scheduler(
    base: _Base, booked: BookingServices, people: AccountServices, others: Sequence[PeriodicTask]
) -> Scheduler:
    tasks = (
        *notifications.wiring.periodic_tasks(base.db, base.clock),
        *booking.wiring.periodic_tasks(booked, base.clock),
        PeriodicTask("password_resets", people.send_password_resets.execute),
        *others,
    )
    return Scheduler(LeaderLease(base.db, scheduler.LEASE_NAME, _lease_holder(), base.clock), tasks)


def _lease_holder() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def prepare_database(db: Db) -> None:
    """Create collections, validators and indexes, and migrate stored e-mails and events. Idempotent."""
    ensure_collections(db, COLLECTIONS)
    store_rules(db, EMAIL_TEMPLATES)
    events.wiring.migrate(db)


def invalid_uri_message(error: DatabaseError) -> str:
    """Return the message for an unusable MONGODB_URI; the driver's own message may quote its password."""
    return f"MONGODB_URI cannot be used ({type(error).__name__}): check its hosts, and that its options go together."
