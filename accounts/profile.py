"""Changes that people make to their own account: name, password, deletion."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.email_queue import AccountEmailQueue
from accounts.errors import InvalidCredentials
from accounts.model import Account, Identity
from accounts.passwords import Passwords
from accounts.session_store import SessionStore
from accounts.store import AccountStore
from core import log
from core.mongo.client import Client
from core.mongo.transactions import Session, transaction

LOG = log.get_logger("accounts")
TIMEOUT = 8.0


@dataclass(frozen=True)
class PasswordChange:
    """The current password and the new one."""

    current: str
    new: str


@dataclass(frozen=True)
class ChangePassword:
    """Changes the password of a signed-in person and ends the other sessions."""

    accounts: AccountStore
    sessions: SessionStore
    passwords: Passwords
    email_queue: AccountEmailQueue
    client: Client

    def execute(self, identity: Identity, change: PasswordChange) -> Account:
        """Return the account; raises InvalidCredentials if the current password is wrong."""
        account = self.accounts.get(identity.account_id)
        if not self.passwords.verify(change.current, account.password_hash):
            raise InvalidCredentials
        new_hash = self.passwords.hash_new(change.new)
        changed = transaction(self.client, lambda session: self._change(session, identity, new_hash), TIMEOUT)
        self.email_queue.outbox.wake_worker()
        LOG.info("password_changed", account=account.id)
        return changed

    def _change(self, session: Session, identity: Identity, new_hash: str) -> Account:
        account = self.accounts.update(identity.account_id, {"passwordHash": new_hash}, session)
        self.sessions.delete_all(account.id, keep=identity.session_id, in_transaction=session)
        self.email_queue.enqueue_password_changed(session, account)
        return account


@dataclass(frozen=True)
class DeleteAccount:
    """Deletes an account with its sessions, tokens and e-mails."""

    accounts: AccountStore
    sessions: SessionStore
    passwords: Passwords
    email_queue: AccountEmailQueue
    client: Client

    def execute(self, identity: Identity, password: str) -> None:
        """Delete the account of a signed-in person; raises InvalidCredentials."""
        account = self.accounts.get(identity.account_id)
        if not self.passwords.verify(password, account.password_hash):
            raise InvalidCredentials
        transaction(self.client, lambda session: self._delete(session, account.id), TIMEOUT)
        self.email_queue.outbox.erase([account.id])
        LOG.info("account_deleted", account=account.id)

    def _delete(self, session: Session, account_id: str) -> None:
        self.accounts.delete(session, account_id)
        self.sessions.delete_all(account_id, in_transaction=session)
        self.email_queue.tokens.delete_all(session, account_id)
