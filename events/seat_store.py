"""The `seats` collection: one document for each seat of a numbered tier; a claim is a conditional update of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pymongo import ASCENDING, IndexModel

from core.mongo.client import MAJORITY_READ, Db, Document
from core.mongo.schema import CollectionSchema
from core.mongo.transactions import Session, Update, bulk_update, insert
from events.seats import Seat, seat_id

FREE: Document = {"holder": None}
SCHEMA = CollectionSchema(
    name="seats",
    indexes=(
        IndexModel([("tierId", ASCENDING), ("holder", ASCENDING), ("position", ASCENDING)], name="free_in_order"),
        IndexModel([("holder", ASCENDING)], partialFilterExpression={"holder": {"$type": "string"}}, name="by_holder"),
        IndexModel([("eventId", ASCENDING)]),
    ),
    validator={"$jsonSchema": {"required": ["tierId", "eventId", "seat", "row", "number", "position", "sold"]}},
)


@dataclass(frozen=True)
class SeatClaim:
    """Seats of one tier that change their holder; `sold` says that they are no longer only held."""

    tier_id: str
    labels: Sequence[str]
    holder: str
    sold: bool

    @property
    def seat_ids(self) -> list[str]:
        """The ids of the seats."""
        return [seat_id(self.tier_id, label) for label in self.labels]


class SeatStore:
    """Seats in MongoDB. Every write is part of the caller's transaction, which writes the stock of their tier."""

    def __init__(self, db: Db) -> None:
        self._seats = db[SCHEMA.name]
        self._committed = self._seats.with_options(read_concern=MAJORITY_READ)

    def insert(self, session: Session, seats: Sequence[Seat]) -> None:
        """Insert the seats of a new tier."""
        insert(session, self._seats, list(map(_document, seats)))

    def first_free(self, session: Session, tier_id: str, limit: int) -> list[Seat]:
        """Return up to `limit` free seats of a tier in the organiser's order; all with a limit of 0."""
        found = self._seats.find({"tierId": tier_id, **FREE}, session=session).sort("position", ASCENDING)
        return list(map(_seat, found.limit(limit)))

    def free_of(self, session: Session, seat_ids: Iterable[str]) -> list[Seat]:
        """Return those of the seats that are free, in the organiser's order."""
        found = self._seats.find({"_id": {"$in": list(seat_ids)}, **FREE}, session=session)
        return list(map(_seat, found.sort("position", ASCENDING)))

    def claim(self, session: Session, claims: Sequence[SeatClaim]) -> bool:
        """Give free seats to their holders; return False if one is taken: the transaction must be aborted."""
        return self._hold(session, [(FREE, claim) for claim in claims])

    def transfer(self, session: Session, holder: str, claims: Sequence[SeatClaim]) -> bool:
        """Give seats of `holder` to other holders; return False if one is not its own, as in `claim`."""
        return self._hold(session, [({"holder": holder}, claim) for claim in claims])

    def release(self, session: Session, holders: Sequence[str]) -> None:
        """Free all seats of `holders`."""
        # The type is that of the partial index, which serves no query without it.
        held = {"holder": {"$in": list(holders), "$type": "string"}}
        bulk_update(session, self._seats, [(held, {"$set": {"holder": None, "sold": False}})])

    def release_some(self, session: Session, holder: str, tier_id: str, labels: Sequence[str]) -> bool:
        """Free some seats of `holder`; return False if one is not its own, as in `claim`."""
        ids = [seat_id(tier_id, label) for label in labels]
        change = {"$set": {"holder": None, "sold": False}}
        return bulk_update(session, self._seats, [({"_id": {"$in": ids}, "holder": holder}, change)]) == len(ids)

    def delete_of_event(self, session: Session, event_id: str) -> None:
        """Delete the seats of an event that is deleted."""
        self._seats.delete_many({"eventId": event_id}, session=session)

    def of_tier(self, tier_id: str) -> list[Seat]:
        """Return all seats of a tier in the organiser's order."""
        return list(map(_seat, self._seats.find({"tierId": tier_id}).sort("position", ASCENDING)))

    def taken_of_tier(self, tier_id: str) -> dict[int, str]:
        """Return the holders of the taken seats of a tier by their positions; the index has all that is read."""
        found = self._seats.find({"tierId": tier_id, "holder": {"$gt": ""}}, {"_id": 0, "position": 1, "holder": 1})
        return {document["position"]: document["holder"] for document in found.to_list()}

    def holders_committed(self, seat_ids: Iterable[str]) -> dict[str, str]:
        """Return the holder of each seat in the majority-committed data; empty if it is free, none if unknown."""
        found = self._committed.find({"_id": {"$in": list(seat_ids)}}, {"holder": 1})
        return {document["_id"]: document["holder"] or "" for document in found}

    def all_taken(self, session: Session) -> Iterator[Seat]:
        """Yield all seats of a snapshot that have a holder."""
        return map(_seat, self._seats.find({"holder": {"$type": "string"}}, session=session))

    def _hold(self, session: Session, claims: Sequence[tuple[Document, SeatClaim]]) -> bool:
        updates: list[Update] = []
        for present, claim in claims:
            change = {"$set": {"holder": claim.holder, "sold": claim.sold}}
            updates.append(({"_id": {"$in": claim.seat_ids}, **present}, change))
        return bulk_update(session, self._seats, updates) == sum(len(claim.labels) for _, claim in claims)


def _document(seat: Seat) -> Document:
    return {
        "_id": seat.id,
        "tierId": seat.tier_id,
        "eventId": seat.event_id,
        "seat": seat.label,
        "row": seat.row,
        "number": seat.number,
        "position": seat.position,
        "holder": seat.holder or None,
        "sold": seat.sold,
    }


def _seat(document: Document) -> Seat:
    return Seat(
        tier_id=document["tierId"],
        event_id=document["eventId"],
        label=document["seat"],
        row=document["row"],
        number=document["number"],
        position=document["position"],
        holder=document["holder"] or "",
        sold=document["sold"],
    )
