"""E-mails of accounts, written to the outbox within the caller's transaction, with their one-time tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from accounts.emails import AccountEmails
from accounts.model import Account, Purpose
from accounts.token_store import TokenStore
from core.mongo.transactions import Session
from notifications.outbox.service import Outbox

LIFETIMES = {Purpose.VERIFY_EMAIL: timedelta(hours=24), Purpose.RESET_PASSWORD: timedelta(minutes=30)}


@dataclass(frozen=True)
class AccountEmailQueue:
    """Enqueues the e-mails of accounts."""

    outbox: Outbox
    emails: AccountEmails
    tokens: TokenStore

    def enqueue_verification(self, session: Session, account: Account) -> None:
        token = self._issue(session, account, Purpose.VERIFY_EMAIL)
        self.outbox.enqueue(session, [self.emails.verification(account, token)])

    def enqueue_password_reset(self, session: Session, account: Account) -> None:
        token = self._issue(session, account, Purpose.RESET_PASSWORD)
        self.outbox.enqueue(session, [self.emails.password_reset(account, token)])

    def enqueue_password_changed(self, session: Session, account: Account) -> None:
        self.outbox.enqueue(session, [self.emails.password_changed(account)])

    def enqueue_address_taken(self, session: Session, account: Account) -> None:
        """Tell the owner of an address about a registration with it, at most once a day."""
        self.outbox.enqueue_once(session, self.emails.address_taken(account))

    def _issue(self, session: Session, account: Account, purpose: Purpose) -> str:
        expires_at = self.emails.clock() + LIFETIMES[purpose]
        return self.tokens.issue(session, account.id, purpose, expires_at)
