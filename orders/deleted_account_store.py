"""The `deleted_accounts` collection: accounts that are deleted, but whose tickets are not released yet."""

from __future__ import annotations

from collections.abc import Sequence

from core.mongo.client import Db
from core.mongo.schema import CollectionSchema
from core.mongo.transactions import Session

SCHEMA = CollectionSchema(name="deleted_accounts")


class DeletedAccountStore:
    """Ids of deleted accounts in MongoDB."""

    def __init__(self, db: Db) -> None:
        self._accounts = db[SCHEMA.name]

    def mark(self, session: Session, account_ids: Sequence[str]) -> None:
        """Note within the caller's transaction that accounts are deleted. Idempotent."""
        for account_id in sorted(set(account_ids)):
            self._accounts.update_one({"_id": account_id}, {"$inc": {"marks": 1}}, upsert=True, session=session)

    def marks(self) -> dict[str, int]:
        """Return how often each account was marked."""
        return {row["_id"]: row["marks"] for row in self._accounts.find()}

    def clear(self, account_id: str, marks: int) -> None:
        """Remove an account whose tickets are released, unless it was marked again since `marks` times."""
        self._accounts.delete_one({"_id": account_id, "marks": marks})
