"""Object graph of events."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from accounts.passwords import Passwords
from accounts.store import AccountStore
from audit.service import Audit
from core.clock import Clock
from core.mongo.client import Client, Db
from core.scheduler import PeriodicTask
from events import migration
from events import store as event_store
from events.answers import EventAnswers, UserReservations
from events.consistency import FindEventMismatches
from events.demo.database import DemoDatabase
from events.demo.load import DemoTarget, LoadDemo
from events.editor.create import CreateEvent
from events.editor.delete import DeleteEvent
from events.editor.edit import ChangeEvent, ChangeOfEventRows, EditorStores
from events.editor.prices import IsPayable
from events.listing.query import EventListing
from events.notices import store as notice_store
from events.notices.emails import NoticeEmails
from events.notices.notify import NoticeQueue, NotifyHolders, NotifySoon
from events.notices.sales import EventSales
from events.notices.store import NoticeStore
from events.seat_store import SeatStore
from events.service import Events
from events.store import EventStore
from inventory.group_commit import GroupCommit
from notifications.outbox.service import Outbox

SCHEMAS = (*event_store.SCHEMAS, notice_store.SCHEMA)


@dataclass(frozen=True)
class Foundation:
    """What events are built on. `reservations` finds what a person has reserved, `sales` who has tickets."""

    client: Client
    db: Db
    events: Events
    outbox: Outbox
    audit: Audit
    passwords: Passwords
    group_commit: GroupCommit
    reservations: UserReservations
    sales: EventSales
    is_payable: IsPayable


@dataclass(frozen=True)
class EventServices:
    """The use cases of events."""

    answers: EventAnswers
    listing: EventListing
    create: CreateEvent
    change: ChangeEvent
    delete: DeleteEvent
    notify_holders: NotifyHolders
    load_demo: LoadDemo
    find_mismatches: FindEventMismatches


def build_events(db: Db, clock: Clock) -> Events:
    """Return the reads of events, on which claims are built as well."""
    return Events(EventStore(db), clock)


def build_rows(db: Db, audit: Audit, clock: Clock, is_payable: IsPayable) -> ChangeOfEventRows:
    """Return the rows of changed events, for the group commit."""
    return ChangeOfEventRows(EditorStores(EventStore(db), SeatStore(db), NoticeStore(db), audit), clock, is_payable)


def migrate(db: Db) -> None:
    """Bring the events that older versions stored up to date. Idempotent."""
    migration.store_lowest_prices(db)


def build(base: Foundation) -> EventServices:
    """Return the use cases of events."""
    events = base.events
    listing = EventListing(base.db, events.store)
    seats = SeatStore(base.db)
    queue = NoticeQueue(base.outbox, NoticeEmails(events.clock))
    notify = NotifyHolders(base.client, NoticeStore(base.db), AccountStore(base.db), queue, base.sales)
    notify_soon = NotifySoon(notify, ThreadPoolExecutor(1, thread_name_prefix="event-notices"))
    return EventServices(
        answers=EventAnswers.over(events, listing, events.clock, base.reservations),
        listing=listing,
        create=CreateEvent(base.client, events.store, seats, base.audit, events.clock, base.is_payable),
        change=ChangeEvent(base.group_commit, events.store, notify_soon),
        delete=DeleteEvent(base.client, events.store, seats, base.audit, base.sales),
        notify_holders=notify,
        find_mismatches=FindEventMismatches(base.client, base.db),
        load_demo=LoadDemo(
            DemoTarget(base.client, events.store, AccountStore(base.db), DemoDatabase(base.db)),
            base.passwords,
            events.clock,
        ),
    )


def periodic_tasks(services: EventServices) -> tuple[PeriodicTask, ...]:
    """Return the task that carries on the notices of dead processes."""
    return (PeriodicTask("event_notices", services.notify_holders.execute),)
