"""The `event_notices` collection: notices in progress; a finished one is deleted."""

from __future__ import annotations

from pymongo import ASCENDING, IndexModel

from core.mongo.client import Db, Document
from core.mongo.schema import CollectionSchema
from core.mongo.transactions import Session, insert
from events.notices.model import Notice, NoticeKind

SCHEMA = CollectionSchema(
    name="event_notices",
    indexes=(IndexModel([("createdAt", ASCENDING)]),),
    validator={"$jsonSchema": {"required": ["eventId", "kind", "createdAt", "cursor"]}},
)


class NoticeStore:
    """Notices in MongoDB."""

    def __init__(self, db: Db) -> None:
        self._notices = db[SCHEMA.name]

    def insert(self, session: Session, notice: Notice) -> None:
        """Insert a notice within the transaction of its change."""
        insert(session, self._notices, [_document(notice)])

    def oldest(self, limit: int) -> list[Notice]:
        """Return up to `limit` notices in progress, the oldest first."""
        return list(map(_notice, self._notices.find().sort("createdAt", ASCENDING).limit(limit)))

    def advance(self, session: Session, notice: Notice, cursor: str) -> bool:
        """Move the cursor within the caller's transaction; return False if another process has moved it."""
        stored = {"_id": notice.id, "cursor": notice.cursor}
        return self._notices.update_one(stored, {"$set": {"cursor": cursor}}, session=session).matched_count == 1

    def delete(self, notice: Notice) -> None:
        """Delete a finished notice."""
        self._notices.delete_one({"_id": notice.id, "cursor": notice.cursor})


def _document(notice: Notice) -> Document:
    return {
        "_id": notice.id,
        "eventId": notice.event_id,
        "kind": notice.kind.value,
        "title": notice.title,
        "date": notice.date,
        "venue": notice.venue,
        "oldDate": notice.old_date,
        "oldVenue": notice.old_venue,
        "createdAt": notice.created_at,
        "cursor": notice.cursor,
    }


def _notice(document: Document) -> Notice:
    return Notice(
        id=document["_id"],
        event_id=document["eventId"],
        kind=NoticeKind(document["kind"]),
        title=document["title"],
        date=document["date"],
        venue=document["venue"],
        old_date=document["oldDate"],
        old_venue=document["oldVenue"],
        created_at=document["createdAt"],
        cursor=document["cursor"],
    )
