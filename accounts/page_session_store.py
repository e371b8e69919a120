"""Page fields of the `sessions` collection: the digest of the page cookie's token, beside that of the refresh token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts.session_store import SCHEMA
from core.mongo.client import Db, Document


@dataclass(frozen=True)
class PageSession:
    """A session that a page cookie has opened. `is_current` is false for the token before the last rotation."""

    session_id: str
    account_id: str
    privileges: str
    last_used_at: datetime
    is_current: bool


@dataclass(frozen=True)
class PageRotation:
    """A page token's digest, the privileges of its account at the time, and the digest that it replaces, if any."""

    session_id: str
    digest: str
    privileges: str
    at: datetime
    replaces: str = ""


class PageSessionStore:
    """Page sessions in MongoDB. They end with their session: it is one document."""

    def __init__(self, db: Db) -> None:
        self._sessions = db[SCHEMA.name]

    def rotate(self, rotation: PageRotation) -> bool:
        """Replace the page token in one statement; return whether the replaced one was the current one."""
        query: Document = {"_id": rotation.session_id}
        if rotation.replaces:
            query["pageDigest"] = rotation.replaces
        change = {
            "pageDigest": rotation.digest,
            "pagePrivileges": rotation.privileges,
            "pageRotatedAt": rotation.at,
            "pagePreviousDigest": rotation.replaces,
        }
        return self._sessions.update_one(query, {"$set": change}).matched_count == 1

    def find(self, session_id: str, digest: str, now: datetime, rotated_after: datetime) -> PageSession | None:
        """Return the session whose page token has `digest`; the previous token opens one rotated after a time."""
        previous = {"pagePreviousDigest": digest, "pageRotatedAt": {"$gt": rotated_after}}
        document = self._sessions.find_one(
            {"_id": session_id, "expiresAt": {"$gt": now}, "$or": [{"pageDigest": digest}, previous]},
            {"accountId": 1, "pagePrivileges": 1, "lastUsedAt": 1, "pageDigest": 1},
        )
        if document is None:
            return None
        return PageSession(
            session_id=session_id,
            account_id=document["accountId"],
            privileges=document["pagePrivileges"],
            last_used_at=document["lastUsedAt"],
            is_current=document["pageDigest"] == digest,
        )

    def extend(self, session_id: str, now: datetime, expires_at: datetime) -> None:
        """Record a use of the session."""
        self._sessions.update_one({"_id": session_id}, {"$set": {"lastUsedAt": now, "expiresAt": expires_at}})
