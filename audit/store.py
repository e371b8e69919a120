"""The `audit` collection: rows are added, never changed."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo import ASCENDING, DESCENDING, IndexModel

from audit.model import AuditRecord
from core.mongo.client import Db, Document
from core.mongo.schema import CollectionSchema
from core.mongo.transactions import Session, insert

SCHEMA = CollectionSchema(
    name="audit",
    indexes=(IndexModel([("about", ASCENDING), ("_id", DESCENDING)]),),
    validator={"$jsonSchema": {"required": ["at", "who", "what", "about"]}},
)


class AuditStore:
    """Audit records in MongoDB."""

    def __init__(self, db: Db) -> None:
        self._rows = db[SCHEMA.name]

    def add(self, session: Session, record: AuditRecord) -> None:
        """Insert `record` within the caller's transaction."""
        self._rows.insert_one(_to_document(record), session=session)

    def add_many(self, session: Session, records: Sequence[AuditRecord]) -> None:
        """Insert `records` within the caller's transaction, by one statement."""
        insert(session, self._rows, [_to_document(record) for record in records])

    def find(self, subject: str, after: str, limit: int) -> list[AuditRecord]:
        """Return up to `limit` records, newest first; of one `subject` and with ids before `after`, if given."""
        query: Document = {}
        if subject:
            query["about"] = subject
        if after:
            query["_id"] = {"$lt": after}
        return [_to_record(row) for row in self._rows.find(query).sort("_id", DESCENDING).limit(limit)]


def _to_document(record: AuditRecord) -> Document:
    return {
        "_id": record.id,
        "at": record.at,
        "who": record.actor,
        "what": record.action,
        "about": record.subject,
        "before": dict(record.before),
        "after": dict(record.after),
    }


def _to_record(document: Document) -> AuditRecord:
    return AuditRecord(
        id=document["_id"],
        at=document["at"],
        actor=document["who"],
        action=document["what"],
        subject=document["about"],
        before=document["before"],
        after=document["after"],
    )
