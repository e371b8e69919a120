"""Rotation of refresh tokens: a token that is used twice ends its session."""

from __future__ import annotations

import time
from dataclasses import dataclass

from accounts.errors import AccountNotFound, RefreshInterrupted, SessionEnded
from accounts.model import Account, AccountSession, SignedIn
from accounts.refresh_tokens import RefreshToken
from accounts.session_store import Rotation
from accounts.session_tokens import SessionToken
from accounts.sign_in import Sessions
from accounts.store import AccountStore
from audit.service import Audit
from core import log
from core.clock import monotonic
from core.mongo.client import Client, timeout
from core.mongo.failures import RETRY_AFTER_SECONDS, DatabaseError, is_unavailable
from core.mongo.transactions import Session, transaction

LOG = log.get_logger("accounts")
REUSE_TIMEOUT = 5.0
ROTATION_TIMEOUT = 8.0
PAUSE = 0.05


@dataclass(frozen=True)
class RefreshSession:
    """Exchanges a refresh token for the next one, by compare-and-set in one statement."""

    accounts: AccountStore
    sessions: Sessions
    audit: Audit
    client: Client

    def execute(self, old: RefreshToken | None) -> SignedIn:
        """Return the next tokens of the session.

        Raises SessionEnded for a used, expired or unknown token or none, and RefreshInterrupted if the outcome is
        unknown.
        """
        if old is None:
            raise SessionEnded
        new = old.successor()
        try:
            return self._exchange(old, new)
        except DatabaseError as error:
            if not is_unavailable(error):
                raise
            raise RefreshInterrupted(str(old.interrupted(new)), RETRY_AFTER_SECONDS) from error

    def _exchange(self, old: RefreshToken, new: SessionToken) -> SignedIn:
        now = self.sessions.clock()
        session = self._rotate(Rotation(old, new, now, self.sessions.expiry(now)))
        if session is None:
            self._revoke_if_reused(old)
            raise SessionEnded
        account = self._enabled_account(session.account_id)
        return SignedIn(account, self.sessions.access_tokens.issue(account, session.id), str(new), session.id)

    def _rotate(self, rotation: Rotation) -> AccountSession | None:
        """Rotate once, also across the loss of a primary; raises the database's error after ROTATION_TIMEOUT."""
        deadline = monotonic() + ROTATION_TIMEOUT
        while True:
            try:
                with timeout(ROTATION_TIMEOUT):
                    return self.sessions.store.rotate(rotation)
            except DatabaseError as error:
                if not is_unavailable(error) or monotonic() >= deadline:
                    raise
                time.sleep(PAUSE)

    def _enabled_account(self, account_id: str) -> Account:
        try:
            account = self.accounts.get(account_id)
        except AccountNotFound:
            raise SessionEnded from None
        if account.disabled:
            raise SessionEnded
        return account

    def _revoke_if_reused(self, token: RefreshToken) -> None:
        session = self.sessions.store.find_reused(token)
        if session is None:
            return

        def revoke(transaction_session: Session) -> None:
            ended = self.sessions.store.delete(session.id, session.account_id, transaction_session)
            if ended:
                self.audit.record(
                    transaction_session, "service", "session.revoked", session.account_id, {}, {"session": session.id}
                )

        transaction(self.client, revoke, REUSE_TIMEOUT)
        LOG.warning("refresh_token_reused", account=session.account_id, session=session.id)
