"""Sign-in by password, and the sessions that begin with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.access_tokens import AccessTokens
from accounts.errors import InvalidCredentials
from accounts.model import Account, AccountSession, Credentials, SignedIn
from accounts.passwords import Passwords
from accounts.session_store import SessionStore
from accounts.session_tokens import SessionToken
from accounts.store import AccountStore
from core import log
from core.clock import Clock
from core.ids import new_id

LOG = log.get_logger("accounts")
MAX_USER_AGENT = 200


@dataclass(frozen=True)
class Sessions:
    """Begins sessions. A refresh token is valid for `lifetime` after its last use."""

    store: SessionStore
    access_tokens: AccessTokens
    lifetime: timedelta
    clock: Clock

    def begin(self, account: Account, user_agent: str) -> SignedIn:
        """Store a session of `account` on a device and return its tokens."""
        now = self.clock()
        session = AccountSession(
            id=new_id(now),
            account_id=account.id,
            created_at=now,
            last_used_at=now,
            expires_at=self.expiry(now),
            user_agent=user_agent[:MAX_USER_AGENT],
        )
        token = SessionToken.new(session.id)
        self.store.insert(session, token)
        return SignedIn(account, self.access_tokens.issue(account, session.id), str(token), session.id)

    def expiry(self, now: datetime) -> datetime:
        return now + self.lifetime


@dataclass(frozen=True)
class SignIn:
    """Signs people in by e-mail address and password."""

    accounts: AccountStore
    passwords: Passwords
    sessions: Sessions

    def execute(self, credentials: Credentials, user_agent: str) -> SignedIn:
        """Return the tokens of a new session; raises InvalidCredentials or HashingBusy.

        An unknown e-mail address costs the same time as a wrong password.
        """
        account = self.accounts.find_by_email(credentials.email)
        stored = account.password_hash if account else ""
        matches = self.passwords.verify(credentials.password, stored)
        if account is None or account.disabled or not matches:
            raise InvalidCredentials
        if self.passwords.needs_rehash(stored):
            self.accounts.replace_hash(account.id, stored, self.passwords.hash(credentials.password))
        LOG.info("signed_in", account=account.id)
        return self.sessions.begin(account, user_agent)
