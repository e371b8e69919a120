"""Limits of sign-in: wrong passwords by account, attempts and registrations by address."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

from limits import RateLimitItem, parse, parse_many
from limits.strategies import RateLimiter as Strategy

from core.errors import TooMany
from core.web.rate_limits.limiter import RateLimited

WRONG_PASSWORDS = parse("10 per 15 minutes")
# Links by e-mail to one address: enough for a person, too few to flood a mailbox.
LINKS = parse("10 per hour")


@dataclass(frozen=True)
class SignInLimits:
    """Counts in the storage that all workers share; every method raises RateLimited beyond its quota."""

    strategy: Strategy
    logins: Sequence[RateLimitItem]
    registrations: Sequence[RateLimitItem]

    @classmethod
    def over(cls, strategy: Strategy, logins: str, registrations: str) -> SignInLimits:
        """Return the limits of the settings over the storage of `strategy`."""
        return cls(strategy, parse_many(logins), parse_many(registrations))

    def hit_login(self, address: str) -> None:
        """Count an attempt to sign in from a client's address."""
        self._hit(self.logins, "login", address)

    def hit_registration(self, address: str) -> None:
        """Count a registration from a client's address."""
        self._hit(self.registrations, "register", address)

    def hit_reset_request(self, address: str) -> None:
        """Count a request for a reset link from a client's address: it may name other people's mailboxes."""
        self._hit(self.logins, "reset-request", address)

    def hit_email(self, account_id: str) -> None:
        """Count an e-mailed link that an account asks for."""
        self._hit((LINKS,), "account-link", _key(account_id))

    def admits_reset(self, email: str) -> bool:
        """Count a reset link to an address; return whether it may be sent.

        The client gets the same response in both cases: a stranger could otherwise refuse it to the owner.
        """
        return self.strategy.hit(LINKS, "reset-link", _key(email))

    def reserve_password_attempt(self, email: str) -> None:
        """Count an attempt against the account before the password is checked, also if there is no such account.

        Ten at a time would else all be checked before the first one is counted.
        """
        self._hit((WRONG_PASSWORDS,), "wrong-password", _key(email))

    def clear_password_attempts(self, email: str) -> None:
        """Lift the limit of an account after a right password or a reset."""
        self.strategy.clear(WRONG_PASSWORDS, "wrong-password", _key(email))

    def _hit(self, items: Sequence[RateLimitItem], name: str, key: str) -> None:
        for item in items:
            if not self.strategy.hit(item, name, key):
                raise self._refusal(item, name, key)

    def _refusal(self, item: RateLimitItem, name: str, key: str) -> TooMany:
        window = self.strategy.get_window_stats(item, name, key)
        return RateLimited(item.amount, max(1, round(window.reset_time - time.time())))


def _key(email: str) -> str:
    # The storage of rate limits holds no e-mail addresses.
    return hashlib.sha256(email.encode()).hexdigest()
