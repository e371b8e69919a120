"""Offers to the first in line: tickets that come free are held for them within the transaction that frees them."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from accounts.model import Account
from accounts.store import AccountStore
from core.ids import new_id
from core.mongo.transactions import Session
from events.model import Event, EventStatus
from events.service import Events
from inventory.requests import RowsOfKind, StaleRequest
from notifications.outbox.model import OutboxEmail
from orders import emails
from orders.holds.model import HeldItem, Hold, HoldKind
from orders.holds.tickets import HeldTickets
from orders.offers.model import OFFER_LIFETIME, TierEntry
from orders.offers.offering import Request
from orders.offers.queue_store import QueueStore
from orders.offers.shares import Shares
from orders.offers.store import TierWaitlistStore
from orders.seats.picking import SeatRequest, Seats


@dataclass(frozen=True)
class Queues:
    """The waiting lists: entries, and the counts in the stock rows."""

    entries: TierWaitlistStore
    counts: QueueStore


@dataclass(frozen=True)
class Share:
    """The tickets that an account in line gets."""

    entry: TierEntry
    account: Account
    count: int


@dataclass(frozen=True)
class OfferingRows(RowsOfKind[OutboxEmail]):
    """The rows of offers: holds, their tickets, and the entries that get them."""

    queues: Queues
    events: Events
    accounts: AccountStore
    tickets: HeldTickets
    seats: Seats

    def write(self, session: Session, requests: Sequence[Request]) -> list[OutboxEmail]:
        """Hold free tickets for waiting accounts; return their e-mails."""
        stock_ids = {stock_id for request in requests for stock_id in request.detail.stock_ids}
        event_ids = self.queues.counts.events_waiting(session, stock_ids)
        if not event_ids:
            return []
        written: list[OutboxEmail] = []
        for event in self.events.store.get_many(event_ids, session).values():
            if event.status is EventStatus.PUBLISHED and self.events.clock() < event.sales_end:
                written += self._hold(session, event, self._share(session, event))
        return written

    def _share(self, session: Session, event: Event) -> list[Share]:
        """Return who gets the free tickets of an event; deleted and disabled accounts leave their queues."""
        left = Shares(event)
        shared: list[Share] = []
        seen: set[str] = set()
        while waiting := self._next_in_line(session, event, left, seen):
            accounts = self.accounts.get_many({entry.account_id for entry in waiting}, session)
            gone: list[TierEntry] = []
            for entry in waiting:
                seen.add(entry.id)
                account = accounts.get(entry.account_id)
                if account is None or account.disabled:
                    gone.append(entry)
                elif left.free(entry.tier_id):
                    shared.append(Share(entry, account, left.take(entry)))
            if gone:
                self.queues.entries.leave(session, [entry.id for entry in gone])
                self._leave_queues(session, event, gone)
        return shared

    def _next_in_line(self, session: Session, event: Event, left: Shares, seen: Collection[str]) -> list[TierEntry]:
        """Return the next entries of all tiers with free tickets, those that came first before the others."""
        queues: list[list[TierEntry]] = []
        for tier in event.tiers:
            free = left.free(tier.id)
            if tier.waiting and free:
                queues.append(self.queues.entries.next_in_line(session, tier.id, free + len(seen)))
        # A merge preserves the order of each queue, also where clocks differ.
        merged = heapq.merge(*queues, key=lambda entry: entry.id)
        return [entry for entry in merged if entry.id not in seen]

    def _hold(self, session: Session, event: Event, shared: Sequence[Share]) -> list[OutboxEmail]:
        if not shared:
            return []
        holds = [self._new_hold(event, share) for share in shared]
        lines: Counter[str] = Counter()
        for hold in holds:
            lines.update(hold.lines)
        if not self.events.store.stock.claim(session, lines):
            raise StaleRequest
        holds = [self._with_seats(session, event, hold) for hold in holds]
        self.tickets.begin(session, holds)
        pairs = list(zip(shared, holds, strict=True))
        self.queues.entries.offer(session, {share.entry.id: hold.id for share, hold in pairs})
        self._leave_queues(session, event, [share.entry for share in shared])
        return [emails.offer(hold, event, share.account) for share, hold in pairs]

    def _new_hold(self, event: Event, share: Share) -> Hold:
        now = self.events.clock()
        tier = event.tier(share.entry.tier_id)
        item = HeldItem(
            event_id=event.id,
            tier_id=tier.id,
            code=tier.code,
            name=tier.name,
            quantity=share.count,
            price=tier.price,
            currency=event.currency,
        )
        return Hold(
            id=new_id(now),
            account_id=share.account.id,
            kind=HoldKind.OFFER,
            items=[item],
            lines=event.lines_of(tier, share.count),
            created_at=now,
            expires_at=now + OFFER_LIFETIME,
        )

    def _with_seats(self, session: Session, event: Event, hold: Hold) -> Hold:
        item = hold.items[0]
        if not event.tier(item.tier_id).numbered:
            return hold
        wanted = SeatRequest(holder=hold.id, tier_id=item.tier_id, quantity=item.quantity)
        (labels,) = self.seats.pick(session, [wanted])
        return replace(hold, items=[replace(item, seats=list(labels))])

    def _leave_queues(self, session: Session, event: Event, entries: Iterable[TierEntry]) -> None:
        counts: Counter[str] = Counter()
        for entry in entries:
            counts.update(event.lines_of(event.tier(entry.tier_id), 1))
        self.queues.counts.leave(session, counts)
