"""The `holds` collection. `orders/holds/tickets.py` changes the counts of stock with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from pymongo import ASCENDING, DESCENDING, IndexModel

from core.concurrency.single_flight import batched_read
from core.mongo.client import MAJORITY_READ, Db, Document
from core.mongo.schema import CollectionSchema
from core.mongo.transactions import Session, Update, bulk_update, insert
from orders.holds.errors import HoldNotFound
from orders.holds.model import Hold, HoldKind, HoldState
from orders.mapping import item_document, item_of, line_documents

ACTIVE = {"state": HoldState.ACTIVE.value}
SCHEMA = CollectionSchema(
    name="holds",
    indexes=(
        IndexModel(
            [("accountId", ASCENDING)],
            unique=True,
            partialFilterExpression={**ACTIVE, "kind": HoldKind.CART.value},
            name="one_cart_per_account",
        ),
        IndexModel([("accountId", ASCENDING), ("createdAt", ASCENDING)]),
        IndexModel(
            [("accountId", ASCENDING), ("state", ASCENDING), ("createdAt", ASCENDING)],
            partialFilterExpression=ACTIVE,
            name="active_by_account",
        ),
        IndexModel([("expiresAt", ASCENDING)], partialFilterExpression=ACTIVE, name="active_by_expiry"),
        IndexModel(
            [("lines.stockId", ASCENDING), ("expiresAt", ASCENDING)],
            partialFilterExpression=ACTIVE,
            name="active_by_stock",
        ),
    ),
    validator={"$jsonSchema": {"required": ["accountId", "kind", "items", "lines", "state", "expiresAt"]}},
)


class HoldStore:
    """Holds in MongoDB. Every write is part of the caller's transaction, which claims or releases the stock."""

    def __init__(self, db: Db) -> None:
        self._holds = db[SCHEMA.name]
        self._committed = self._holds.with_options(read_concern=MAJORITY_READ)
        self._cart_shared = batched_read(self.carts_of)

    def add(self, session: Session, holds: Sequence[Hold]) -> None:
        """Insert holds; BulkError, which ends the transaction, says that an account has a cart already."""
        insert(session, self._holds, [_document(hold) for hold in holds])

    def end(self, session: Session, holds: Sequence[Hold], state: HoldState) -> bool:
        """Give active holds another state; return False if one was not active: the transaction must be aborted."""
        ids = [hold.id for hold in holds]
        change = {"$set": {"state": state.value}}
        return bulk_update(session, self._holds, [({"_id": {"$in": ids}, **ACTIVE}, change)]) == len(ids)

    def use(self, session: Session, holds: Sequence[Hold]) -> bool:
        """Mark active holds as used by orders; return False if one was not active: abort then."""
        return self.end(session, holds, HoldState.USED)

    def reopen(self, session: Session, holds: Sequence[Hold]) -> bool:
        """Make used holds active until their `expires_at`; return False if one was not used. BulkError: a cart."""
        updates: list[Update] = []
        for hold in holds:
            where = {"_id": hold.id, "state": HoldState.USED.value}
            updates.append((where, {"$set": {**ACTIVE, "expiresAt": hold.expires_at}}))
        return bulk_update(session, self._holds, updates) == len(holds)

    def get(self, hold_id: str, session: Session | None = None) -> Hold | None:
        """Return a hold in any state, or None."""
        document = self._holds.find_one({"_id": hold_id}, session=session)
        return _hold(document) if document else None

    def get_of(self, account_id: str, hold_id: str) -> Hold:
        """Return a majority-committed hold of an account in any state; raises HoldNotFound.

        A majority read that follows one of a used hold finds the order that has used it.
        """
        hold = self.get_committed(hold_id)
        if hold is None or hold.account_id != account_id:
            raise HoldNotFound
        return hold

    def get_committed(self, hold_id: str) -> Hold | None:
        """Return a majority-committed hold in any state, or None."""
        document = self._committed.find_one({"_id": hold_id})
        return _hold(document) if document else None

    def still_active(self, hold_ids: Iterable[str]) -> list[Hold]:
        """Return the majority-committed holds of `hold_ids` that are active."""
        return list(map(_hold, self._committed.find({"_id": {"$in": list(hold_ids)}, **ACTIVE})))

    def cart_of(self, account_id: str) -> Hold | None:
        """Return the active, majority-committed cart of an account, or None. Concurrent calls share a read."""
        return self._cart_shared(account_id)

    def carts_of(self, account_ids: Iterable[str]) -> dict[str, Hold]:
        """Return the active, majority-committed carts by account id."""
        wanted = {"accountId": {"$in": list(account_ids)}, "kind": HoldKind.CART.value, **ACTIVE}
        return {document["accountId"]: _hold(document) for document in self._committed.find(wanted)}

    def latest_cart_of(self, account_id: str) -> Hold | None:
        """Return the newest majority-committed cart of an account in any state, or None."""
        wanted = {"accountId": account_id, "kind": HoldKind.CART.value}
        document = self._committed.find_one(wanted, sort=[("createdAt", DESCENDING)])
        if document is None:
            return None
        return _hold(document)

    def active_of(self, account_id: str, session: Session | None = None) -> list[Hold]:
        """Return the active holds of an account, oldest first."""
        found = self._holds.find({"accountId": account_id, **ACTIVE}, session=session).sort("createdAt", ASCENDING)
        return list(map(_hold, found))

    def offer_ids_of(self, account_id: str) -> list[str]:
        """Return the ids of all offers of an account, also of those that have ended."""
        wanted = {"accountId": account_id, "kind": HoldKind.OFFER.value}
        return [row["_id"] for row in self._committed.find(wanted, {"_id": 1})]

    def expired(self, now: datetime, limit: int) -> list[Hold]:
        """Return up to `limit` active holds whose time has passed, the oldest first."""
        found = self._holds.find({"expiresAt": {"$lte": now}, **ACTIVE}).sort("expiresAt", ASCENDING)
        return list(map(_hold, found.limit(limit)))

    def expired_of(self, stock_ids: Iterable[str], now: datetime, limit: int) -> list[Hold]:
        """Return up to `limit` active holds of the stock whose time has passed."""
        wanted = {"lines.stockId": {"$in": list(stock_ids)}, "expiresAt": {"$lte": now}, **ACTIVE}
        return list(map(_hold, self._committed.find(wanted).limit(limit)))

    def next_expiry(self, stock_id: str) -> datetime | None:
        """Return when the first active hold of a stock ends, or None without any."""
        wanted = {"lines.stockId": stock_id, **ACTIVE}
        found = self._committed.find_one(wanted, {"expiresAt": 1}, sort=[("expiresAt", ASCENDING)])
        return found["expiresAt"] if found else None

    def first_deadline(self) -> datetime | None:
        """Return when the first active hold ends, or None without any."""
        wanted = {"expiresAt": {"$type": "date"}, **ACTIVE}
        found = self._holds.find_one(wanted, {"expiresAt": 1}, sort=[("expiresAt", ASCENDING)])
        return found["expiresAt"] if found else None


def _document(hold: Hold) -> Document:
    return {
        "_id": hold.id,
        "accountId": hold.account_id,
        "kind": hold.kind.value,
        "items": [item_document(item) for item in hold.items],
        "lines": line_documents(hold.lines),
        "createdAt": hold.created_at,
        "expiresAt": hold.expires_at,
        "state": hold.state.value,
    }


def _hold(document: Document) -> Hold:
    return Hold(
        id=document["_id"],
        account_id=document["accountId"],
        kind=HoldKind(document["kind"]),
        items=[item_of(row) for row in document["items"]],
        lines={row["stockId"]: row["count"] for row in document["lines"]},
        created_at=document["createdAt"],
        expires_at=document["expiresAt"],
        state=HoldState(document["state"]),
    )
