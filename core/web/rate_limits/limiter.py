"""Rate limiter by client address: Flask-Limiter's strategy over a storage that all workers share.

The extension provides storage and strategy. Its own checks are off: finding the decorators that apply to a request cost
a fifth of a booking's time. Each limit has its own method.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache

from flask import Flask, request
from flask_limiter import Limiter
from limits import RateLimitItem, parse, parse_many

from core.errors import TooMany
from core.web import context
from core.web.rate_limits.batched_storage import SCHEME
from core.web.rate_limits.prefetch import PrefetchingCounter

# Requests by client address, and e-mails with links by the address that gets them.
LINK_REQUESTS = "10 per hour"
LINKS_OF_EMAIL = "3 per hour"
WRONG_KEYS = (parse("10 per 15 minutes"),)


class RateLimited(TooMany):
    """Too many requests. Please wait and try again."""

    def __init__(self, amount: int, seconds: int) -> None:
        super().__init__(retry_after=seconds)
        self.headers = {
            "RateLimit-Limit": str(amount),
            "RateLimit-Remaining": "0",
            "RateLimit-Reset": str(seconds),
        }


@dataclass(frozen=True)
class Quotas:
    """The quotas as Flask-Limiter writes them, by client address.

    `booking_emails` is by booking, `reservations` and `orders` are by account.
    """

    requests: str
    bookings: str
    emails: str
    booking_emails: str
    reservations: str
    orders: str


@dataclass(frozen=True)
class RateLimiter:
    """The limits; each method counts a hit and raises RateLimited beyond the quota."""

    limiter: Limiter
    counter: PrefetchingCounter
    quotas: Quotas

    def hit_request(self) -> None:
        self._hit_all("requests", self.quotas.requests)

    def hit_booking(self) -> None:
        """Count a valid booking request."""
        self._hit_all("bookings", self.quotas.bookings)

    def hit_email(self, booking_id: str) -> None:
        """Count a move or a resend, which e-mails the guest again, by client address and by booking."""
        self._hit_all("emails", self.quotas.emails)
        self._hit_all("booking-emails", self.quotas.booking_emails, booking_id)

    def hit_link_request(self) -> None:
        """Count a request for the links of bookings by client address: it may name other people's mailboxes."""
        self._hit_all("link-requests", LINK_REQUESTS)

    def admits_links(self, email: str) -> bool:
        """Count the links sent to an e-mail address; return whether they may be sent.

        The client gets the same response in both cases: a stranger could otherwise refuse them to the owner.
        """
        key = hashlib.sha256(email.encode()).hexdigest()
        return all(self.counter.hit(item, "links", key) for item in _parsed(LINKS_OF_EMAIL))

    def hit_reservation(self, account_id: str) -> None:
        """Count a reservation that an account asks for."""
        self._hit_all("reservations", self.quotas.reservations, account_id)

    def hit_hold(self, account_id: str) -> None:
        """Count a cart that an account asks to hold."""
        self._hit_all("holds", self.quotas.orders, account_id)

    def hit_order(self, account_id: str) -> None:
        """Count an order that an account places."""
        self._hit_all("orders", self.quotas.orders, account_id)

    def hit_wrong_key(self) -> None:
        """Count a wrong admin key; the quota also holds for concurrent requests."""
        for item in WRONG_KEYS:
            self._hit("wrong-admin-key", item, context.client_address())

    def reject_if_locked_out(self) -> None:
        """Raise RateLimited if the address has exhausted its quota of wrong keys, also for a correct key."""
        for item in WRONG_KEYS:
            if not self.limiter.limiter.test(item, "wrong-admin-key", context.client_address()):
                raise self._refusal("wrong-admin-key", item, context.client_address())

    def _hit_all(self, name: str, quota: str, key: str = "") -> None:
        for item in _parsed(quota):
            self._hit(name, item, key or context.client_address())

    def _hit(self, name: str, item: RateLimitItem, key: str) -> None:
        if not self.counter.hit(item, name, key):
            raise self._refusal(name, item, key)

    def _refusal(self, name: str, item: RateLimitItem, key: str) -> RateLimited:
        window = self.limiter.limiter.get_window_stats(item, name, key)
        return RateLimited(item.amount, max(1, round(window.reset_time - time.time())))


@cache
def _parsed(quota: str) -> Sequence[RateLimitItem]:
    return parse_many(quota)


def install(
    app: Flask,
    quotas: Quotas,
    *,
    storage: str,
    options: dict[str, str],
    exempt_endpoints: Collection[str] = (),
) -> RateLimiter:
    """Limit every route of `app` except `exempt_endpoints`; `storage` is the URI of the counts, with its `options`."""
    limiter = Limiter(
        context.client_address,
        storage_uri=f"{SCHEME}://",
        storage_options={"inner": storage, **options},
        strategy="fixed-window",
        headers_enabled=False,
    )
    # Flask-Limiter adds no hooks to an application that is registered already; see the module docstring.
    app.extensions["limiter"] = {limiter}
    limiter.init_app(app)
    context.runtime_of(app).add(limiter.storage)
    limits = RateLimiter(limiter, PrefetchingCounter(limiter.storage), quotas)

    def count() -> None:
        if request.path not in context.PROBE_PATHS and request.endpoint not in exempt_endpoints:
            limits.hit_request()

    app.before_request(count)
    return limits
