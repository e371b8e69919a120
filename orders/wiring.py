"""Object graph of ticket claims."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import events.wiring
from accounts.service import Accounts
from audit.service import Audit
from core.clock import Clock
from core.config.settings import Settings
from core.mongo.client import Client, Db
from core.mongo.transactions import Session
from core.scheduler import PeriodicTask
from events import seat_store
from events.editor.edit import ChangeOfEvent
from events.notices.sales import SalesOfFeature
from events.pool_store import EventPools
from events.seat_store import SeatStore
from events.service import Events
from inventory.group_commit import GroupCommit
from notifications.outbox.deferred import DeferredEmails
from notifications.outbox.service import Outbox
from orders import deleted_account_store, purchase_wiring
from orders import store as order_store
from orders.account_release import ReleaseAccounts
from orders.claim_count_store import ClaimCountStore
from orders.consistency import FindTicketMismatches
from orders.deleted_account_store import DeletedAccountStore
from orders.event_cache import EventCache
from orders.group_commit import TicketRecords, TicketRows
from orders.holds import store as hold_store
from orders.holds import wiring as hold_wiring
from orders.holds.store import HoldStore
from orders.holds.wiring import HoldServices
from orders.offers import store as offer_store
from orders.offers import wiring as offer_wiring
from orders.offers.wiring import OfferServices
from orders.own_data import ExportOwnTickets
from orders.payments import event_store, simulated_store, throttle_store
from orders.payments.price_rule import build_price_rule
from orders.purchase_wiring import PurchaseServices
from orders.received_emails import EraseReceivedEmails
from orders.reservations import store as reservation_store
from orders.reservations import wiring as reservation_wiring
from orders.reservations.event_sales import SalesOfReservations
from orders.reservations.wiring import ReservationServices
from orders.seats.listing import ListSeats
from orders.tickets import store as ticket_store
from orders.tickets.preload import PreloadPdf
from orders.tickets.store import TicketStore

PRELOAD_INTERVAL = 5.0

SCHEMAS = (
    hold_store.SCHEMA,
    reservation_store.SCHEMA,
    seat_store.SCHEMA,
    deleted_account_store.SCHEMA,
    order_store.SCHEMA,
    ticket_store.SCHEMA,
    event_store.SCHEMA,
    simulated_store.SCHEMA,
    throttle_store.SCHEMA,
    offer_store.SCHEMA,
)


@dataclass(frozen=True)
class Foundation:
    """What ticket claims are built on; `timezone` is that of the pages."""

    settings: Settings
    client: Client
    db: Db
    clock: Clock
    events: Events
    outbox: Outbox
    audit: Audit
    accounts: Accounts
    timezone: str


@dataclass(frozen=True)
class OrderServices:
    """The use cases of ticket claims."""

    ticket_group_commit: GroupCommit
    holds: HoldServices
    reservations: ReservationServices
    offers: OfferServices
    list_seats: ListSeats
    release_accounts: ReleaseAccounts
    find_mismatches: FindTicketMismatches
    purchases: PurchaseServices
    export_own: ExportOwnTickets
    preload_pdf: PreloadPdf
    # What is sold of an event, by feature.
    sales: Sequence[SalesOfFeature]

    def every(self) -> list[object]:
        """Return all services, those of the subpackages included."""
        parts = (self, self.holds, self.reservations, self.offers, self.purchases)
        return [service for part in parts for service in vars(part).values()]


def build_group_commit(base: Foundation, cache: EventCache) -> GroupCommit:
    """Return the group commit of all requests for tickets."""
    offers = offer_wiring.Foundation(base.db, base.events)
    rows: dict[type, TicketRows] = {
        ChangeOfEvent: events.wiring.build_rows(base.db, base.audit, base.clock, build_price_rule(base.settings)),
        **hold_wiring.build_rows(_hold_foundation(base, cache)),
        **reservation_wiring.build_rows(reservation_wiring.Foundation(base.db, base.clock, cache, base.outbox)),
        **purchase_wiring.build_rows(_purchase_foundation(base, cache)),
        **offer_wiring.build_rows(offers),
        # All that releases tickets comes before.
        **offer_wiring.build_last_rows(offers),
        **hold_wiring.build_last_rows(_hold_foundation(base, cache)),
    }
    records = TicketRecords(cache, EventPools(base.db), base.outbox, rows)
    return GroupCommit(base.client, base.events.store.stock, records)


def build(base: Foundation) -> OrderServices:
    """Return the use cases of ticket claims."""
    cache = EventCache(base.events)
    group_commit = build_group_commit(base, cache)
    foundation = _purchase_foundation(base, cache)
    expire_orders = purchase_wiring.build_expiry(foundation, group_commit)
    holds = hold_wiring.build(_hold_foundation(base, cache), group_commit, expire_orders)
    reservations = reservation_wiring.build(
        reservation_wiring.Foundation(base.db, base.clock, cache, base.outbox), group_commit, holds.claims
    )
    offers = offer_wiring.build(offer_wiring.Foundation(base.db, base.events), group_commit)
    purchases = purchase_wiring.build(foundation, holds.claims, expire_orders)
    releases = (
        reservations.release.execute,
        offers.leave.release,
        holds.release.execute_all,
        purchases.anonymise.execute,
        EraseReceivedEmails(HoldStore(base.db), TicketStore(base.db), base.outbox).execute,
    )
    return OrderServices(
        ticket_group_commit=group_commit,
        holds=holds,
        reservations=reservations,
        offers=offers,
        list_seats=ListSeats(base.events, SeatStore(base.db)),
        release_accounts=ReleaseAccounts(DeletedAccountStore(base.db), releases, base.clock),
        find_mismatches=FindTicketMismatches(base.client, ClaimCountStore(base.db), base.clock),
        purchases=purchases,
        export_own=ExportOwnTickets(reservations.own, HoldStore(base.db), purchases.listing, purchases.list_tickets),
        preload_pdf=PreloadPdf(base.events.store.exist),
        sales=(SalesOfReservations(reservations.store, reservations.cancel), purchases.sales),
    )


def periodic_tasks(services: OrderServices) -> tuple[PeriodicTask, ...]:
    """Return the tasks of ticket claims."""
    purchases = services.purchases
    return (
        *hold_wiring.periodic_tasks(services.holds),
        *purchase_wiring.periodic_tasks(purchases, purchases.place.clock),
        PeriodicTask("deleted_accounts", services.release_accounts.execute),
        PeriodicTask("preload_pdf", services.preload_pdf.execute, PRELOAD_INTERVAL, needs_lease=False),
    )


def build_deferred_emails(db: Db) -> DeferredEmails:
    """Return the deferred e-mails of ticket claims in `db`."""
    return reservation_wiring.build_deferred_emails(db)


def build_mark_of_deletion(db: Db) -> Callable[[Session, str], None]:
    """Return the step of an account's deletion, within its transaction, after which its tickets are released."""
    store = DeletedAccountStore(db)
    return lambda session, account_id: store.mark(session, [account_id])


def _purchase_foundation(base: Foundation, cache: EventCache) -> purchase_wiring.Foundation:
    return purchase_wiring.Foundation(
        settings=base.settings,
        client=base.client,
        db=base.db,
        clock=base.clock,
        cache=cache,
        outbox=base.outbox,
        audit=base.audit,
        accounts=base.accounts,
        timezone=base.timezone,
    )


def _hold_foundation(base: Foundation, cache: EventCache) -> hold_wiring.Foundation:
    lifetime = timedelta(seconds=base.settings.order_hold_seconds)
    return hold_wiring.Foundation(base.db, base.clock, cache, lifetime)
