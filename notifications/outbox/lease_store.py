"""Lease store: the worker leases due e-mails, forms batches, and records the outcomes.

A lease replaces `dueAt` by its end and stores the former value in `wasDueAt`. An e-mail whose lease expired is leased
again before all others, so the death of a worker does not change the order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from pymongo import ASCENDING, DeleteMany, UpdateMany, UpdateOne

from core.ids import new_id
from core.mongo.client import Db, Document
from notifications.outbox import mapping
from notifications.outbox.blocking import BlockedEmails
from notifications.outbox.deferred import Sources
from notifications.outbox.mapping import IS_PENDING, to_email
from notifications.outbox.model import ADMIN_FIRST_DELAY, LEASE, Batch, EmailStatus, OutboxEmail, Outcome, Result

COLUMNS = {"dueAt": 1, "wasDueAt": 1, "after": 1, "state": 1}


@dataclass
class LeaseStore:
    """Leases on the e-mails in `letters` of `db`; the rows of `deferred` e-mails are written first."""

    db: Db
    deferred: Sources = ()

    def lease(self, limit: int, now: datetime) -> list[OutboxEmail]:
        """Lease up to `limit` due e-mails for LEASE; those of a worker that dies are due again after it."""
        for source in self.deferred:
            source.write(limit)
        due = self._select_due(limit, now)
        if not due:
            return []
        lease = new_id(now)
        self._lease({"_id": {"$in": list(due)}, "dueAt": {"$lte": now}}, lease, now)
        leased = {row["_id"]: row for row in self.db.letters.find({"_id": {"$in": list(due)}, "lease": lease})}
        withdrawn = self._delete_withdrawn(leased, lease)
        emails = []
        for id_, row in due.items():
            if id_ in leased.keys() - withdrawn:
                previous = EmailStatus(row["state"])
                emails.append(replace(to_email(leased[id_]), due_at=_place(row), previous_status=previous))
        return emails

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
        emails = []
        for row in found:
            due_at = min(now, row.get("wasDueAt", now))
            emails.append(replace(to_email(row), due_at=due_at, previous_status=EmailStatus.RETRYING))
        return emails

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
        if first_failures := [outcome.email.id for outcome in outcomes if _is_first_failure(outcome)]:
            # The outbox may be behind, so that the e-mails that they block are due already.
            followers = {"after": {"$in": first_failures}, **mapping.QUEUED}
            changes.append(UpdateMany(followers, {"$max": {"dueAt": now + ADMIN_FIRST_DELAY}}))
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
        sets = {
            "wasDueAt": {"$ifNull": ["$wasDueAt", "$dueAt"]},
            "dueAt": now + LEASE,
            "lease": lease,
            "state": EmailStatus.SENDING,
        }
        self.db.letters.update_many(query, [{"$set": sets}])

    def _select_due(self, limit: int, now: datetime) -> dict[str, Document]:
        """Return the due times and state of the e-mails to lease by id: expired leases first, then the longest due.

        An e-mail that a leased one blocks is left out. If the blocking e-mail is due too, it is returned instead.
        """
        expired, leased = self._leased(now)
        selected = {row["_id"]: row for row in expired[:limit]}
        is_due: Document = {"dueAt": {"$lte": now}}
        unblocked: Document = {**is_due, "after": {"$nin": leased}}
        order = [("dueAt", ASCENDING), ("_id", ASCENDING)]
        rows = list(self.db.letters.find(unblocked, COLUMNS).sort(order).limit(limit))
        blockers = self._by_id([row["after"] for row in rows if "after" in row], is_due)
        for row in rows:
            first = blockers.get(row.get("after", ""), row)
            if len(selected) < limit:
                selected.setdefault(first["_id"], first)
        return selected

    def _leased(self, now: datetime) -> tuple[list[Document], list[str]]:
        """Return the e-mails whose lease has expired, in the order of their places, and the ids of the leased ones."""
        rows = list(self.db.letters.find({"state": EmailStatus.SENDING}, COLUMNS).hint(mapping.NEWEST))
        expired = []
        leased = []
        for row in rows:
            if row["dueAt"] > now:
                leased.append(row["_id"])
            else:
                expired.append(row)
        return sorted(expired, key=lambda row: (_place(row), row["_id"])), leased

    def _by_id(self, ids: Sequence[str], query: Document) -> dict[str, Document]:
        if not ids:
            return {}
        return {row["_id"]: row for row in self.db.letters.find({"_id": {"$in": ids}, **query}, COLUMNS)}


def _place(row: Document) -> datetime:
    """Return the time that orders the e-mail: when it became due, also if its lease has expired since."""
    if "wasDueAt" in row:
        return cast("datetime", row["wasDueAt"])
    return cast("datetime", row["dueAt"])


def _is_first_failure(outcome: Outcome) -> bool:
    return outcome.result is Result.RETRY and outcome.email.attempts == 0


def _ids_of(outcomes: Sequence[Outcome], *results: Result) -> list[str]:
    return [outcome.email.id for outcome in outcomes if outcome.result in results]
