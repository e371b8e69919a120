"""Verification of an account's e-mail address by the one-time token of a link."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.email_queue import AccountEmailQueue
from accounts.errors import AccountNotFound, NotSignedIn, TokenInvalid
from accounts.model import Account, Purpose
from accounts.store import AccountStore
from core.mongo.client import Client
from core.mongo.transactions import Session, transaction

TIMEOUT = 8.0


@dataclass(frozen=True)
class VerifyEmail:
    """Marks e-mail addresses as verified."""

    accounts: AccountStore
    email_queue: AccountEmailQueue
    client: Client

    def execute(self, token: str) -> Account:
        """Return the account whose address `token` verifies; raises TokenInvalid for a used or old one."""
        return transaction(self.client, lambda session: self._verify(session, token), TIMEOUT)

    def _verify(self, session: Session, token: str) -> Account:
        now = self.email_queue.emails.clock()
        account_id = self.email_queue.tokens.redeem(session, token, Purpose.VERIFY_EMAIL, now)
        try:
            return self.accounts.update(account_id, {"emailVerified": True}, session)
        except AccountNotFound:
            raise TokenInvalid from None


@dataclass(frozen=True)
class ResendVerification:
    """Sends the verification e-mail again; the earlier link becomes invalid."""

    accounts: AccountStore
    email_queue: AccountEmailQueue
    client: Client

    def execute(self, account_id: str) -> None:
        """Enqueue the e-mail, unless the address is verified already; raises NotSignedIn for a deleted account."""
        try:
            account = self.accounts.get(account_id)
        except AccountNotFound:
            raise NotSignedIn from None
        if account.email_verified:
            return
        transaction(self.client, lambda session: self.email_queue.enqueue_verification(session, account), TIMEOUT)
        self.email_queue.outbox.wake_worker()
