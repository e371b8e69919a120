"""Counts of tickets by tier, recounted from the rows of all that claims tickets. `SOURCES` is the list to extend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.mongo.client import Db, Document
from core.mongo.key_ranges import key_ranges
from core.mongo.transactions import Session
from events.mapping import to_stock
from events.model import TicketStock
from events.seat_store import SCHEMA as SEATS
from events.seat_store import SeatStore
from events.store import EVENTS, STOCK
from orders.holds.store import ACTIVE as ACTIVE_HOLDS
from orders.holds.store import SCHEMA as HOLDS
from orders.offers.store import SCHEMA as WAITLIST
from orders.offers.store import WAITING
from orders.reservations.store import ACTIVE as ACTIVE_RESERVATIONS
from orders.reservations.store import SCHEMA as RESERVATIONS
from orders.store import OPEN as OPEN_ORDERS
from orders.store import SCHEMA as ORDERS
from orders.tickets.model import TicketState
from orders.tickets.store import SCHEMA as TICKETS

# Rows of a range: a tenth of a second of the database.
RANGE = 50_000
ISSUED = {"state": {"$in": [TicketState.VALID.value, TicketState.CHECKED_IN.value]}}


@dataclass(frozen=True)
class ClaimSource:
    """A collection whose rows that match `where` have tickets: one each, or the quantities of their `items`."""

    collection: str
    where: Document
    has_items: bool = False
    held: bool = False
    # A partial index of just these rows, which are few; without one the collection is read a range of ids at a time.
    index: str = ""

    @property
    def seat_stages(self) -> list[Document]:
        """The aggregation that yields the ids of the seats."""
        if not self.has_items:
            with_seat = {**self.where, "seat": {"$gt": ""}}
            return [{"$match": with_seat}, {"$project": {"tierId": 1, "seat": 1}}]
        return [
            {"$match": {**self.where, "items.seats.0": {"$exists": True}}},
            {"$unwind": "$items"},
            {"$unwind": "$items.seats"},
            {"$project": {"tierId": "$items.tierId", "seat": "$items.seats"}},
        ]

    @property
    def stages(self) -> list[Document]:
        """The aggregation that counts the tickets by tier."""
        if not self.has_items:
            return [{"$match": self.where}, {"$group": {"_id": "$tierId", "n": {"$sum": 1}}}]
        grouping = {"_id": "$items.tierId", "n": {"$sum": "$items.quantity"}}
        return [{"$match": self.where}, {"$unwind": "$items"}, {"$group": grouping}]

    def read(self, db: Db, snapshot: Session, stages: Sequence[Document]) -> Iterator[Document]:
        """Yield the results of an aggregation, for each part of the collection after the other."""
        rows = db[self.collection]
        if self.index:
            yield from rows.aggregate(stages, session=snapshot, hint=self.index)
            return
        for ids in key_ranges(snapshot, [(rows, "_id")], RANGE):
            yield from rows.aggregate([{"$match": {"_id": ids}}, *stages], session=snapshot)


SOURCES: Sequence[ClaimSource] = (
    ClaimSource(RESERVATIONS.name, ACTIVE_RESERVATIONS),
    ClaimSource(HOLDS.name, ACTIVE_HOLDS, has_items=True, held=True, index="active_by_expiry"),
    ClaimSource(ORDERS.name, OPEN_ORDERS, has_items=True, held=True, index="by_deadline"),
    ClaimSource(TICKETS.name, ISSUED),
)


@dataclass(frozen=True)
class ClaimCounts:
    """Numbers by tier: tickets that are claimed, those of them that are held, people who wait, and taken seats."""

    taken: Mapping[str, int]
    held: Mapping[str, int]
    waiting: Mapping[str, int]
    seats: Mapping[str, int]


class ClaimCountStore:
    """Reads of one snapshot."""

    def __init__(self, db: Db) -> None:
        self._db = db

    def counts(self, snapshot: Session) -> ClaimCounts:
        """Return the counts of all claims."""
        taken: Counter[str] = Counter()
        held: Counter[str] = Counter()
        for source in SOURCES:
            found = self._grouped(snapshot, source)
            taken.update(found)
            if source.held:
                held.update(found)
        waiting = ClaimSource(WAITLIST.name, WAITING)
        seats = ClaimSource(SEATS.name, {"holder": {"$type": "string"}})
        return ClaimCounts(
            taken=taken,
            held=held,
            waiting=self._grouped(snapshot, waiting),
            seats=self._grouped(snapshot, seats),
        )

    def seat_mismatches(self, snapshot: Session) -> Counter[str]:
        """Return by tier id how many seats have no claim, have two, or are free though a claim has them."""
        wrong: Counter[str] = Counter()
        claimed: set[tuple[str, str]] = set()
        for source in SOURCES:
            for row in source.read(self._db, snapshot, source.seat_stages):
                seat = (row["tierId"], row["seat"])
                wrong[seat[0]] += seat in claimed
                claimed.add(seat)
        for taken in SeatStore(self._db).all_taken(snapshot):
            seat = (taken.tier_id, taken.label)
            wrong[seat[0]] += seat not in claimed
            claimed.discard(seat)
        wrong.update(tier_id for tier_id, _ in claimed)
        return +wrong

    def stock(self, snapshot: Session) -> list[tuple[TicketStock, int]]:
        """Return all stock rows, those of an event together, each with the number of people who wait for it."""
        found = self._db[STOCK.name].find({}, session=snapshot).sort("eventId", 1)
        return [(to_stock(row), row.get("waiting", 0)) for row in found]

    def on_sale(self, snapshot: Session, now: object) -> set[str]:
        """Return the ids of the events whose tickets are on sale."""
        query = {"status": "published", "salesEnd": {"$gt": now}}
        return {row["_id"] for row in self._db[EVENTS.name].find(query, {"_id": 1}, session=snapshot)}

    def _grouped(self, snapshot: Session, source: ClaimSource) -> Counter[str]:
        counts: Counter[str] = Counter()
        for row in source.read(self._db, snapshot, source.stages):
            counts[row["_id"]] += row["n"]
        return counts
