"""The `accounts` collection: one document for each e-mail address."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from accounts.errors import AccountNotFound, EmailTaken, InvalidCredentials
from accounts.model import Account, LinkedIdentity, Role
from core.concurrency.single_flight import batched_read
from core.mongo.client import Db, Document
from core.mongo.schema import CollectionSchema
from core.mongo.transactions import Session

SCHEMA = CollectionSchema(
    name="accounts",
    indexes=(
        IndexModel([("email", ASCENDING)], unique=True, name="one_account_per_email"),
        IndexModel([("createdAt", ASCENDING)]),
        IndexModel(
            [("identities.issuer", ASCENDING), ("identities.subject", ASCENDING)],
            name="one_account_per_identity",
            unique=True,
            partialFilterExpression={"identities.issuer": {"$exists": True}},
        ),
    ),
    validator={"$jsonSchema": {"required": ["email", "name", "role", "createdAt"]}},
)


class AccountStore:
    """Accounts in MongoDB. The session argument makes an operation part of the caller's transaction."""

    def __init__(self, db: Db) -> None:
        self._accounts = db[SCHEMA.name]
        self._get_shared = batched_read(self.get_many)

    def insert(self, session: Session, account: Account) -> None:
        """Insert `account`; raises EmailTaken."""
        try:
            self._accounts.insert_one(_to_document(account), session=session)
        except DuplicateKeyError as error:
            raise EmailTaken from error

    def get(self, account_id: str, session: Session | None = None) -> Account:
        """Return an account; raises AccountNotFound. Concurrent calls without a session share a read."""
        if session is None:
            account = self._get_shared(account_id)
        else:
            account = self.get_many([account_id], session).get(account_id)
        if account is None:
            raise AccountNotFound
        return account

    def find_by_email(self, email: str, session: Session | None = None) -> Account | None:
        document = self._accounts.find_one({"email": email}, session=session)
        return _to_account(document) if document else None

    def update(self, account_id: str, changes: Mapping[str, Any], session: Session | None = None) -> Account:
        """Set stored fields of an account and return it; raises AccountNotFound."""
        document = self._accounts.find_one_and_update(
            {"_id": account_id}, {"$set": dict(changes)}, return_document=ReturnDocument.AFTER, session=session
        )
        if document is None:
            raise AccountNotFound
        return _to_account(document)

    def record_sign_in(self, session: Session, verified: Account, now: datetime) -> Account:
        """Record a sign-in; raises InvalidCredentials if the password has changed or the account is disabled."""
        current = {"_id": verified.id, "passwordHash": verified.password_hash, "disabled": False}
        return self._change(session, current, {"lastSignInAt": now})

    def change_password(self, session: Session, verified: Account, new_hash: str) -> Account:
        """Set another password; raises InvalidCredentials if `verified` has no longer the current one."""
        current = {"_id": verified.id, "passwordHash": verified.password_hash}
        return self._change(session, current, {"passwordHash": new_hash})

    def replace_hash(self, account_id: str, old: str, new: str) -> None:
        """Store another hash of the same password, unless the password has changed meanwhile."""
        self._accounts.update_one({"_id": account_id, "passwordHash": old}, {"$set": {"passwordHash": new}})

    def delete(self, session: Session, account_id: str) -> None:
        self._accounts.delete_one({"_id": account_id}, session=session)

    def find_page(self, email: str, skip: int, limit: int) -> tuple[Sequence[Account], int]:
        """Return accounts in order of their e-mail addresses, and their number; all without an `email`."""
        query: Document = {"email": email} if email else {}
        found = self._accounts.find(query).sort("email", ASCENDING).skip(skip).limit(limit)
        accounts = [_to_account(document) for document in found]
        return accounts, self._accounts.count_documents(query)

    def never_verified(self, created_before: datetime) -> Sequence[str]:
        """Return the ids of accounts from before a time whose e-mail address was never verified."""
        found = self._accounts.find({"emailVerified": False, "createdAt": {"$lt": created_before}}, {"_id": 1})
        return [document["_id"] for document in found]

    def get_many(self, account_ids: Collection[str], session: Session | None = None) -> dict[str, Account]:
        found = self._accounts.find({"_id": {"$in": list(account_ids)}}, session=session)
        return {document["_id"]: _to_account(document) for document in found}

    def _change(self, session: Session, current: Document, values: Document) -> Account:
        document = self._accounts.find_one_and_update(
            current, {"$set": values}, return_document=ReturnDocument.AFTER, session=session
        )
        if document is None:
            raise InvalidCredentials
        return _to_account(document)


def _to_document(account: Account) -> Document:
    return {
        "_id": account.id,
        "email": account.email,
        "name": account.name,
        "passwordHash": account.password_hash,
        "role": account.role.value,
        "emailVerified": account.email_verified,
        "disabled": account.disabled,
        "language": account.language,
        "createdAt": account.created_at,
    }


def _to_account(document: Document) -> Account:
    return Account(
        id=document["_id"],
        email=document["email"],
        name=document["name"],
        password_hash=document["passwordHash"],
        role=Role(document["role"]),
        email_verified=document["emailVerified"],
        disabled=document["disabled"],
        language=document["language"],
        created_at=document["createdAt"],
        identities=[LinkedIdentity(row["issuer"], row["subject"]) for row in document.get("identities", [])],
    )
