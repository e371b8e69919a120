"""The `waitlist` collection. The slot's document counts its waiting entries; both change in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import ASCENDING, IndexModel, ReturnDocument, UpdateOne
from pymongo.collection import Collection

from core.mongo.client import MAJORITY_READ, Db, Document
from core.mongo.schema import CollectionSchema
from core.mongo.transactions import Session, insert
from waitlist.errors import EntryNotFound
from waitlist.model import State, WaitlistEntry

# The e-mail address, the slot id and the request's key, which may be empty.
Identity = tuple[str, str, str]
WAITING = {"state": State.WAITING.value}
SCHEMA = CollectionSchema(
    name="waitlist",
    indexes=(
        IndexModel(
            [("slotId", ASCENDING), ("email", ASCENDING)],
            unique=True,
            partialFilterExpression=WAITING,
            name="one_entry_per_guest_and_slot",
        ),
        # With the state in its keys, the index alone counts the entries in front of another one.
        IndexModel(
            [("slotId", ASCENDING), ("state", ASCENDING), ("ticket", ASCENDING)],
            unique=True,
            partialFilterExpression=WAITING,
            name="queue_order",
        ),
        # Older entries have a field `key`, which was not unique.
        IndexModel(
            [("requestKey", ASCENDING), ("email", ASCENDING), ("slotId", ASCENDING)],
            unique=True,
            partialFilterExpression={"requestKey": {"$exists": True}},
            name="one_entry_per_request",
        ),
        IndexModel([("email", ASCENDING)]),
        IndexModel([("date", ASCENDING)]),
    ),
    former_indexes=("in_order",),
    validator={"$jsonSchema": {"required": ["slotId", "email", "ticket", "state", "createdAt"]}},
)


class WaitlistStore:
    """Waiting-list entries in MongoDB."""

    def __init__(self, db: Db) -> None:
        self._entries = db[SCHEMA.name]
        self._majority = self._entries.with_options(read_concern=MAJORITY_READ)

    def add(self, session: Session, entries: Sequence[tuple[WaitlistEntry, str]]) -> None:
        """Insert entries, each with its request's key, within the caller's transaction.

        BulkError, which ends the transaction, says that a guest waits already, or that a request was carried out.
        """
        insert(session, self._entries, [_document(entry, key) for entry, key in entries])

    def known(self, session: Session | None, identities: Sequence[Identity]) -> set[Identity]:
        """Return, in the caller's transaction, those of `identities` whose guest waits or whose key made an entry."""
        return _known(self._entries, identities, session)

    def known_committed(self, identities: Sequence[Identity]) -> set[Identity]:
        """Return the same of the majority-committed entries."""
        return _known(self._majority, identities, None)

    def next_in_line(
        self, session: Session | None, slot_id: str, limit: int, largest: int | None = None
    ) -> list[WaitlistEntry]:
        """Return up to `limit` waiting entries of a slot in order that want at most `largest` places, if given."""
        query: Document = {"slotId": slot_id, **WAITING}
        if largest is not None:
            query["seats"] = {"$not": {"$gt": largest}}  # One place has no field.
        found = self._entries.find(query, session=session).sort("ticket", ASCENDING)
        return [_entry(document) for document in found.limit(limit)]

    def promote(self, session: Session, bookings: Mapping[str, str]) -> None:
        """Mark entries promoted within the caller's transaction; `bookings` maps entry ids to booking ids."""
        self._entries.bulk_write(
            [
                UpdateOne({"_id": entry_id, **WAITING}, {"$set": {"state": State.PROMOTED, "bookingId": booking_id}})
                for entry_id, booking_id in bookings.items()
            ],
            session=session,
        )

    def leave(self, session: Session, entry_id: str) -> WaitlistEntry | None:
        """Mark an entry left within the caller's transaction; return None if it does not wait."""
        document = self._entries.find_one_and_update(
            {"_id": entry_id, **WAITING},
            {"$set": {"state": State.LEFT}},
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        return _entry(document) if document else None

    def lock_if_waiting(self, session: Session, entry_id: str) -> bool:
        """Return whether an entry waits; write-lock it for the caller's transaction."""
        done = self._entries.update_one({"_id": entry_id, **WAITING}, {"$inc": {"touched": 1}}, session=session)
        return done.matched_count == 1

    def get(self, entry_id: str) -> WaitlistEntry:
        """Return an entry; raises EntryNotFound."""
        document = self._entries.find_one({"_id": entry_id})
        if document is None:
            raise EntryNotFound
        return _entry(document)

    def by_request_key(self, key: str, slot_id: str, email: str) -> WaitlistEntry | None:
        """Return the majority-committed entry, in any state, that a guest's request with `key` made; None without."""
        if not key:
            return None
        found = self._majority.find_one({"requestKey": key, "email": email, "slotId": slot_id})
        return _entry(found) if found else None

    def position(self, entry: WaitlistEntry) -> int:
        """Return the position of an entry in its slot's queue, from 1; 0 if it no longer waits."""
        if entry.state is not State.WAITING:
            return 0
        ahead = {"slotId": entry.slot_id, "ticket": {"$lt": entry.queue_number}, **WAITING}
        return self._entries.count_documents(ahead) + 1

    def count_by_slot(self, session: Session) -> dict[str, int]:
        """Return the number of waiting entries by slot."""
        counting: list[Document] = [{"$match": WAITING}, {"$group": {"_id": "$slotId", "n": {"$sum": 1}}}]
        return {row["_id"]: row["n"] for row in self._entries.aggregate(counting, session=session)}

    def by_email(self, email: str) -> list[WaitlistEntry]:
        """Return all entries of a guest."""
        return [_entry(found) for found in self._entries.find({"email": email})]

    def before_date(self, date: str) -> list[WaitlistEntry]:
        """Return all entries for slots before `date`."""
        return [_entry(found) for found in self._entries.find({"date": {"$lt": date}})]

    def delete(self, ids: Sequence[str]) -> None:
        """Delete entries that no longer wait."""
        self._entries.delete_many({"_id": {"$in": list(ids)}, "state": {"$ne": State.WAITING}})


def _known(entries: Collection[Document], identities: Sequence[Identity], session: Session | None) -> set[Identity]:
    emails = sorted({email for email, _, _ in identities})
    slot_ids = sorted({slot_id for _, slot_id, _ in identities})
    keys = sorted({key for _, _, key in identities if key})
    wanted = {"email": {"$in": emails}, "slotId": {"$in": slot_ids}, "$or": [WAITING, {"requestKey": {"$in": keys}}]}
    guests = set()
    requests = set()
    for found in entries.find(wanted, {"email": 1, "slotId": 1, "state": 1, "requestKey": 1}, session=session):
        guest = found["email"], found["slotId"]
        requests.add((*guest, found.get("requestKey")))
        if found["state"] == State.WAITING:
            guests.add(guest)
    return {identity for identity in identities if identity in requests or identity[:2] in guests}


def _document(entry: WaitlistEntry, key: str) -> Document:
    document: dict[str, Any] = {
        "_id": entry.id,
        "slotId": entry.slot_id,
        "date": entry.date,
        "slot": entry.slot,
        "ticket": entry.queue_number,
        "fullName": entry.full_name,
        "email": entry.email,
        "phone": entry.phone,
        "country": entry.country,
        "createdAt": entry.created_at,
        "state": entry.state.value,
        "language": entry.language,
    }
    if entry.seats > 1:
        document["seats"] = entry.seats
    if key:
        document["requestKey"] = key
    return document


def _entry(document: Document) -> WaitlistEntry:
    return WaitlistEntry(
        id=document["_id"],
        slot_id=document["slotId"],
        date=document["date"],
        slot=document["slot"],
        queue_number=document["ticket"],
        full_name=document["fullName"],
        email=document["email"],
        phone=document["phone"],
        country=document["country"],
        created_at=document["createdAt"],
        state=State(document["state"]),
        booking_id=document.get("bookingId"),
        language=document.get("language", "en"),
        seats=document.get("seats", 1),
    )
