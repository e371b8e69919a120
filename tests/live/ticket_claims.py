"""Claims of tickets through the group commit of tickets, which write no row of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.clock import now
from core.mongo.client import Db
from core.mongo.transactions import Session
from events.model import Event
from events.pool_store import EventPools
from events.service import Events
from events.store import EventStore
from inventory.group_commit import GroupCommit
from inventory.requests import RowsOfKind, StockChange
from notifications.outbox.model import OutboxEmail
from notifications.wiring import build_outbox
from orders.event_cache import EventCache
from orders.group_commit import TicketRecords


@dataclass(frozen=True)
class Claim:
    """A claim or a release of tickets."""


class NoRows(RowsOfKind[OutboxEmail]):
    """The rows of claims: none."""

    def write(self, _session: Session, _requests: Sequence[Any]) -> list[OutboxEmail]:
        return []


class Claims:
    """Claims and releases tickets in `db`, whose client has a replica set."""

    def __init__(self, db: Db) -> None:
        self.store = EventStore(db)
        outbox = build_outbox(db, now, ())
        cache = EventCache(Events(self.store, now))
        records = TicketRecords(cache, EventPools(db), outbox, {Claim: NoRows()})
        self._group_commit = GroupCommit(db.client, self.store.stock, records)

    def claim(self, event: Event, quantity: int = 1, tier: int = 0) -> None:
        """Claim tickets of a tier of `event`, or release them if `quantity` is negative."""
        self.change(event.lines_of(event.tiers[tier], quantity))

    def change(self, lines: dict[str, int]) -> None:
        request: StockChange[Claim, None] = StockChange(Claim(), lines)
        self._group_commit.submit(request)

    def remaining(self, event: Event) -> int:
        return self.store.get(event.id).remaining
