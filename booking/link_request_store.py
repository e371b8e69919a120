"""The `link_requests` collection: e-mail addresses whose guests asked for the links of their bookings again.

A request is stored alike for known and unknown addresses and processed after the response, so that neither its
response nor its time reveals whether there is a booking.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo import ASCENDING, IndexModel

from core.ids import new_id
from core.mongo.client import Db
from core.mongo.schema import CollectionSchema

LIFETIME = timedelta(hours=1)
SCHEMA = CollectionSchema(
    name="link_requests",
    indexes=(IndexModel([("expiresAt", ASCENDING)], expireAfterSeconds=0, name="expiry"),),
    validator={"$jsonSchema": {"required": ["email", "expiresAt"]}},
)


@dataclass(frozen=True)
class LinkRequest:
    """A request for the links of the bookings of `email`, if there are any."""

    id: str
    email: str


class LinkRequestStore:
    """Requests in MongoDB."""

    def __init__(self, db: Db) -> None:
        self._requests = db[SCHEMA.name]

    def insert(self, email: str, now: datetime) -> None:
        self._requests.insert_one({"_id": new_id(now), "email": email, "expiresAt": now + LIFETIME})

    def oldest(self, limit: int) -> list[LinkRequest]:
        found = self._requests.find().sort("_id", ASCENDING).limit(limit)
        return [LinkRequest(row["_id"], row["email"]) for row in found]

    def delete(self, request: LinkRequest) -> None:
        self._requests.delete_one({"_id": request.id})
