"""Sign-in by password, and the sessions that begin with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
from core.mongo.client import Client
from core.mongo.transactions import Session, transaction

LOG = log.get_logger("accounts")
MAX_USER_AGENT = 200
TIMEOUT = 8.0


@dataclass(frozen=True)
class Sessions:
    """Begins sessions. A refresh token is valid for `lifetime` after its last use."""

    store: SessionStore
    access_tokens: AccessTokens
    lifetime: timedelta
    clock: Clock

    def begin(self, transaction_session: Session, account: Account, user_agent: str) -> SignedIn:
        """Store a session of `account` on a device within the caller's transaction, and return its tokens."""
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
        self.store.insert(transaction_session, session, token)
        return SignedIn(account, self.access_tokens.issue(account, session.id), str(token), session.id)

    def expiry(self, now: datetime) -> datetime:
        return now + self.lifetime


@dataclass(frozen=True)
class SignIn:
    """Signs people in by e-mail address and password."""

    accounts: AccountStore
    passwords: Passwords
    sessions: Sessions
    client: Client

    def execute(self, credentials: Credentials, user_agent: str) -> SignedIn:
        """Return the tokens of a new session; raises InvalidCredentials or HashingBusy.

        An unknown e-mail address costs the same time as a wrong password.
        """
        account = self.accounts.find_by_email(credentials.email)
        stored = account.password_hash if account else ""
        matches = self.passwords.verify(credentials.password, stored)
        if account is None or account.disabled or not matches:
            raise InvalidCredentials
        verified = self._with_new_parameters(account, credentials.password)
        signed_in = transaction(self.client, lambda session: self._begin(session, verified, user_agent), TIMEOUT)
        LOG.info("signed_in", account=account.id)
        return signed_in

    def _with_new_parameters(self, account: Account, password: str) -> Account:
        """Return the account, with its password hashed again if the parameters have changed."""
        if not self.passwords.needs_rehash(account.password_hash):
            return account
        renewed = replace(account, password_hash=self.passwords.hash(password))
        self.accounts.replace_hash(account.id, account.password_hash, renewed.password_hash)
        return renewed

    def _begin(self, session: Session, verified: Account, user_agent: str) -> SignedIn:
        # A reset or a disabled account ends all sessions; this write conflicts with it, so that none begins meanwhile.
        account = self.accounts.record_sign_in(session, verified, self.sessions.clock())
        return self.sessions.begin(session, account, user_agent)
