"""Password reset: an e-mailed one-time token sets a new password and ends all sessions."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import Executor
from dataclasses import dataclass, field

from accounts.email_queue import AccountEmailQueue
from accounts.errors import AccountNotFound, TokenInvalid
from accounts.model import Account, Purpose
from accounts.passwords import Passwords
from accounts.reset_request_store import ResetRequest, ResetRequestStore
from accounts.session_store import SessionStore
from accounts.store import AccountStore
from core import log
from core.mongo.client import Client
from core.mongo.failures import DatabaseError
from core.mongo.transactions import Session, transaction

LOG = log.get_logger("accounts")
TIMEOUT = 8.0
BATCH_SIZE = 100
MAX_DELAY = 2.0


@dataclass(frozen=True)
class SendPasswordResets:
    """Sends the e-mails of pending requests. Idempotent: a request is taken in the transaction of its e-mail."""

    requests: ResetRequestStore
    accounts: AccountStore
    email_queue: AccountEmailQueue
    client: Client

    def execute(self) -> None:
        for request in self.requests.oldest(BATCH_SIZE):
            self._send(request)
        self.email_queue.outbox.wake_worker()

    def _send(self, request: ResetRequest) -> None:
        account = self.accounts.find_by_email(request.email)

        def enqueue(session: Session) -> None:
            if self.requests.take(session, request) and account and not account.disabled:
                self.email_queue.enqueue_password_reset(session, account)

        transaction(self.client, enqueue, TIMEOUT)


@dataclass(frozen=True)
class RequestPasswordReset:
    """Stores requests and has them processed by `executor`; the scheduler processes those of a dead process.

    They are processed together after a random delay of up to `max_delay` seconds. Otherwise the work for a known
    address would slow down the next request of the same client.
    """

    requests: ResetRequestStore
    send: SendPasswordResets
    executor: Executor
    max_delay: float = MAX_DELAY
    _unscheduled: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(1), repr=False)

    def execute(self, email: str) -> None:
        self.requests.insert(email, self.send.email_queue.emails.clock())
        if self._unscheduled.acquire(blocking=False):
            self.executor.submit(self._send)

    def _send(self) -> None:
        time.sleep(random.uniform(0, self.max_delay))  # noqa: S311 # nosec B311 # jitter, not a secret
        self._unscheduled.release()
        try:
            self.send.execute()
        except DatabaseError as error:
            LOG.warning("password_resets_delayed", error=type(error).__name__)


@dataclass(frozen=True)
class ResetPassword:
    """Sets a new password by a one-time token."""

    accounts: AccountStore
    sessions: SessionStore
    passwords: Passwords
    email_queue: AccountEmailQueue
    client: Client

    def execute(self, token: str, password: str) -> Account:
        """Set `password`, end all sessions and return the account; raises TokenInvalid or HashingBusy."""
        # A hash costs much, and clients without a link could delay all who sign in.
        self.email_queue.tokens.require(token, Purpose.RESET_PASSWORD, self.email_queue.emails.clock())
        new_hash = self.passwords.hash_new(password)
        account = transaction(self.client, lambda session: self._reset(session, token, new_hash), TIMEOUT)
        self.email_queue.outbox.wake_worker()
        LOG.info("password_reset", account=account.id)
        return account

    def _reset(self, session: Session, token: str, new_hash: str) -> Account:
        now = self.email_queue.emails.clock()
        account_id = self.email_queue.tokens.redeem(session, token, Purpose.RESET_PASSWORD, now)
        try:
            account = self.accounts.update(account_id, {"passwordHash": new_hash, "emailVerified": True}, session)
        except AccountNotFound:
            raise TokenInvalid from None
        self.sessions.delete_all(account_id, in_transaction=session)
        self.email_queue.enqueue_password_changed(session, account)
        return account
