"""Object graph of bookings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from accounts.service import Accounts
from audit.service import Audit
from booking import calendar_invite, email_queue
from booking.account_bookings import ExportAccountData, ListAccountBookings
from booking.booking_change import BookingChange, BookingChangeRows
from booking.calendar_file import ExportCalendarFile
from booking.cancellation import CancelBooking
from booking.capacity import ChangeOfSlot, ChangeOfSlotRows, ChangeSlot
from booking.consistency import FindMismatches
from booking.create import CreateBooking, NewBookingRows
from booking.deferred_confirmations import DeferredConfirmations, Enqueue
from booking.deferred_store import DeferredStore
from booking.deletion import DeletePersonalData
from booking.email_queue import BookingEmailQueue
from booking.email_retry import Check, RetryEmail
from booking.emails import SUBJECT_KIND, BookingEmails
from booking.erasure import ErasePerson
from booking.export import ExportBookings
from booking.group_commit import SlotRecords, SlotRows
from booking.idempotency_store import IdempotencyStore
from booking.link_request_store import SCHEMA as LINK_REQUESTS
from booking.link_request_store import LinkRequestStore
from booking.link_requests import RequestLinks, SendLinks
from booking.listing import SearchBookings
from booking.model import PendingBooking
from booking.own_cancellation import CancelOwnBooking
from booking.personal_data import ExportPersonalData
from booking.promotion import WaitlistPromotion
from booking.query import BookingQuery
from booking.reconciliation import ReconcileWaitlists, Reconciliation, ReconciliationRows
from booking.reminders import Reminders
from booking.rescheduling import RescheduleBooking
from booking.resend import ResendEmail
from booking.retention import ApplyRetention
from booking.search.index import SearchIndex
from booking.search.maintenance import MaintainSearch
from booking.search.migration import MIGRATIONS, SearchMigration
from booking.search.segments import SEGMENTS, SegmentStore
from booking.self_service import SelfService
from booking.store import BOOKINGS, BookingStore
from booking.unit_of_work import UnitOfWork
from booking.waitlist_order import WaitlistOrder
from core.clock import Clock
from core.concurrency.serial_transactions import SerialTransactions
from core.config.settings import DEFAULT_ADMIN, Settings
from core.mongo.client import Client, Db
from core.scheduler import PeriodicTask
from core.signed_tokens import SignedLinks
from inventory.group_commit import GroupCommit
from notifications.outbox.model import Attachment, OutboxEmail
from notifications.outbox.service import Outbox
from notifications.render import Imprint
from schedules.service import Schedules
from waitlist import email_queue as waitlist_email_queue
from waitlist import emails as waitlist_emails
from waitlist.departure import Departure
from waitlist.join import Joining
from waitlist.service import Waitlist
from waitlist.store import WaitlistStore

SCHEMAS = (BOOKINGS, SEGMENTS, MIGRATIONS, LINK_REQUESTS)
# A guest waits for the link, so its task is a frequent one.
LINKS_SECONDS = 5.0
# The templates of e-mails with a calendar file.
TEMPLATES_WITH_INVITES = frozenset(calendar_invite.METHODS)


@dataclass(frozen=True)
class Foundation:
    """What bookings are built on."""

    settings: Settings
    client: Client
    db: Db
    clock: Clock
    schedules: Schedules
    outbox: Outbox
    audit: Audit
    store: BookingStore
    waiting: WaitlistStore
    accounts: Accounts

    @property
    def waitlist_order(self) -> WaitlistOrder:
        """The order of waiting lists."""
        return WaitlistOrder(self.schedules, self.waiting, self.store)

    @property
    def signed_links(self) -> SignedLinks:
        """The links to bookings."""
        return build_links(self.settings)

    @property
    def emails(self) -> BookingEmails:
        """The e-mails of bookings."""
        return build_emails(self.settings, self.schedules)

    @property
    def email_queue(self) -> BookingEmailQueue:
        """The e-mails of bookings in the outbox."""
        return BookingEmailQueue(self.outbox, self.emails, DeferredStore(self.db))


@dataclass(frozen=True)
class BookingServices:
    """The use cases of bookings."""

    store: BookingStore
    idempotency_keys: IdempotencyStore
    group_commit: GroupCommit
    create: CreateBooking
    search: SearchBookings
    export: ExportBookings
    maintain_search: MaintainSearch
    cancel: CancelBooking
    cancel_own: CancelOwnBooking
    reschedule: RescheduleBooking
    change_slot: ChangeSlot
    reconcile_waitlists: ReconcileWaitlists
    resend_email: ResendEmail
    request_links: RequestLinks
    send_links: SendLinks
    retry_email: RetryEmail
    reminders: Reminders
    erase_person: ErasePerson
    apply_retention: ApplyRetention
    find_mismatches: FindMismatches
    self_service: SelfService
    export_calendar_file: ExportCalendarFile
    export_personal_data: ExportPersonalData
    list_account_bookings: ListAccountBookings
    export_account_data: ExportAccountData


def build_links(settings: Settings) -> SignedLinks:
    """Return the links to bookings."""
    return SignedLinks(settings.secret_key, settings.public_url, "booking.manage", "bookings")


def build_publisher(settings: Settings, schedules: Schedules) -> calendar_invite.Publisher:
    """Return the publisher of calendar files; ADMIN_EMAIL's default belongs to no organiser."""
    email = settings.admin_email.replace(DEFAULT_ADMIN, "")
    return calendar_invite.Publisher(email, lambda code: schedules.schedule.localized(code).details)


def build_calendar_files(settings: Settings, schedules: Schedules) -> Callable[[OutboxEmail], Sequence[Attachment]]:
    """Return the function that makes the calendar file of an e-mail."""
    return partial(calendar_invite.attachments, publisher=build_publisher(settings, schedules))


