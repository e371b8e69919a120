"""Reads of accounts and the end of sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.errors import AccountNotFound, NotSignedIn, SessionNotFound
from accounts.model import Account, AccountPage, AccountSession, Identity
from accounts.refresh_tokens import RefreshToken
from accounts.session_store import SessionStore
from accounts.store import AccountStore
from core.clock import Clock
from core.schema_fields import normalize_email


@dataclass(frozen=True)
class Accounts:
    """Accounts and sessions of signed-in people."""

    store: AccountStore
    sessions: SessionStore
    clock: Clock

    def get(self, identity: Identity) -> Account:
        """Return the account of `identity`; raises NotSignedIn if it was deleted."""
        try:
            return self.store.get(identity.account_id)
        except AccountNotFound:
            raise NotSignedIn from None

    def rename(self, identity: Identity, name: str) -> Account:
        """Set the person's name; raises NotSignedIn if the account was deleted."""
        try:
            return self.store.update(identity.account_id, {"name": name})
        except AccountNotFound:
            raise NotSignedIn from None

    def active(self, identity: Identity) -> Account:
        """Return the stored account; raises NotSignedIn if it is disabled or its session has ended."""
        account = self.get(identity)
        if account.disabled or not self.sessions.is_active(identity.session_id, account.id, self.clock()):
            raise NotSignedIn
        return account

    def active_sessions(self, identity: Identity) -> Sequence[AccountSession]:
        """Return the person's sessions, newest first."""
        return self.sessions.by_account(identity.account_id, self.clock())

    def end_session(self, identity: Identity, session_id: str) -> None:
        """End one session of the person; raises SessionNotFound."""
        if not self.sessions.delete(session_id, identity.account_id):
            raise SessionNotFound

    def end_other_sessions(self, identity: Identity) -> None:
        self.sessions.delete_all(identity.account_id, keep=identity.session_id)

    def sign_out(self, token: RefreshToken | None) -> None:
        """End the session of a refresh token; an unknown or missing one is no error."""
        if token is None:
            return
        # Another tab may have rotated the token meanwhile.
        session = self.sessions.find_valid(token, self.clock()) or self.sessions.find_reused(token)
        if session:
            self.sessions.delete(session.id, session.account_id)

    def get_by_email(self, email: str) -> Account:
        """Return the account with this address in any case; raises AccountNotFound, or ValueError for no address."""
        account = self.store.find_by_email(normalize_email(email))
        if account is None:
            raise AccountNotFound
        return account

    def page(self, email: str, page: int, limit: int) -> AccountPage:
        """Return one page of all accounts, or of the one with `email`; `page` counts from 1."""
        accounts, total = self.store.find_page(email, (page - 1) * limit, limit)
        return AccountPage(accounts, total)
