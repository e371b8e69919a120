"""Pools of events, as a transaction of claims looks for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from core.mongo.client import Db
from core.mongo.transactions import Session
from events.model import StockKind
from events.store import STOCK

MAX_KNOWN = 100_000


class EventPools:
    """The pools in the collection of stock."""

    def __init__(self, db: Db) -> None:
        self._rows = db[STOCK.name]
        # Of tiers and pools, which never change their event.
        self._event_ids: dict[str, str] = {}

    def are_left_out(self, session: Session, claims: Iterable[Collection[str]]) -> bool:
        """Return whether an event has a pool now that is missing in a claim, the ids of stock, of one of its tiers.

        A new pool writes the rows of the tiers, as a claim does, so that one of two transactions sees the other.
        """
        by_event: dict[str, list[Collection[str]]] = {}
        for claimed in claims:
            for event_id in self._events_of(claimed):
                by_event.setdefault(event_id, []).append(claimed)
        if not by_event:
            return False
        wanted = {"eventId": {"$in": list(by_event)}, "kind": StockKind.POOL.value}
        for row in self._rows.find(wanted, {"eventId": 1}, session=session):
            if any(row["_id"] not in claimed for claimed in by_event[row["eventId"]]):
                return True
        return False

    def _events_of(self, stock_ids: Collection[str]) -> set[str]:
        """Return the ids of the events of some stock; a deleted one has none."""
        known = self._event_ids
        missing = [stock_id for stock_id in stock_ids if stock_id not in known]
        if missing:
            if len(known) > MAX_KNOWN:
                known.clear()
            for row in self._rows.find({"_id": {"$in": missing}}, {"eventId": 1}):
                known[row["_id"]] = row["eventId"]
        return {known[stock_id] for stock_id in stock_ids if stock_id in known}
