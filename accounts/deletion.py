"""Deletion of accounts with their sessions, tokens and e-mails: by their owner, by the operator, by retention."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from accounts.email_queue import AccountEmailQueue
from accounts.errors import AccountNotFound, InvalidCredentials
from accounts.model import Account
from accounts.passwords import Passwords
from accounts.reset_request_store import ResetRequestStore
from accounts.session_store import SessionStore
from accounts.store import AccountStore
from audit.service import Audit
from core import log
from core.errors import DomainError
from core.mongo.client import Client
from core.mongo.failures import DatabaseError
from core.mongo.transactions import Session, transaction
from core.schema_fields import normalize_email

LOG = log.get_logger("accounts")
TIMEOUT = 8.0
# Removes an account's id from the rows of another feature, within the transaction of the deletion.
Detach = Callable[[Session, str], None]


@dataclass(frozen=True)
class Detachment:
    """What other features do when an account is deleted.

    `steps` are part of the transaction; `release` follows it, and a periodic task repeats it if it fails.
    """

    steps: Sequence[Detach]
    release: Callable[[], object]

    def finish(self) -> None:
        """Release what deleted accounts have; it is left to the periodic task while the database is away."""
        try:
            self.release()
        except (DatabaseError, DomainError) as error:
            LOG.warning("account_release_postponed", error=type(error).__name__)


@dataclass(frozen=True)
class AccountDeletion:
    """Deletes an account in one transaction; `detachment` releases what other features hold for it."""

    accounts: AccountStore
    sessions: SessionStore
    email_queue: AccountEmailQueue
    client: Client
    detachment: Detachment

    def delete(self, account_id: str, *, unless_verified: bool = False) -> bool:
        """Delete the account, then its e-mails. Idempotent.

        With `unless_verified` an account whose address is verified by now is kept, and False is returned.
        """

        def delete(session: Session) -> bool:
            if unless_verified and self.accounts.get(account_id, session).email_verified:
                return False
            self._delete(session, account_id)
            return True

        if not transaction(self.client, delete, TIMEOUT):
            return False
        self.email_queue.outbox.erase([account_id])
        self.detachment.finish()
        LOG.info("account_deleted", account=account_id)
        return True

    def _delete(self, session: Session, account_id: str) -> None:
        self.accounts.delete(session, account_id)
        self.sessions.delete_all(account_id, in_transaction=session)
        self.email_queue.tokens.delete_all(session, account_id)
        for detach in self.detachment.steps:
            detach(session, account_id)


@dataclass(frozen=True)
class DeleteAccount:
    """Deletes the account of a signed-in person who gives the password."""

    deletion: AccountDeletion
    passwords: Passwords

    def execute(self, account: Account, password: str) -> None:
        """Delete `account`; raises InvalidCredentials."""
        if not self.passwords.verify(password, account.password_hash):
            raise InvalidCredentials
        self.deletion.delete(account.id)


@dataclass(frozen=True)
class EraseAccounts:
    """Deletes accounts for the operator, and records how many."""

    deletion: AccountDeletion
    requests: ResetRequestStore
    audit: Audit

    def by_email(self, email: str) -> int:
        """Delete the account with `email`; return 1, or 0 if there is none. Raises ValueError for no valid address."""
        address = normalize_email(email)
        self.requests.delete_for(address)
        account = self.deletion.accounts.find_by_email(address)
        if account is None:
            return 0
        self.deletion.delete(account.id)
        self._record("accounts.erased", 1)
        return 1

    def never_verified(self, days: int) -> int:
        """Delete the accounts whose address was not verified within `days`; return their number."""
        before = self.audit.clock() - timedelta(days=days)
        deleted = 0
        for account_id in self.deletion.accounts.never_verified(before):
            deleted += self._delete_unverified(account_id)
        if deleted:
            self._record("accounts.retained", deleted)
        return deleted

    def _delete_unverified(self, account_id: str) -> bool:
        try:
            return self.deletion.delete(account_id, unless_verified=True)
        except AccountNotFound:
            return False  # deleted by its owner meanwhile

    def _record(self, action: str, deleted: int) -> None:
        def record(session: Session) -> None:
            self.audit.record(session, "operator", action, "people", {}, {"accounts": deleted})

        transaction(self.deletion.client, record, TIMEOUT)
