"""Rate limiter by client address: Flask-Limiter's strategy over a storage that all workers share.

The extension provides storage and strategy. Its own checks are off: finding the decorators that apply to a request cost
a fifth of a booking's time. There are three limits, each with its own method.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from flask import Flask, request
from flask_limiter import Limiter
from limits import RateLimitItem, parse, parse_many

from core.errors import TooMany
from core.web import context
from core.web.rate_limits.batched_storage import SCHEME
from core.web.rate_limits.prefetch import PrefetchingCounter

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
class RateLimiter:
    """The three limits; each method counts a hit and raises RateLimited beyond the quota."""

    limiter: Limiter
    counter: PrefetchingCounter
    default: Sequence[RateLimitItem]
    bookings: Sequence[RateLimitItem]

    def hit_request(self) -> None:
        self._hit("requests", self.default)

    def hit_booking(self) -> None:
        """Count a valid booking request."""
        self._hit("bookings", self.bookings)

    def hit_wrong_key(self) -> None:
        """Count a wrong admin key; the quota also holds for concurrent requests."""
        self._hit("wrong-admin-key", WRONG_KEYS)

    def reject_if_locked_out(self) -> None:
        """Raise RateLimited if the address has exhausted its quota of wrong keys, also for a correct key."""
        for item in WRONG_KEYS:
            if not self.limiter.limiter.test(item, "wrong-admin-key", context.client_address()):
                raise self._refusal("wrong-admin-key", item)

    def _hit(self, name: str, items: Sequence[RateLimitItem]) -> None:
        for item in items:
            if not self.counter.hit(item, name, context.client_address()):
                raise self._refusal(name, item)

    def _refusal(self, name: str, item: RateLimitItem) -> RateLimited:
        window = self.limiter.limiter.get_window_stats(item, name, context.client_address())
        return RateLimited(item.amount, max(1, round(window.reset_time - time.time())))


def install(
    app: Flask,
    *,
    default: str,
    bookings: str,
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
    limits = RateLimiter(limiter, PrefetchingCounter(limiter.storage), parse_many(default), parse_many(bookings))

    def count() -> None:
        if request.path not in context.PROBE_PATHS and request.endpoint not in exempt_endpoints:
            limits.hit_request()

    app.before_request(count)
    return limits
