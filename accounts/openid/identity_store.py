"""The `identities` of accounts: issuer and subject, each pair in one account only by an index of `accounts.store`."""

from __future__ import annotations

from pymongo.errors import DuplicateKeyError

from accounts.openid.errors import IdentityLinked
from accounts.openid.model import ProviderIdentity
from core.mongo.client import Db
from core.mongo.transactions import Session

ACCOUNTS = "accounts"


class IdentityStore:
    """Identities within the documents of accounts, so that they are deleted with them."""

    def __init__(self, db: Db) -> None:
        self._accounts = db[ACCOUNTS]

    def find_account_id(self, session: Session, identity: ProviderIdentity) -> str:
        """Return the id of the account of `identity`, or an empty text."""
        row = {"issuer": identity.issuer, "subject": identity.subject}
        # The partial index covers only queries that name its path.
        query = {"identities.issuer": identity.issuer, "identities": {"$elemMatch": row}}
        document = self._accounts.find_one(query, {"_id": 1}, session=session)
        return str(document["_id"]) if document else ""

    def link(self, session: Session, account_id: str, identity: ProviderIdentity) -> None:
        """Add `identity` to an account; raises IdentityLinked if it belongs to one."""
        row = {"issuer": identity.issuer, "subject": identity.subject}
        try:
            self._accounts.update_one({"_id": account_id}, {"$push": {"identities": row}}, session=session)
        except DuplicateKeyError as error:
            raise IdentityLinked from error
