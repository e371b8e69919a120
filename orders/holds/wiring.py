"""Object graph of holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from core.clock import Clock
from core.mongo.client import Db
from core.scheduler import PeriodicTask
from events.seat_store import SeatStore
from inventory.group_commit import GroupCommit
from orders.deadline_expiry import EXPIRY_INTERVAL
from orders.event_cache import EventCache
from orders.group_commit import TicketRows
from orders.holds.cart import PriceCarts
from orders.holds.claims import ExpiredTickets, TicketClaims
from orders.holds.create import CartHoldRows, CreateHold
from orders.holds.deferred_claims import DeferredClaim, DeferredClaimRows
from orders.holds.ending import HoldEnding, HoldEndingRows
from orders.holds.expiry import ExpireHolds
from orders.holds.listing import ListHolds
from orders.holds.release import ReleaseHold
from orders.holds.replacement import CartHold
from orders.holds.store import HoldStore
from orders.holds.tickets import HeldTickets
from orders.seats.picking import Seats


@dataclass(frozen=True)
class Foundation:
    """What holds are built on."""

    db: Db
    clock: Clock
    cache: EventCache
    lifetime: timedelta

    @property
    def held(self) -> HeldTickets:
        """The counts of held tickets."""
        return HeldTickets(HoldStore(self.db), self.cache.events.store, Seats(SeatStore(self.db)))


@dataclass(frozen=True)
class HoldServices:
    """The use cases of holds; `claims` is for all that claim tickets."""

    claims: TicketClaims
    release: ReleaseHold
    create: CreateHold
    expire: ExpireHolds
    listing: ListHolds


def build_rows(base: Foundation) -> dict[type, TicketRows]:
    """Return the rows of the requests about holds, in the order in which they are written."""
    store = HoldStore(base.db)
    return {
        HoldEnding: HoldEndingRows(base.held, store),
        CartHold: CartHoldRows(base.held, store),
    }


def build_last_rows(base: Foundation) -> dict[type, TicketRows]:
    """Return the rows that are written after the offers to the waiting lists."""
    return {DeferredClaim: DeferredClaimRows(base.held)}


def build(base: Foundation, group_commit: GroupCommit, *expired: ExpiredTickets) -> HoldServices:
    """Return the use cases of holds; `expired` are further tickets that are held until a deadline."""
    store = HoldStore(base.db)
    expire = ExpireHolds(group_commit, store, base.clock)
    claims = TicketClaims(group_commit, (expire, *expired))
    return HoldServices(
        claims=claims,
        release=ReleaseHold(group_commit, store),
        create=CreateHold(claims, PriceCarts(base.cache, base.held.seats), store, base.clock, base.lifetime),
        expire=expire,
        listing=ListHolds(store, base.clock),
    )


def periodic_tasks(services: HoldServices) -> tuple[PeriodicTask, ...]:
    """Return the tasks that end expired holds, in the scheduler's process and, should it be dead, in the others."""
    return (
        PeriodicTask("expired_holds", services.expire.execute_due, EXPIRY_INTERVAL),
        PeriodicTask("overdue_holds", services.expire.execute_overdue, EXPIRY_INTERVAL, needs_lease=False),
    )
