"""Consistency of stored events: each has exactly the tiers it names, and each stock row has its event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from core.folding import fold
from core.mongo.client import Client, Db, Document
from core.mongo.transactions import Session, transaction
from events.model import StockKind
from events.store import EVENTS, STOCK

TIMEOUT = 60.0
FIELDS = {"tierIds": 1, "title": 1, "titleKey": 1}


@dataclass(frozen=True)
class FindEventMismatches:
    """Compares events with their stock rows in one snapshot."""

    client: Client
    db: Db

    def execute(self) -> list[str]:
        """Return a sentence for each mismatch."""
        return transaction(self.client, partial(_mismatches, self.db), TIMEOUT)


def _mismatches(db: Db, session: Session) -> list[str]:
    rows: dict[str, list[Document]] = {}
    for row in db[STOCK.name].find({}, {"eventId": 1, "kind": 1}, session=session):
        rows.setdefault(row["eventId"], []).append(row)
    found: list[str] = []
    for event in db[EVENTS.name].find({}, FIELDS, session=session):
        found += _of_event(event, rows.pop(event["_id"], []))
    for event_id, orphans in sorted(rows.items()):
        found.append(f"{len(orphans)} stock rows of event {event_id}, which does not exist.")
    return found


def _of_event(event: Document, rows: list[Document]) -> Iterator[str]:
    tiers = {row["_id"] for row in rows if row["kind"] == StockKind.TIER.value}
    if tiers != set(event["tierIds"]):
        yield f"event {event['_id']} names {len(event['tierIds'])} tiers and has {len(tiers)} stock rows of tiers."
    if len(rows) - len(tiers) > 1:
        yield f"event {event['_id']} has more than one pool."
    if event["titleKey"] != fold(event["title"]):
        yield f"event {event['_id']} is sorted by another title than it has."
