"""The `password_reset_requests` collection: requests that wait for their e-mail.

A request is stored alike for known and unknown addresses and processed after the response, so that neither its
response nor its time reveals whether there is an account.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo import ASCENDING, IndexModel

from core.ids import new_id
from core.mongo.client import Db
from core.mongo.schema import CollectionSchema
from core.mongo.transactions import Session

LIFETIME = timedelta(hours=1)
SCHEMA = CollectionSchema(
    name="password_reset_requests",
    indexes=(IndexModel([("expiresAt", ASCENDING)], expireAfterSeconds=0, name="expiry"),),
    validator={"$jsonSchema": {"required": ["email", "expiresAt"]}},
)


@dataclass(frozen=True)
class ResetRequest:
    """A request to reset the password of an account, if there is one with `email`."""

    id: str
    email: str


class ResetRequestStore:
    """Requests in MongoDB."""

    def __init__(self, db: Db) -> None:
        self._requests = db[SCHEMA.name]

    def insert(self, email: str, now: datetime) -> None:
        self._requests.insert_one({"_id": new_id(now), "email": email, "expiresAt": now + LIFETIME})

    def oldest(self, limit: int) -> list[ResetRequest]:
        found = self._requests.find().sort("_id", ASCENDING).limit(limit)
        return [ResetRequest(row["_id"], row["email"]) for row in found]

    def delete_for(self, email: str) -> None:
        self._requests.delete_many({"email": email})

    def take(self, session: Session, request: ResetRequest) -> bool:
        """Delete a request within the caller's transaction; return whether it was still there."""
        return self._requests.delete_one({"_id": request.id}, session=session).deleted_count == 1
