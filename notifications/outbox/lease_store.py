"""Lease store: the worker leases due e-mails, forms batches, and records the outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pymongo import ASCENDING, DeleteMany, UpdateMany, UpdateOne

from core.ids import new_id
from core.mongo.client import Db, Document
from notifications.outbox import mapping
from notifications.outbox.blocking import BlockedEmails
from notifications.outbox.mapping import IS_PENDING, to_email
from notifications.outbox.model import LEASE, Batch, EmailStatus, OutboxEmail, Outcome, Result


@dataclass
class LeaseStore:
    """Leases on the e-mails in `letters` of `db`."""

    db: Db

    def lease(self, limit: int, now: datetime) -> list[OutboxEmail]:
        """Lease up to `limit` due e-mails for LEASE; those of a worker that dies come due again after it."""
        due = self._select_due(limit, now)
        if not due:
            return []
        lease = new_id(now)
        self._lease({"_id": {"$in": list(due)}, "dueAt": {"$lte": now}}, lease, now)
        leased = {row["_id"]: row for row in self.db.letters.find({"_id": {"$in": list(due)}, "lease": lease})}
        withdrawn = self._delete_withdrawn(leased, lease)
        return [
            replace(to_email(leased[id_]), due_at=row["dueAt"], previous_status=EmailStatus(row["state"]))
            for id_, row in due.items()
            if id_ in leased.keys() - withdrawn
        ]

    def form_batch(self, emails: Sequence[OutboxEmail], batch: Batch) -> bool:
        """Store, before the call, that the leased `emails` form `batch`; return whether all of them still can."""
        query = {
            "_id": {"$in": [email.id for email in emails]},
            "lease": emails[0].lease,
            "state": EmailStatus.SENDING,
        }
        sets = {"$set": {"batch": {"key": batch.key, "size": batch.size, "at": batch.at}}}
        return self.db.letters.update_many(query, sets).matched_count == batch.size

    def lease_batch(self, key: str, lease: str, now: datetime) -> list[OutboxEmail]:
        """Lease the pending e-mails of the batch `key` without another lease; return all its e-mails by id."""
        available = {"$or": [{"dueAt": {"$lte": now}}, {**IS_PENDING, "state": {"$ne": EmailStatus.SENDING}}]}
        self._lease({"batch.key": key, **available}, lease, now)
        found = self.db.letters.find({"batch.key": key}).sort("_id", ASCENDING)
        return [replace(to_email(row), due_at=now, previous_status=EmailStatus.RETRYING) for row in found]

    def renew_lease(self, lease: str, now: datetime) -> None:
        """Extend `lease` by LEASE for its e-mails that are still being sent."""
        in_flight = {"lease": lease, "state": EmailStatus.SENDING, "dueAt": {"$gt": now}}
        self.db.letters.update_many(in_flight, {"$set": {"dueAt": now + LEASE}})

    def record_outcomes(self, outcomes: Sequence[Outcome], now: datetime) -> None:
        """Store the outcomes of leased e-mails and unblock those that waited for them. Idempotent.

        An e-mail whose lease was lost is left to its present lease, unless it has been sent.
        """
        changes: list[UpdateMany | UpdateOne | DeleteMany] = []
        changes += [UpdateOne(*mapping.update_for(outcome, now)) for outcome in outcomes]
        if sent := _ids_of(outcomes, Result.SENT):
            changes.append(UpdateMany(*mapping.unblock_update(sent, now)))
        if unsent := _ids_of(outcomes, Result.RETRY, Result.NOT_ATTEMPTED):
            unleased = {"lease": {"$exists": False}, "batch": {"$exists": False}}
            changes.append(DeleteMany({"_id": {"$in": unsent}, "withdrawn": True, **unleased}))
        self.db.letters.bulk_write(changes)
        if failed := _ids_of(outcomes, Result.FAILED):
            # Another worker may have leased a failed one meanwhile; that one goes on blocking.
            BlockedEmails(self.db).unblock(failed, now)

    def _delete_withdrawn(self, leased: Mapping[str, Document], lease: str) -> set[str]:
        """Delete the withdrawn e-mails that are in no batch: a batch is only repeated unchanged."""
        withdrawn = {id_ for id_, row in leased.items() if row.get("withdrawn") and "batch" not in row}
        if withdrawn:
            self.db.letters.delete_many({"_id": {"$in": list(withdrawn)}, "lease": lease})
        return withdrawn

    def _lease(self, query: Document, lease: str, now: datetime) -> None:
        sets = {"dueAt": now + LEASE, "lease": lease, "state": EmailStatus.SENDING}
        self.db.letters.update_many(query, {"$set": sets})

    def _select_due(self, limit: int, now: datetime) -> dict[str, Document]:
        """Return the due time and state of the e-mails to lease by id, longest due first.

        If the blocking e-mail is due too, it is returned instead, so that it goes first.
        """
        columns = {"dueAt": 1, "after": 1, "state": 1}
        is_due = {"dueAt": {"$lte": now}}
        order = [("dueAt", ASCENDING), ("_id", ASCENDING)]
        rows = list(self.db.letters.find(is_due, columns).sort(order).limit(limit))
        blockers = self._by_id([row["after"] for row in rows if "after" in row], is_due, columns)
        chosen = [blockers.get(row.get("after", ""), row) for row in rows]
        return {row["_id"]: row for row in chosen}

    def _by_id(self, ids: Sequence[str], query: Document, columns: Document) -> dict[str, Document]:
        if not ids:
            return {}
        return {row["_id"]: row for row in self.db.letters.find({"_id": {"$in": ids}, **query}, columns)}


def _ids_of(outcomes: Sequence[Outcome], *results: Result) -> list[str]:
    return [outcome.email.id for outcome in outcomes if outcome.result in results]
