"""Registration: an account, its verification e-mail and its first session in one transaction."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.email_queue import AccountEmailQueue
from accounts.errors import EmailTaken
from accounts.model import Account, NewAccount, SignedIn
from accounts.passwords import Passwords
from accounts.sign_in import Sessions
from accounts.store import AccountStore
from core import log
from core.ids import new_id
from core.mongo.client import Client
from core.mongo.transactions import Session, transaction

LOG = log.get_logger("accounts")
TIMEOUT = 8.0


@dataclass(frozen=True)
class Device:
    """The client that a person uses: its user agent and the language of its e-mails."""

    user_agent: str
    language: str = "en"


@dataclass(frozen=True)
class Register:
    """Creates accounts of people."""

    accounts: AccountStore
    passwords: Passwords
    sessions: Sessions
    email_queue: AccountEmailQueue
    client: Client

    def execute(self, new: NewAccount, device: Device) -> SignedIn:
        """Return the tokens of the new account's first session; raises EmailTaken or HashingBusy.

        The owner of a taken address gets an e-mail.
        """
        account = self._account(new, device.language)
        try:
            signed_in = transaction(self.client, lambda session: self._insert(session, account, device), TIMEOUT)
        except EmailTaken:
            self._notify_owner(new.email)
            raise
        self.email_queue.outbox.wake_worker()
        LOG.info("registered", account=account.id)
        return signed_in

    def _account(self, new: NewAccount, language: str) -> Account:
        now = self.sessions.clock()
        return Account(
            id=new_id(now),
            email=new.email,
            name=new.name,
            created_at=now,
            password_hash=self.passwords.hash_new(new.password),
            language=language,
        )

    def _insert(self, session: Session, account: Account, device: Device) -> SignedIn:
        self.accounts.insert(session, account)
        self.email_queue.enqueue_verification(session, account)
        return self.sessions.begin(session, account, device.user_agent)

    def _notify_owner(self, email: str) -> None:
        owner = self.accounts.find_by_email(email)
        if owner is None:
            return
        transaction(self.client, lambda session: self.email_queue.enqueue_address_taken(session, owner), TIMEOUT)
        self.email_queue.outbox.wake_worker()
