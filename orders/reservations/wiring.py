"""Object graph of reservations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.store import AccountStore
from core.clock import Clock
from core.mongo.client import Db
from events.seat_store import SeatStore
from events.store import EventStore
from inventory.group_commit import GroupCommit
from notifications.outbox.service import Outbox
from notifications.outbox.store import OutboxStore
from orders.deleted_account_store import DeletedAccountStore
from orders.event_cache import EventCache
from orders.group_commit import TicketRows
from orders.holds.claims import TicketClaims
from orders.holds.store import HoldStore
from orders.offers.find_offer import FindOffer
from orders.reservations.cancel import CancellationRows, CancelReservation, ReservationCancellation
from orders.reservations.deferred_emails import DeferredReservationEmails, Sources
from orders.reservations.deferred_store import DeferredStore
from orders.reservations.listing import ListReservations
from orders.reservations.own import OwnReservations
from orders.reservations.release import ReleaseReservations
from orders.reservations.reserve import CreateReservation, PendingReservation, ReservationRows
from orders.reservations.schemas import own_members
from orders.reservations.store import ReservationStore
from orders.seats.picking import Seats


@dataclass(frozen=True)
class Foundation:
    """What reservations are built on."""

    db: Db
    clock: Clock
    cache: EventCache
    outbox: Outbox


@dataclass(frozen=True)
class ReservationServices:
    """The use cases of reservations."""

    store: ReservationStore
    create: CreateReservation
    cancel: CancelReservation
    listing: ListReservations
    release: ReleaseReservations
    own: OwnReservations

    def active_members(self, account_id: str, event_id: str) -> Mapping[str, Any] | None:
        """Return the members of the active reservation of an account for an event, or None."""
        active = self.store.find_active([(event_id, account_id)])
        return next(map(own_members, active.values()), None)


def build_deferred_emails(db: Db) -> DeferredReservationEmails:
    """Return the deferred e-mails of the reservations in `db`."""
    sources = Sources(EventStore(db), AccountStore(db), OutboxStore(db), DeletedAccountStore(db).mark)
    return DeferredReservationEmails(db.client, DeferredStore(db), sources)


def build_rows(base: Foundation) -> dict[type, TicketRows]:
    """Return the rows of the requests about reservations, in the order in which they are written."""
    store = ReservationStore(base.db)
    seats = Seats(SeatStore(base.db))
    return {
        PendingReservation: ReservationRows(store, seats),
        ReservationCancellation: CancellationRows(store, seats, base.clock),
    }


def build(base: Foundation, group_commit: GroupCommit, claims: TicketClaims) -> ReservationServices:
    """Return the use cases of reservations."""
    store = ReservationStore(base.db)
    events = base.cache.events.store
    cancel = CancelReservation(group_commit, store, events)
    listing = ListReservations(store, events, AccountStore(base.db))
    return ReservationServices(
        store=store,
        create=CreateReservation(claims, base.cache, store, FindOffer(HoldStore(base.db), base.clock), base.clock),
        cancel=cancel,
        listing=listing,
        own=OwnReservations(cancel, listing),
        release=ReleaseReservations(cancel, store, base.outbox),
    )
