"""Leaving the waiting list of a tier through the ticket group commit; an open offer of the tier is released."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.concurrency.batcher import PendingRequest
from core.mongo.transactions import Session
from events.service import Events
from inventory.group_commit import GroupCommit
from inventory.requests import RowsOfKind, StockChange
from notifications.outbox.model import OutboxEmail
from orders.holds.ending import ending_of
from orders.holds.model import HoldState
from orders.offers.find_offer import FindOffer
from orders.offers.queue_store import QueueStore
from orders.offers.store import TierWaitlistStore, Waiter


@dataclass(frozen=True)
class TierDeparture:
    """Removes an account from the waiting list of a tier; `stock_ids` are those of the tier and its pool."""

    waiter: Waiter
    stock_ids: Sequence[str]


# The answer is whether the account waited.
Request = StockChange[TierDeparture, bool]


@dataclass(frozen=True)
class LeaveTierWaitlist:
    """Removes accounts from waiting lists."""

    group_commit: GroupCommit
    events: Events
    entries: TierWaitlistStore
    offers: FindOffer

    def execute(self, tier_id: str, account_id: str) -> None:
        """Remove an account, if it waits, and release its offer, if it has one. Raises TierNotFound."""
        event, tier = self.events.of_tier(tier_id)
        self._leave((tier_id, account_id), list(event.lines_of(tier, 0)))
        offer = self.offers.of_tier(tier_id, account_id)
        if offer:
            self.group_commit.submit(ending_of([offer], HoldState.RELEASED))

    def release(self, account_id: str) -> None:
        """Remove a deleted account from all waiting lists. Idempotent."""
        for entry in self.entries.waiting_of(account_id):
            event = self.events.store.get(entry.event_id)
            self._leave((entry.tier_id, account_id), list(event.lines_of(event.tier(entry.tier_id), 0)))
        self.entries.delete_of(account_id)

    def _leave(self, waiter: Waiter, stock_ids: Sequence[str]) -> None:
        request: Request = StockChange(
            TierDeparture(waiter, stock_ids), dict.fromkeys(stock_ids, 0), frozenset((("waiting", waiter),))
        )
        self.group_commit.submit(request)


@dataclass(frozen=True)
class TierDepartureRows(RowsOfKind[OutboxEmail]):
    """The rows of accounts that leave: stock rows and entries."""

    entries: TierWaitlistStore
    queues: QueueStore

    def write(self, session: Session, requests: Sequence[Request]) -> list[OutboxEmail]:
        """Mark the entries as left; accounts that do not wait change nothing."""
        waiting = self.entries.waiting([request.detail.waiter for request in requests], session)
        counts: Counter[str] = Counter()
        for request in requests:
            request.outcome = request.detail.waiter in waiting
            if request.outcome:
                counts.update(request.detail.stock_ids)
        self.queues.leave(session, counts)
        if waiting:
            self.entries.leave(session, [entry.id for entry in waiting.values()])
        return []

    def answer_duplicates(self, batch: Sequence[PendingRequest[Request, bool]]) -> None:
        """Answer the departures of accounts that do not wait."""
        waiting = self.entries.waiting(pending.request.detail.waiter for pending in batch)
        for pending in batch:
            if pending.request.detail.waiter not in waiting:
                pending.resolve(value=False)
