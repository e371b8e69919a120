"""Change of the password by a signed-in person."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.email_queue import AccountEmailQueue
from accounts.errors import InvalidCredentials
from accounts.model import Account
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

    def execute(self, account: Account, session_id: str, change: PasswordChange) -> Account:
        """Change the password in the session `session_id`; raises InvalidCredentials if the current one is wrong."""
        if not self.passwords.verify(change.current, account.password_hash):
            raise InvalidCredentials
        new_hash = self.passwords.hash_new(change.new)
        changed = transaction(
            self.client, lambda session: self._change(session, account, session_id, new_hash), TIMEOUT
        )
        self.email_queue.outbox.wake_worker()
        LOG.info("password_changed", account=account.id)
        return changed

    def _change(self, session: Session, verified: Account, session_id: str, new_hash: str) -> Account:
        account = self.accounts.change_password(session, verified, new_hash)
        self.sessions.delete_all(account.id, keep=session_id, in_transaction=session)
        self.email_queue.enqueue_password_changed(session, account)
        return account
