"""The `sessions` collection: one document for each signed-in device, with the digest of its valid refresh token."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument

from accounts.model import AccountSession
from accounts.orphan_store import count_without_account
from accounts.refresh_tokens import RefreshToken
from accounts.session_tokens import SessionToken, digest
from core.concurrency.single_flight import batched_read
from core.mongo.client import Db, Document
from core.mongo.schema import CollectionSchema
from core.mongo.transactions import Session

# Enough for a refresh each ten minutes of seven days; an older token has expired.
MAX_USED_DIGESTS = 1_100
SCHEMA = CollectionSchema(
    name="sessions",
    indexes=(
        IndexModel([("accountId", ASCENDING), ("createdAt", DESCENDING)]),
        IndexModel([("expiresAt", ASCENDING)], expireAfterSeconds=0, name="expiry"),
    ),
    validator={"$jsonSchema": {"required": ["accountId", "digest", "createdAt", "expiresAt"]}},
)


@dataclass(frozen=True)
class Rotation:
    """The replacement of a refresh token at a time; the session then expires at `expires_at`."""

    old: RefreshToken
    new: SessionToken
    now: datetime
    expires_at: datetime

    @property
    def replaced(self) -> Document:
        """The sessions that it changes: those with the old digest, or with the new one of an attempt before.

        An attempt before has made the old digest a used one. Without that condition a thief who
        knows the valid token only could repeat a rotation to the same token, and would never be noticed.
        """
        old = digest(self.old.secret)
        return {"$or": [{"digest": old}, {"digest": self.new.digest, "usedDigests": old}]}


class SessionStore:
    """Sessions in MongoDB. The `in_transaction` argument makes an operation part of the caller's transaction."""

    def __init__(self, db: Db) -> None:
        self._sessions = db[SCHEMA.name]
        self._owners_shared = batched_read(self._owners_of)

    def insert(self, in_transaction: Session, session: AccountSession, token: SessionToken) -> None:
        document = {**_to_document(session), "digest": token.digest, "usedDigests": []}
        self._sessions.insert_one(document, session=in_transaction)

    def rotate(self, rotation: Rotation) -> AccountSession | None:
        """Replace the valid refresh token in one statement; return None if `rotation.old` is not the valid one.

        It may be repeated: each time it writes, so that it waits for the majority.
        """
        document = self._sessions.find_one_and_update(
            {
                "_id": rotation.old.session_id,
                "expiresAt": {"$gt": rotation.now},
                **rotation.replaced,
            },
            [{"$set": _rotated(rotation)}],
            projection={"usedDigests": 0},
            return_document=ReturnDocument.AFTER,
        )
        return _to_session(document) if document else None

    def find_reused(self, token: RefreshToken) -> AccountSession | None:
        """Return the session in which `token` was used already, or None."""
        query = {"_id": token.session_id, "usedDigests": {"$in": token.digests}}
        document = self._sessions.find_one(query, {"usedDigests": 0})
        return _to_session(document) if document else None

    def find_valid(self, token: RefreshToken, now: datetime) -> AccountSession | None:
        """Return the session whose valid token is `token`, or None."""
        query = {"_id": token.session_id, "digest": {"$in": token.digests}, "expiresAt": {"$gt": now}}
        document = self._sessions.find_one(query, {"usedDigests": 0})
        return _to_session(document) if document else None

    def is_active(self, session_id: str, account_id: str, now: datetime) -> bool:
        """Return whether an account has this session and it has not expired. Concurrent calls share a read."""
        document = self._owners_shared(session_id)
        if document is None:
            return False
        return bool(document["accountId"] == account_id and document["expiresAt"] > now)

    def by_account(self, account_id: str, now: datetime) -> Sequence[AccountSession]:
        """Return the sessions of an account that have not expired, newest first."""
        found = self._sessions.find({"accountId": account_id, "expiresAt": {"$gt": now}}, {"usedDigests": 0})
        return [_to_session(document) for document in found.sort("createdAt", DESCENDING)]

    def delete(self, session_id: str, account_id: str, in_transaction: Session | None = None) -> bool:
        """Delete a session of an account; return whether there was one."""
        query = {"_id": session_id, "accountId": account_id}
        return self._sessions.delete_one(query, session=in_transaction).deleted_count == 1

    def delete_all(self, account_id: str, keep: str = "", in_transaction: Session | None = None) -> int:
        """Delete the sessions of an account but the one `keep`; return their number."""
        query: Document = {"accountId": account_id, "_id": {"$ne": keep}}
        return self._sessions.delete_many(query, session=in_transaction).deleted_count

    def _owners_of(self, session_ids: Collection[str]) -> dict[str, Document]:
        """Return the accounts and the ends of sessions by session id."""
        wanted = {"_id": {"$in": list(session_ids)}}
        return {row["_id"]: row for row in self._sessions.find(wanted, {"accountId": 1, "expiresAt": 1})}

    def count_orphans(self) -> int:
        """Return the number of sessions without an account."""
        return count_without_account(self._sessions)


def _rotated(rotation: Rotation) -> Document:
    """Return the fields after a rotation; only the digest that was stored becomes a used one."""
    new = rotation.new.digest
    replaced = {"$cond": [{"$eq": ["$digest", new]}, [], ["$digest"]]}
    return {
        "usedDigests": {"$slice": [{"$concatArrays": ["$usedDigests", replaced]}, -MAX_USED_DIGESTS]},
        "digest": new,
        "lastUsedAt": rotation.now,
        "expiresAt": rotation.expires_at,
    }


def _to_document(session: AccountSession) -> Document:
    return {
        "_id": session.id,
        "accountId": session.account_id,
        "createdAt": session.created_at,
        "lastUsedAt": session.last_used_at,
        "expiresAt": session.expires_at,
        "userAgent": session.user_agent,
    }


def _to_session(document: Document) -> AccountSession:
    return AccountSession(
        id=document["_id"],
        account_id=document["accountId"],
        created_at=document["createdAt"],
        last_used_at=document["lastUsedAt"],
        expires_at=document["expiresAt"],
        user_agent=document["userAgent"],
    )
