"""The `deleted_accounts` collection: accounts that are deleted, and whose tickets may not all be released yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.mongo.client import Db
from core.mongo.schema import CollectionSchema
from core.mongo.transactions import Session

SCHEMA = CollectionSchema(name="deleted_accounts")


@dataclass(frozen=True)
class DeletedAccount:
    """A deleted account that was marked `marks` times; `released_at` is when all it had was first released."""

    id: str
    marks: int
    released_at: datetime | None


class DeletedAccountStore:
    """Ids of deleted accounts in MongoDB."""

    def __init__(self, db: Db) -> None:
        self._accounts = db[SCHEMA.name]

    def mark(self, session: Session, account_ids: Sequence[str]) -> None:
        """Note within the caller's transaction that accounts are deleted. Idempotent."""
        change = {"$inc": {"marks": 1}, "$unset": {"releasedAt": ""}}
        for account_id in sorted(set(account_ids)):
            self._accounts.update_one({"_id": account_id}, change, upsert=True, session=session)

    def marked(self) -> Iterator[DeletedAccount]:
        """Yield the marked accounts."""
        for row in list(self._accounts.find()):
            yield DeletedAccount(row["_id"], row["marks"], row.get("releasedAt"))

    def note_release(self, account: DeletedAccount, now: datetime) -> None:
        """Note when all was first released, unless the account was marked again meanwhile."""
        self._accounts.update_one({"_id": account.id, "marks": account.marks}, {"$set": {"releasedAt": now}})

    def clear(self, account: DeletedAccount) -> None:
        """Remove an account, unless it was marked again meanwhile."""
        self._accounts.delete_one({"_id": account.id, "marks": account.marks})
