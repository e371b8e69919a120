"""Object graph of the waiting lists of tiers."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.store import AccountStore
from core.mongo.client import Db
from events.seat_store import SeatStore
from events.service import Events
from inventory.group_commit import GroupCommit
from orders.group_commit import TicketRows
from orders.holds.store import HoldStore
from orders.holds.tickets import HeldTickets
from orders.offers.departure import LeaveTierWaitlist, TierDeparture, TierDepartureRows
from orders.offers.find_offer import FindOffer
from orders.offers.join import JoinTierWaitlist, TierJoining, TierJoiningRows
from orders.offers.offering import Offering
from orders.offers.own_entries import FindOwnEntries
from orders.offers.promotion import OfferingRows, Queues
from orders.offers.queue_store import QueueStore
from orders.offers.store import TierWaitlistStore
from orders.offers.use import OfferUse, OfferUseRows
from orders.reservations.store import ReservationStore
from orders.seats.picking import Seats


@dataclass(frozen=True)
class Foundation:
    """What waiting lists are built on."""

    db: Db
    events: Events

    @property
    def entries(self) -> TierWaitlistStore:
        """The entries."""
        return TierWaitlistStore(self.db)

    @property
    def queues(self) -> QueueStore:
        """The counts in the stock rows."""
        return QueueStore(self.db)

    @property
    def held(self) -> HeldTickets:
        """The counts of held tickets."""
        return HeldTickets(HoldStore(self.db), self.events.store, self.seats)

    @property
    def seats(self) -> Seats:
        """The seats of numbered tiers."""
        return Seats(SeatStore(self.db))

    @property
    def find_offer(self) -> FindOffer:
        """The search for an account's offer."""
        return FindOffer(HoldStore(self.db), self.events.clock)


@dataclass(frozen=True)
class OfferServices:
    """The use cases of waiting lists."""

    join: JoinTierWaitlist
    leave: LeaveTierWaitlist
    find_own_entries: FindOwnEntries


def build_rows(base: Foundation) -> dict[type, TicketRows]:
    """Return the rows of the requests that come before an offer, in the order in which they are written."""
    return {
        OfferUse: OfferUseRows(base.held, ReservationStore(base.db), base.seats),
        TierDeparture: TierDepartureRows(base.entries, base.queues),
    }


def build_last_rows(base: Foundation) -> dict[type, TicketRows]:
    """Return the rows that are written after all others: offers of what is free, then the joins of sold-out tiers."""
    accounts = AccountStore(base.db)
    queues = Queues(base.entries, base.queues)
    return {
        Offering: OfferingRows(queues, base.events, accounts, base.held, base.seats),
        TierJoining: TierJoiningRows(base.entries, base.queues, base.events, base.events.clock),
    }


def build(base: Foundation, group_commit: GroupCommit) -> OfferServices:
    """Return the use cases of waiting lists."""
    return OfferServices(
        join=JoinTierWaitlist(group_commit, base.events),
        leave=LeaveTierWaitlist(group_commit, base.events, base.entries, base.find_offer),
        find_own_entries=FindOwnEntries(base.entries),
    )
