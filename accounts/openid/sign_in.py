"""Sign-in with a provider: the rule that decides which account an identity opens.

1. The account that has this issuer and subject, whatever e-mail address the provider states now.
2. Else the e-mail address decides, and only one that the provider has verified. The account with this address must be
   verified here as well: otherwise a stranger could register the address first, with a password of theirs.
3. Else the person gets a new account, without a password.
"""

from __future__ import annotations

from dataclasses import dataclass

from accounts.errors import EmailTaken
from accounts.model import Account, SignedIn
from accounts.openid.errors import AccountDisabled, ProviderEmailUnverified, UnverifiedAccountHasEmail
from accounts.openid.identity_store import IdentityStore
from accounts.openid.model import ProviderIdentity
from accounts.openid.person import account_name, email_of
from accounts.registration import Device
from accounts.sign_in import Sessions
from accounts.store import AccountStore
from audit.service import Audit
from core import log
from core.ids import new_id
from core.mongo.client import Client
from core.mongo.transactions import Session, transaction

LOG = log.get_logger("accounts")
TIMEOUT = 8.0


@dataclass(frozen=True)
class SignInWithProvider:
    """Signs people in by the identity that a provider has verified."""

    accounts: AccountStore
    identities: IdentityStore
    sessions: Sessions
    audit: Audit
    client: Client

    def execute(self, identity: ProviderIdentity, device: Device) -> SignedIn:
        """Return the tokens of a new session.

        Raises ProviderEmailUnverified, UnverifiedAccountHasEmail or AccountDisabled.
        """
        try:
            signed_in = self._attempt(identity, device)
        except UnverifiedAccountHasEmail:
            raise
        except EmailTaken:
            # The same person has just signed in on another device: the account is there now.
            signed_in = self._attempt(identity, device)
        LOG.info("signed_in_with_provider", account=signed_in.account.id)
        return signed_in

    def _attempt(self, identity: ProviderIdentity, device: Device) -> SignedIn:
        return transaction(self.client, lambda session: self._sign_in(session, identity, device), TIMEOUT)

    def _sign_in(self, session: Session, identity: ProviderIdentity, device: Device) -> SignedIn:
        account = self._find_or_create(session, identity, device)
        if account.disabled:
            raise AccountDisabled
        recorded = self.accounts.record_sign_in(session, account, self.sessions.clock())
        return self.sessions.begin(session, recorded, device.user_agent)

    def _find_or_create(self, session: Session, identity: ProviderIdentity, device: Device) -> Account:
        account_id = self.identities.find_account_id(session, identity)
        if account_id:
            return self.accounts.get(account_id, session)
        email = email_of(identity)
        if not identity.email_verified or not email:
            raise ProviderEmailUnverified
        account = self.accounts.find_by_email(email, session)
        if account is None:
            return self._create(session, identity, device)
        return self._link(session, account, identity)

    def _link(self, session: Session, account: Account, identity: ProviderIdentity) -> Account:
        if not account.email_verified:
            raise UnverifiedAccountHasEmail
        if not account.disabled:
            self.identities.link(session, account.id, identity)
            self.audit.record(
                session, "service", "account.identity_linked", account.id, {}, {"issuer": identity.issuer}
            )
        return account

    def _create(self, session: Session, identity: ProviderIdentity, device: Device) -> Account:
        now = self.sessions.clock()
        account = Account(
            id=new_id(now),
            email=email_of(identity),
            name=account_name(identity),
            created_at=now,
            password_hash="",  # nosec B106 # an account without a password
            email_verified=True,
            language=device.language,
        )
        self.accounts.insert(session, account)
        self.identities.link(session, account.id, identity)
        return account
