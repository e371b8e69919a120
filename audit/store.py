"""The `audit` collection: rows are added, never changed."""

from __future__ import annotations

from pymongo import ASCENDING, DESCENDING, IndexModel

from audit.model import AuditRecord
from core.mongo.client import Db, Document
from core.mongo.schema import CollectionSchema
from core.mongo.transactions import Session

SCHEMA = CollectionSchema(
    name="audit",
    indexes=(IndexModel([("about", ASCENDING), ("_id", DESCENDING)]),),
    validator={"$jsonSchema": {"required": ["at", "who", "what", "about"]}},
)


class AuditStore:
    """The audit in MongoDB."""

    def __init__(self, db: Db) -> None:
        """Use the collection of `db`."""
        self._rows = db[SCHEMA.name]

    def add(self, session: Session, entry: AuditRecord) -> None:
        """Write `entry` within the caller's transaction."""
        row = dict(vars(entry)) | {"before": dict(entry.before), "after": dict(entry.after)}
        self._rows.insert_one({"_id": row.pop("id"), **row}, session=session)

    def find(self, subject: str, after: str | None, limit: int) -> list[AuditRecord]:
        """Return up to `most` entries, newest first: about one thing, if given, and older than `after`, if given."""
        query: Document = ({"about": subject} if subject else {}) | ({"_id": {"$lt": after}} if after else {})
        return [_entry(row) for row in self._rows.find(query).sort("_id", DESCENDING).limit(limit)]


def _entry(row: Document) -> AuditRecord:
    return AuditRecord(id=row.pop("_id"), **row)
