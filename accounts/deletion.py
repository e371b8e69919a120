"""Deletion of accounts with their sessions, tokens and e-mails: by their owner, by the operator, by retention."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from accounts.email_queue import AccountEmailQueue
from accounts.errors import InvalidCredentials
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

    def delete(self, account_id: str) -> None:
        """Delete the account, then its e-mails. Idempotent."""
        transaction(self.client, lambda session: self._delete(session, account_id), TIMEOUT)
        self.email_queue.outbox.erase([account_id])
        self.detachment.finish()
        LOG.info("account_deleted", account=account_id)

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
        return self._delete_all([account.id] if account else [], "accounts.erased")

    def never_verified(self, days: int) -> int:
        """Delete the accounts whose address was not verified within `days`; return their number."""
        before = self.audit.clock() - timedelta(days=days)
        return self._delete_all(self.deletion.accounts.never_verified(before), "accounts.retained")

    def _delete_all(self, account_ids: Iterable[str], action: str) -> int:
        deleted = 0
        for account_id in account_ids:
            self.deletion.delete(account_id)
            deleted += 1
        if deleted:
            self._record(action, deleted)
        return deleted

    def _record(self, action: str, deleted: int) -> None:
        def record(session: Session) -> None:
            self.audit.record(session, "operator", action, "people", {}, {"accounts": deleted})

        transaction(self.deletion.client, record, TIMEOUT)
