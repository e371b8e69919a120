"""Outbox store: e-mails are inserted, ordered and cancelled in the caller's transaction, and queried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.mongo.client import Db, Document
from core.mongo.transactions import Session, insert
from core.pagination import Cursor
from notifications.outbox import mapping
from notifications.outbox.mapping import IS_PENDING, to_document, to_email
from notifications.outbox.model import (
    PENDING,
    Delivery,
    EmailStatus,
    OutboxEmail,
    superseded_by,
)


@dataclass
class OutboxStore:
    """E-mails in the collection `letters` of `db`."""

    db: Db

    def add(self, session: Session, emails: Sequence[OutboxEmail]) -> None:
        """Insert `emails` within the caller's transaction."""
        insert(session, self.db.letters, list(map(to_document, emails)))

    def add_if_absent(self, session: Session, email: OutboxEmail) -> bool:
        """Insert `email` within the caller's transaction unless its id exists; return whether it is new."""
        known = self.db.letters.find_one({"_id": email.id}, {"_id": 1}, session=session)
        if known is None:
            self.add(session, [email])
        return known is None

    def lock_last_pending(self, session: Session | None, recipients: Mapping[str, str]) -> dict[str, str]:
        """Write-lock and return, in the caller's transaction, the last pending e-mails to `recipients` by subject.

        The e-mails of one recipient and subject form a chain, each blocked by the one before; unordered e-mails are
        not part of it. The lock conflicts with marking the e-mail as sent at the same time: see ADR 3.
        """
        query = {
            **mapping.by_subject(*recipients),
            "ordered": {"$ne": False},
            "state": {"$in": PENDING},
            "withdrawn": {"$exists": False},
        }
        found = self.db.letters.find(query, {"after": 1, "about": 1, "to": 1}, session=session).hint("_id_")
        rows = [row for row in found.sort(mapping.OLDEST_FIRST) if row["to"] == recipients[row["about"]]]
        # Clocks of processes differ, so the last one is the one that blocks no other.
        blockers = {row.get("after") for row in rows}
        last: dict[str, str] = {row["about"]: row["_id"] for row in rows if row["_id"] not in blockers}
        if last:
            query = {"_id": {"$in": list(last.values())}}
            self.db.letters.update_many(query, {"$inc": {"followers": 1}}, session=session)
        return last

    def cancel_pending(self, session: Session, subjects: Sequence[str], template: str, now: datetime) -> None:
        """Delete, within the caller's transaction, the pending e-mails of one template about any of `subjects`.

        An e-mail that is being sent, or whose batch may have been taken, may be out already. It is marked as withdrawn
        and is deleted instead of retried once it is known that it was not sent.
        """
        pending = {**mapping.by_subject(*subjects), "template": template, **IS_PENDING}
        in_flight = {"$or": [{"state": EmailStatus.SENDING, "dueAt": {"$gt": now}}, {"batch": {"$exists": True}}]}
        withdraw = {"$set": {"withdrawn": True}}
        self.db.letters.update_many({**pending, **in_flight}, withdraw, session=session, hint="_id_")
        self.db.letters.delete_many({**pending, "withdrawn": {"$exists": False}}, session=session, hint="_id_")

    def record_delivery(self, provider_id: str, delivery: Delivery, at: datetime) -> str:
        """Store the provider's delivery report of the e-mail with `provider_id`; return the e-mail's id, or "".

        Nothing changes, and "" is returned, when the id is unknown or the report is not newer.
        """
        older = {"$in": [None, *superseded_by(delivery)]}
        sets = {"$set": {"delivery": delivery, "deliveryAt": at}}
        query = {"providerId": provider_id, "delivery": older}
        found = self.db.letters.find_one_and_update(query, sets, {"_id": 1})
        return str(found["_id"]) if found else ""

    def by_subject(self, subject: str) -> list[OutboxEmail]:
        """Return all e-mails about `subject`, oldest first."""
        rows = self.db.letters.find(mapping.by_subject(subject)).sort(mapping.OLDEST_FIRST)
        return [to_email(row) for row in rows]

    def find(self, state: EmailStatus | None, limit: int, after: Cursor | None = None) -> list[OutboxEmail]:
        """Return the newest e-mails older than the cursor `after`, of one state if given."""
        found: list[Document] = []
        for query, order in mapping.keyset_queries(state, after):
            if len(found) == limit:
                break
            rows = self.db.letters.find(query).sort(order).hint(mapping.NEWEST)
            found += rows.limit(limit - len(found))
        return [to_email(document) for document in found]

    def counts(self) -> Mapping[str, int]:
        """Return the number of e-mails by state; sent ones, by far the most, are the estimated rest."""
        unsent = [state for state in EmailStatus if state is not EmailStatus.SENT]
        counts: dict[str, int] = {state: self.db.letters.count_documents({"state": state}) for state in unsent}
        sent = self.db.letters.estimated_document_count() - sum(counts.values())
        return {**counts, EmailStatus.SENT: max(0, sent)}
