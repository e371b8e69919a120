"""Joining the waiting list of a sold-out tier through the ticket group commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core import log
from core.clock import Clock
from core.concurrency.batcher import PendingRequest
from core.errors import DomainError
from core.ids import new_id
from core.mongo.transactions import Session
from events.errors import SalesClosed, TierNotFound
from events.model import Event, Tier
from events.service import Events
from inventory.group_commit import GroupCommit
from inventory.requests import RowsOfKind, StockChange
from notifications.outbox.model import OutboxEmail
from orders.offers.errors import AlreadyInLine, LineFull, NotSoldOut
from orders.offers.model import MAX_WAITING, TierEntry
from orders.offers.queue_store import QueueStore
from orders.offers.store import TierWaitlistStore, Waiter

LOG = log.get_logger("orders")


@dataclass(frozen=True)
class TierJoining:
    """Appends an account to the waiting list of a tier."""

    event_id: str
    tier_id: str
    account_id: str
    quantity: int

    @property
    def waiter(self) -> Waiter:
        """The tier's id and the account's id."""
        return self.tier_id, self.account_id


# The answer is the position from 1.
Request = StockChange[TierJoining, int]
Batch = Sequence[PendingRequest[Request, int]]


@dataclass(frozen=True)
class JoinTierWaitlist:
    """Adds accounts to waiting lists."""

    group_commit: GroupCommit
    events: Events

    def execute(self, tier_id: str, account_id: str, quantity: int) -> int:
        """Append an account; return its position from 1.

        Raises TierNotFound, EventCancelled, SalesClosed, NotSoldOut, AlreadyInLine or LineFull.
        """
        event, tier = self.events.of_tier(tier_id)
        self.events.require_on_sale(event)
        joining = TierJoining(event.id, tier_id, account_id, quantity)
        # A line of 0 for each stock row, so that contention for it is seen.
        request: Request = StockChange(joining, event.lines_of(tier, 0), frozenset((("waiting", joining.waiter),)))
        position = self.group_commit.submit(request)
        LOG.info("tier_waitlist_joined", tier=tier_id)
        return position


@dataclass(frozen=True)
class TierJoiningRows(RowsOfKind[OutboxEmail]):
    """The rows of accounts that join: stock rows and entries."""

    entries: TierWaitlistStore
    queues: QueueStore
    events: Events
    clock: Clock

    def write(self, session: Session, requests: Sequence[Request]) -> list[OutboxEmail]:
        """Append the accounts in order of arrival, but for those that may not wait."""
        known = self.entries.waiting([request.detail.waiter for request in requests], session)
        events = self.events.store.get_many({request.detail.event_id for request in requests}, session)
        by_tier: dict[str, list[Request]] = {}
        for request in requests:
            if request.detail.waiter in known:
                request.outcome = AlreadyInLine()
            else:
                by_tier.setdefault(request.detail.tier_id, []).append(request)
        entries: list[TierEntry] = []
        for joining in by_tier.values():
            found = _tier_of(events, joining[0].detail)
            if found:
                entries += self._join(session, found, joining)
            else:
                _refuse(joining, TierNotFound())
        if entries:
            self.entries.add(session, entries)
        return []

    def answer_duplicates(self, batch: Batch) -> None:
        """Refuse the accounts that wait already."""
        known = self.entries.waiting(pending.request.detail.waiter for pending in batch)
        for pending in batch:
            if pending.request.detail.waiter in known:
                pending.reject(AlreadyInLine())

    def _join(self, session: Session, found: tuple[Event, Tier], requests: Sequence[Request]) -> list[TierEntry]:
        event, tier = found
        length = tier.waiting
        joined = []
        for request in requests:
            refusal = _refusal(event, tier, length)
            if refusal:
                request.outcome = refusal
                continue
            length += 1
            request.outcome = length
            joined.append(request.detail)
        if not joined:
            return []
        pool_ids = event.lines_of(tier, 0).keys() - {tier.id}
        number = self.queues.join(session, tier.id, pool_ids, len(joined))
        return [self._entry(joining, number + place) for place, joining in enumerate(joined, 1)]

    def _entry(self, joining: TierJoining, queue_number: int) -> TierEntry:
        now = self.clock()
        return TierEntry(
            id=new_id(now),
            event_id=joining.event_id,
            tier_id=joining.tier_id,
            account_id=joining.account_id,
            quantity=joining.quantity,
            queue_number=queue_number,
            created_at=now,
        )


def _tier_of(events: Mapping[str, Event], joining: TierJoining) -> tuple[Event, Tier] | None:
    """Return the event and the tier as the transaction sees them, or None if they were deleted."""
    try:
        event = events[joining.event_id]
        return event, event.tier(joining.tier_id)
    except KeyError:
        return None


def _refuse(requests: Sequence[Request], error: DomainError) -> None:
    for request in requests:
        request.outcome = error


def _refusal(event: Event, tier: Tier, length: int) -> DomainError | None:
    """Return the reason why no account can join, or None."""
    if tier.closed:
        return SalesClosed()
    if event.remaining_of(tier) > 0:
        return NotSoldOut()
    return LineFull() if length >= MAX_WAITING else None
