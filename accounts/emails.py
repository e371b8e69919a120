"""E-mails of accounts: verification, password reset, changed password, and a registration with a taken address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts.model import Account
from core.clock import Clock
from notifications.outbox.model import EmailTemplate, OutboxEmail
from notifications.outbox.new_email import NewEmail

VERIFICATION = EmailTemplate("account_verification", ordered=False)
PASSWORD_RESET = EmailTemplate("account_password_reset", ordered=False)
PASSWORD_CHANGED = EmailTemplate("account_password_changed", ordered=False)
ADDRESS_TAKEN = EmailTemplate("account_address_taken", ordered=False)
TEMPLATES = (VERIFICATION, PASSWORD_RESET, PASSWORD_CHANGED, ADDRESS_TAKEN)


@dataclass(frozen=True)
class AccountEmails:
    """Makes e-mails as values; the caller stores them in the transaction of the change.

    A link's token is in the fragment, so that no server log and no Referer contains it.
    """

    service_name: str
    public_url: str
    clock: Clock

    def verification(self, account: Account, token: str) -> OutboxEmail:
        return self._to(account, {"verifyUrl": self._link("verify-email", token)}).build(VERIFICATION)

    def password_reset(self, account: Account, token: str) -> OutboxEmail:
        return self._to(account, {"resetUrl": self._link("reset-password", token)}).build(PASSWORD_RESET)

    def password_changed(self, account: Account) -> OutboxEmail:
        return self._to(account, {"forgotUrl": f"{self.public_url}/account/forgot-password"}).build(PASSWORD_CHANGED)

    def address_taken(self, account: Account) -> OutboxEmail:
        """Return the e-mail about a registration with the address of `account`: one a day at most."""
        context = {"forgotUrl": f"{self.public_url}/account/forgot-password"}
        return self._to(account, context).build(ADDRESS_TAKEN, f"taken-{_day(self.clock())}")

    def _to(self, account: Account, context: dict[str, str]) -> NewEmail:
        common = {"event": self.service_name, "fullName": account.name, "language": account.language}
        return NewEmail(subject=account.id, to=account.email, context=common | context, now=self.clock())

    def _link(self, page: str, token: str) -> str:
        return f"{self.public_url}/account/{page}#token={token}"


def _day(now: datetime) -> str:
    return now.date().isoformat()
