"""The `account_tokens` collection: one-time tokens of e-mailed links, stored as SHA-256 digests."""

from __future__ import annotations

import secrets
from datetime import datetime

from pymongo import ASCENDING, IndexModel

from accounts.errors import TokenInvalid
from accounts.model import Purpose
from accounts.orphan_store import count_without_account
from accounts.session_tokens import RANDOM_BYTES, digest
from core.mongo.client import Db, Document
from core.mongo.schema import CollectionSchema
from core.mongo.transactions import Session

SCHEMA = CollectionSchema(
    name="account_tokens",
    indexes=(
        IndexModel([("accountId", ASCENDING), ("purpose", ASCENDING)]),
        IndexModel([("expiresAt", ASCENDING)], expireAfterSeconds=0, name="expiry"),
    ),
    validator={"$jsonSchema": {"required": ["accountId", "purpose", "expiresAt"]}},
)


class TokenStore:
    """One-time tokens in MongoDB; every change is part of the caller's transaction."""

    def __init__(self, db: Db) -> None:
        self._tokens = db[SCHEMA.name]

    def issue(self, session: Session, account_id: str, purpose: Purpose, expires_at: datetime) -> str:
        """Return a new token; the account's earlier ones for this purpose become invalid."""
        token = secrets.token_urlsafe(RANDOM_BYTES)
        self._tokens.delete_many({"accountId": account_id, "purpose": purpose.value}, session=session)
        row = {"_id": digest(token), "accountId": account_id, "purpose": purpose.value, "expiresAt": expires_at}
        self._tokens.insert_one(row, session=session)
        return token

    def require(self, token: str, purpose: Purpose, now: datetime) -> None:
        """Raise TokenInvalid unless `token` could be redeemed now."""
        if self._tokens.find_one(_valid(token, purpose, now), {"_id": 1}) is None:
            raise TokenInvalid

    def redeem(self, session: Session, token: str, purpose: Purpose, now: datetime) -> str:
        """Delete `token` and return the id of its account; raises TokenInvalid."""
        document = self._tokens.find_one_and_delete(_valid(token, purpose, now), session=session)
        if document is None:
            raise TokenInvalid
        return str(document["accountId"])

    def count_orphans(self) -> int:
        """Return the number of tokens without an account."""
        return count_without_account(self._tokens)

    def delete_all(self, session: Session, account_id: str) -> None:
        self._tokens.delete_many({"accountId": account_id}, session=session)


def _valid(token: str, purpose: Purpose, now: datetime) -> Document:
    return {"_id": digest(token), "purpose": purpose.value, "expiresAt": {"$gt": now}}
