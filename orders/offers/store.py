"""The `tier_waitlist` collection. The stock rows count its waiting entries; both change in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pymongo import ASCENDING, IndexModel

from core.mongo.client import MAJORITY_READ, Db, Document
from core.mongo.schema import CollectionSchema
from core.mongo.transactions import Session, Update, bulk_update, insert
from orders.offers.model import EntryState, TierEntry

# The tier's id and the account's id.
Waiter = tuple[str, str]
WAITING = {"state": EntryState.WAITING.value}
SCHEMA = CollectionSchema(
    name="tier_waitlist",
    indexes=(
        IndexModel(
            [("tierId", ASCENDING), ("accountId", ASCENDING)],
            unique=True,
            partialFilterExpression=WAITING,
            name="one_entry_per_account_and_tier",
        ),
        IndexModel(
            [("tierId", ASCENDING), ("state", ASCENDING), ("queueNumber", ASCENDING)],
            unique=True,
            partialFilterExpression=WAITING,
            name="queue_order",
        ),
        IndexModel([("accountId", ASCENDING)]),
    ),
    validator={"$jsonSchema": {"required": ["tierId", "eventId", "accountId", "quantity", "queueNumber", "state"]}},
)


class TierWaitlistStore:
    """Entries in MongoDB. Every write is part of the caller's transaction."""

    def __init__(self, db: Db) -> None:
        self._entries = db[SCHEMA.name]
        self._committed = self._entries.with_options(read_concern=MAJORITY_READ)

    def add(self, session: Session, entries: Sequence[TierEntry]) -> None:
        """Insert entries; BulkError, which ends the transaction, says that an account waits already."""
        insert(session, self._entries, list(map(_document, entries)))

    def waiting(self, waiters: Iterable[Waiter], session: Session | None = None) -> dict[Waiter, TierEntry]:
        """Return the entries of those of `waiters` who wait: in the transaction, or else the majority-committed."""
        wanted = set(waiters)
        tier_ids = sorted({tier_id for tier_id, _ in wanted})
        account_ids = sorted({account_id for _, account_id in wanted})
        query = {"tierId": {"$in": tier_ids}, "accountId": {"$in": account_ids}, **WAITING}
        entries = self._entries if session else self._committed
        found = {}
        for entry in map(_entry, entries.find(query, session=session)):
            waiter = entry.tier_id, entry.account_id
            if waiter in wanted:
                found[waiter] = entry
        return found

    def position(self, entry: TierEntry) -> int:
        """Return the position of a waiting entry, from 1."""
        ahead = {"tierId": entry.tier_id, "queueNumber": {"$lt": entry.queue_number}, **WAITING}
        return self._entries.count_documents(ahead) + 1

    def next_in_line(self, session: Session, tier_id: str, limit: int) -> list[TierEntry]:
        """Return up to `limit` waiting entries of a tier in order."""
        found = self._entries.find({"tierId": tier_id, **WAITING}, session=session).sort("queueNumber", ASCENDING)
        return list(map(_entry, found.limit(limit)))

    def offer(self, session: Session, offers: Mapping[str, str]) -> None:
        """Mark waiting entries as offered; `offers` are the ids of holds by entry."""
        updates: list[Update] = []
        for entry_id, hold_id in offers.items():
            change = {"$set": {"state": EntryState.OFFERED.value, "holdId": hold_id}}
            updates.append(({"_id": entry_id, **WAITING}, change))
        bulk_update(session, self._entries, updates)

    def leave(self, session: Session, entry_ids: Sequence[str]) -> None:
        """Mark waiting entries as left."""
        change = {"$set": {"state": EntryState.LEFT.value}}
        bulk_update(session, self._entries, [({"_id": {"$in": list(entry_ids)}, **WAITING}, change)])

    def waiting_of(self, account_id: str) -> list[TierEntry]:
        """Return the waiting entries of an account."""
        return list(map(_entry, self._committed.find({"accountId": account_id, **WAITING})))

    def delete_of(self, account_id: str) -> None:
        """Delete the entries of a deleted account that no longer wait."""
        self._entries.delete_many({"accountId": account_id, "state": {"$ne": EntryState.WAITING.value}})

    def count_by_tier(self, session: Session) -> dict[str, int]:
        """Return the numbers of waiting entries of a snapshot."""
        stages: list[Document] = [{"$match": WAITING}, {"$group": {"_id": "$tierId", "n": {"$sum": 1}}}]
        return {row["_id"]: row["n"] for row in self._entries.aggregate(stages, session=session)}


def _document(entry: TierEntry) -> Document:
    return {
        "_id": entry.id,
        "eventId": entry.event_id,
        "tierId": entry.tier_id,
        "accountId": entry.account_id,
        "quantity": entry.quantity,
        "queueNumber": entry.queue_number,
        "createdAt": entry.created_at,
        "state": entry.state.value,
    }


def _entry(document: Document) -> TierEntry:
    return TierEntry(
        id=document["_id"],
        event_id=document["eventId"],
        tier_id=document["tierId"],
        account_id=document["accountId"],
        quantity=document["quantity"],
        queue_number=document["queueNumber"],
        created_at=document["createdAt"],
        state=EntryState(document["state"]),
    )
