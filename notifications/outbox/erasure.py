"""Erasure of e-mails about a person; batches of unknown outcome stay whole until the outcome is known.

The provider recognises a repeated batch only with the same e-mails. So an e-mail in a batch of unknown outcome is
marked as erased and is deleted once that outcome is known; all others are deleted at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.mongo.client import Db, Document
from core.mongo.transactions import Session
from notifications.outbox.mapping import by_subject
from notifications.outbox.model import PENDING, Audience

NOT_ERASED: Document = {"erased": {"$exists": False}}


@dataclass(frozen=True)
class OutboxErasure:
    """Erasure in the collection `letters` of `db`. Idempotent."""

    db: Db

    def erase(self, subjects: Sequence[str], email: str | None = None) -> int:
        """Delete the e-mails about each of `subjects`, and those of the guest `email`; return how many were deleted.

        E-mails in a batch of unknown outcome are marked instead. They are withdrawn if it turns out that they were
        not sent.
        """
        letters = self.db.letters
        remaining = {**self._matching(subjects, email), **NOT_ERASED}
        deleted = 0
        while True:
            keys = letters.distinct("batch.key", remaining)
            unknown = self._unknown_outcomes(keys)
            deferred = {**remaining, "batch.key": {"$in": unknown}}
            letters.update_many(deferred, {"$set": {"erased": True, "withdrawn": True}})
            # A batch that formed since the query above is left to the next pass.
            deletable: list[Document] = [
                {"batch": {"$exists": False}},
                {"batch.key": {"$in": keys, "$nin": unknown}},
            ]
            deleted += letters.delete_many({"$and": [remaining, {"$or": deletable}]}).deleted_count
            if letters.find_one(remaining, {"_id": 1}) is None:
                self.finish()
                return deleted

    def finish(self) -> None:
        """Delete the e-mails marked as erased whose batch has a known outcome."""
        erased = {"erased": True}
        keys = self.db.letters.distinct("batch.key", erased)
        known = set(keys).difference(self._unknown_outcomes(keys))
        deletable = [{"batch": {"$exists": False}}, {"batch.key": {"$in": list(known)}}]
        self.db.letters.delete_many({**erased, "$or": deletable})

    def count_pending(self, subjects: Sequence[str], email: str | None = None) -> int:
        """Return the number of erased e-mails that wait for the outcome of their batch."""
        return self.db.letters.count_documents({**self._matching(subjects, email), "erased": True})

    def is_outcome_unknown(self, key: str, session: Session | None = None) -> bool:
        """Return whether the batch `key` is whole and still retried; retries of its single e-mails do not count."""
        columns = {"state": 1, "alone": 1, "batch.size": 1}
        rows = list(self.db.letters.find({"batch.key": key}, columns, session=session))
        retried = any(row["state"] in PENDING and "alone" not in row for row in rows)
        return retried and len(rows) == rows[0]["batch"]["size"]

    def _unknown_outcomes(self, keys: Iterable[str]) -> list[str]:
        return [key for key in keys if self.is_outcome_unknown(key)]

    def _matching(self, subjects: Sequence[str], email: str | None) -> Document:
        alternatives = [by_subject(subject) for subject in subjects]
        if email:
            # The organiser may be a guest too; e-mails to the organiser are about other people. Those of older versions
            # have no audience, but their context has the guest's address.
            alternatives.append({"to": email, "audience": Audience.GUEST})
            alternatives.append({"facts.email": email})
        return {"$or": alternatives or [{"_id": None}]}
