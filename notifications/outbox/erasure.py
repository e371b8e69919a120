"""Deleting letters about people who are forgotten, without tearing batches that the provider may have taken.

A batch is recognised by the provider only as it was, to the last letter. So a letter in a batch of unknown outcome is
marked as erased and goes when that outcome is known; everything else goes at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.mongo.client import Db, Document
from core.mongo.transactions import Session
from notifications.outbox.mapping import by_subject
from notifications.outbox.model import PENDING

NOT_YET: Document = {"erased": {"$exists": False}}


@dataclass(frozen=True)
class OutboxErasure:
    """Forgets letters in the collection `letters` of `db`; doing it again forgets nothing more."""

    db: Db

    def erase(self, abouts: Sequence[str], email: str | None) -> int:
        """Delete the letters about each of `abouts`, and those of the guest with `email`; return how many were deleted.

        Those in a batch of unknown outcome are marked instead, and are withdrawn if it turns out that they never went.
        """
        wanted = _wanted(abouts, email)
        letters, mine, deleted = self.db.letters, {**wanted, **NOT_YET}, 0
        while True:
            keys = letters.distinct("batch.key", mine)
            in_doubt = self._unknown_outcomes(keys)
            torn = {**mine, "batch.key": {"$in": in_doubt}}
            letters.update_many(torn, {"$set": {"erased": True, "withdrawn": True}})
            # Neither these nor what has come into a batch since it was looked.
            sure: list[Document] = [{"batch": {"$exists": False}}, {"batch.key": {"$in": keys, "$nin": in_doubt}}]
            deleted += letters.delete_many({"$and": [mine, {"$or": sure}]}).deleted_count
            if letters.find_one(mine, {"_id": 1}) is None:
                self.finish()
                return deleted

    def finish(self) -> None:
        """Delete what is marked as erased and in no batch of unknown outcome any more."""
        erased = {"erased": True}
        keys = self.db.letters.distinct("batch.key", erased)
        known = set(keys).difference(self._unknown_outcomes(keys))
        over = [{"batch": {"$exists": False}}, {"batch.key": {"$in": list(known)}}]
        self.db.letters.delete_many({**erased, "$or": over})

    def count_pending(self, abouts: Sequence[str], email: str | None) -> int:
        """Return how many of the letters that were to be forgotten are still there."""
        return self.db.letters.count_documents({**_wanted(abouts, email), "erased": True})

    def is_outcome_unknown(self, key: str, session: Session | None = None) -> bool:
        """Return whether the batch `key` is whole and still tried: one given up is not, whatever of it is retried."""
        columns = {"state": 1, "alone": 1, "batch.size": 1}
        rows = list(self.db.letters.find({"batch.key": key}, columns, session=session))
        tried = any(row["state"] in PENDING and "alone" not in row for row in rows)
        return tried and len(rows) == rows[0]["batch"]["size"]

    def _unknown_outcomes(self, keys: Iterable[str]) -> list[str]:
        """Return those of `keys` whose batches are whole, and have letters of which nobody knows whether they went."""
        return [key for key in keys if self.is_outcome_unknown(key)]


def _wanted(abouts: Sequence[str], email: str | None) -> Document:
    # The organiser may be a guest as well; the letters to them are about other people.
    to_guest: Document = {"to": email, "template": {"$ne": "admin_booking"}}
    of_guest = [to_guest, {"facts.email": email}] if email else []
    return {"$or": [*map(by_subject, abouts), *of_guest] or [{"_id": None}]}