def build_imprints(schedules: Schedules) -> Callable[[str], Imprint]:
    """Return the imprint of e-mails by language code."""

    def imprint_in(code: str) -> Imprint:
        details = schedules.schedule.localized(code).details
        return Imprint(**{name: getattr(details, name) for name in Imprint.__dataclass_fields__})

    return imprint_in


def build_emails(settings: Settings, schedules: Schedules) -> BookingEmails:
    """Return the e-mails of bookings."""
    return BookingEmails(schedules.schedule, build_links(settings), settings.admin_email, schedules.clock)


def build_deferred_confirmations(
    settings: Settings, db: Db, schedules: Schedules, enqueue: Enqueue
) -> DeferredConfirmations:
    """Return the deferred e-mails of the bookings in `db`; `enqueue` inserts outbox rows in a transaction."""
    return DeferredConfirmations(db.client, DeferredStore(db), build_emails(settings, schedules), enqueue)


def periodic_tasks(services: BookingServices, clock: Clock) -> tuple[PeriodicTask, ...]:
    """Return the tasks of bookings."""
    return (
        PeriodicTask("reminders", services.reminders.execute),
        PeriodicTask("waitlists", services.reconcile_waitlists.execute),
        PeriodicTask("booking_links", services.send_links.execute, LINKS_SECONDS),
        PeriodicTask("search", services.maintain_search.execute),
        PeriodicTask("idempotency_keys", lambda: services.idempotency_keys.sweep(clock())),
    )


def build_group_commit(base: Foundation, waitlist_rows: Mapping[type, SlotRows]) -> GroupCommit:
    """Return the group commit of all requests for places of slots."""
    queue = base.email_queue
    promotion = WaitlistPromotion(base.store, base.schedules, base.waiting, base.waitlist_order, queue, base.clock)
    # A guest who leaves is not promoted. A released place goes to the waiting list before a capacity can be lowered,
    # and before another guest joins.
    rows: dict[type, SlotRows] = {
        PendingBooking: NewBookingRows(base.store, IdempotencyStore(base.db), base.clock),
        Departure: waitlist_rows[Departure],
        BookingChange: BookingChangeRows(base.store, queue, base.audit, base.clock),
        Reconciliation: ReconciliationRows(promotion),
        ChangeOfSlot: ChangeOfSlotRows(base.schedules, base.audit, promotion),
        Joining: waitlist_rows[Joining],
    }
    return GroupCommit(base.client, base.schedules.store.stock, SlotRecords(base.schedules, base.outbox, rows))


def build(base: Foundation, group_commit: GroupCommit, waitlist: Waitlist) -> BookingServices:
    """Return the use cases of bookings."""
    schedules = base.schedules
    store = base.store
    entries = base.waiting
    unit_of_work = _unit_of_work(base)
    cancel = CancelBooking(group_commit, store)
    reschedule = RescheduleBooking(group_commit, store, schedules)
    resend = ResendEmail(unit_of_work, store, base.email_queue)
    search_index = SearchIndex(SegmentStore(base.db), BookingQuery(base.db))
    keys = IdempotencyStore(base.db)
    deletion = DeletePersonalData(unit_of_work, store, keys, entries, search_index.segments)
    self_service = SelfService(store, schedules, base.signed_links, cancel, reschedule)
    return BookingServices(
        store=store,
        idempotency_keys=keys,
        group_commit=group_commit,
        create=CreateBooking(group_commit, schedules, base.clock, base.settings.allow_test_domains),
        search=SearchBookings(search_index.bookings, schedules.store, search_index),
        export=ExportBookings(search_index.bookings, search_index),
        maintain_search=MaintainSearch(search_index.segments, SearchMigration(base.db), base.clock),
        cancel=cancel,
        cancel_own=CancelOwnBooking(store, cancel),
        reschedule=reschedule,
        change_slot=ChangeSlot(group_commit, schedules),
        reconcile_waitlists=ReconcileWaitlists(group_commit, schedules, base.waitlist_order),
        resend_email=resend,
        request_links=RequestLinks(LinkRequestStore(base.db), schedules),
        send_links=SendLinks(LinkRequestStore(base.db), store, schedules, resend),
        retry_email=RetryEmail(unit_of_work, _email_checks(store, entries)),
        reminders=Reminders(unit_of_work, store, base.email_queue, schedules.schedule),
        erase_person=ErasePerson(deletion, store, waitlist, cancel, schedules),
        apply_retention=ApplyRetention(deletion, store, waitlist, schedules),
        find_mismatches=FindMismatches(base.client, store, schedules, entries, base.waitlist_order),
        self_service=self_service,
        export_calendar_file=_calendar_file(base, self_service),
        export_personal_data=ExportPersonalData(self_service, base.outbox, entries),
        list_account_bookings=ListAccountBookings(store, base.accounts),
        export_account_data=ExportAccountData(ListAccountBookings(store, base.accounts), base.outbox),
    )


def _calendar_file(base: Foundation, self_service: SelfService) -> ExportCalendarFile:
    publisher = build_publisher(base.settings, base.schedules)
    return ExportCalendarFile(self_service, base.emails, partial(calendar_invite.build_ics, publisher=publisher))


def _unit_of_work(base: Foundation) -> UnitOfWork:
    transactions = SerialTransactions(base.client, base.schedules.store.probe)
    return UnitOfWork(transactions, base.outbox, base.audit, base.clock)


def _email_checks(bookings: BookingStore, entries: WaitlistStore) -> Mapping[str, Check]:
    return {
        SUBJECT_KIND: partial(email_queue.is_current, bookings),
        waitlist_emails.SUBJECT_KIND: partial(waitlist_email_queue.is_current, entries),
    }
