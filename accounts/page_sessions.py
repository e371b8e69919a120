"""Page sessions: the sign-in of this service's own pages, by a cookie over the session that API clients have as well.

The cookie's token is rotated when the privileges of the account change. The token before it stays valid for some
seconds, for requests that were on their way.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta

from accounts.errors import AccountNotFound
from accounts.model import Account
from accounts.page_session_store import PageRotation, PageSession, PageSessionStore
from accounts.session_store import SessionStore
from accounts.session_tokens import SessionToken
from accounts.store import AccountStore
from core.clock import Clock

# Requests of one page that were sent together may arrive after the first of them has rotated the token.
GRACE = timedelta(seconds=30)
# A visit extends a session that was not used for this long.
EXTEND_AFTER = timedelta(minutes=10)


@dataclass(frozen=True)
class PageVisit:
    """A signed-in request of a page; the answer sets `new_token` if there is one."""

    account: Account
    session_id: str
    new_token: str = field(default="", repr=False)


@dataclass(frozen=True)
class PageSessions:
    """Begins, finds and ends page sessions."""

    store: PageSessionStore
    sessions: SessionStore
    accounts: AccountStore
    lifetime: timedelta
    clock: Clock

    def begin(self, account: Account, session_id: str) -> str:
        """Return the page token of a session that has just begun."""
        token = SessionToken.new(session_id)
        self.store.rotate(PageRotation(session_id, token.digest, privileges_of(account), self.clock()))
        return str(token)

    def find(self, text: str) -> PageVisit | None:
        """Return the visit of a page token; None if its session has ended or its account is disabled."""
        token = SessionToken.parse(text)
        if token is None:
            return None
        now = self.clock()
        session = self.store.find(token.session_id, token.digest, now, now - GRACE)
        if session is None:
            return None
        account = self._enabled_account(session.account_id)
        if account is None:
            return None
        if now - session.last_used_at > EXTEND_AFTER:
            self.store.extend(session.session_id, now, now + self.lifetime)
        return PageVisit(account, session.session_id, self._rotate(token, session, account))

    def end(self, text: str) -> None:
        """End the session of a page token; another text is no error."""
        visit = self.find(text)
        if visit:
            self.sessions.delete(visit.session_id, visit.account.id)

    def end_all(self, account_id: str) -> None:
        """End every session of an account, also those of API clients."""
        self.sessions.delete_all(account_id)

    def _enabled_account(self, account_id: str) -> Account | None:
        try:
            account = self.accounts.get(account_id)
        except AccountNotFound:
            return None
        if account.disabled:
            return None
        return account

    def _rotate(self, old: SessionToken, session: PageSession, account: Account) -> str:
        """Return a new token if the privileges have changed since the old one, else an empty text."""
        privileges = privileges_of(account)
        if not session.is_current or session.privileges == privileges:
            return ""
        new = SessionToken.new(session.session_id)
        is_first = self.store.rotate(
            PageRotation(session.session_id, new.digest, privileges, self.clock(), replaces=old.digest)
        )
        if not is_first:
            return ""
        return str(new)


def privileges_of(account: Account) -> str:
    """Return a digest of what decides an account's rights: role, verified address, password."""
    text = f"{account.role.value}:{account.email_verified}:{account.password_hash}"
    return hashlib.sha256(text.encode()).hexdigest()
