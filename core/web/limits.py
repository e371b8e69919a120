"""Rate limits: Flask-Limiter over a storage that all workers share."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, Response
from flask_limiter import ExemptionScope, Limiter, RateLimitExceeded
from limits import RateLimitItem, parse

from core.errors import TooMany
from core.web import context, errors
from core.web.limit_storage import SCHEME

WRONG_KEYS = parse("10 per 15 minutes")


def no_work() -> None:
    """Stand for what a limit of its own guards: passing it is all there is to do."""


@dataclass(frozen=True)
class Limits:
    """The limits that views ask for by name; the one on everything is applied before any view."""

    limiter: Limiter
    booking_gate: Callable[[], None]

    def count_booking(self) -> None:
        """Count one well-formed attempt to book; raises RateLimitExceeded, which is 429, beyond the allowance."""
        self.booking_gate()

    def require_patience(self) -> None:
        """Raise TooMany while this address has used up its wrong keys."""
        if not self.limiter.limiter.test(WRONG_KEYS, "wrong-admin-key", context.client_address()):
            raise TooMany("Too many wrong keys.", retry_after=self._seconds_left(WRONG_KEYS))

    def count_wrong_key(self) -> None:
        """Count a wrong key; raises TooMany beyond the allowance, also when many come at once."""
        if not self.limiter.limiter.hit(WRONG_KEYS, "wrong-admin-key", context.client_address()):
            raise TooMany("Too many wrong keys.", retry_after=self._seconds_left(WRONG_KEYS))

    def _seconds_left(self, item: RateLimitItem) -> int:
        window = self.limiter.limiter.get_window_stats(item, "wrong-admin-key", context.client_address())
        return max(1, round(window.reset_time - time.time()))


def install(app: Flask, *, default: str, bookings: str, storage: str, options: dict[str, str]) -> Limits:
    """Limit every route of `app` by address; `storage` and `options` say where the counts are kept."""
    limiter = Limiter(
        context.client_address,
        app=app,
        application_limits=[default],
        storage_uri=f"{SCHEME}://",
        storage_options={"inner": storage, **options},
        strategy="fixed-window",
        headers_enabled=False,
    )
    app.register_error_handler(RateLimitExceeded, lambda _: _too_many(limiter))
    return Limits(limiter, limiter.limit(bookings, override_defaults=False)(no_work))


def exempt(limits: Limits, view: Callable[..., object]) -> None:
    """Never limit `view`: it serves the machines that watch over the service."""
    limits.limiter.exempt(view, flags=ExemptionScope.DEFAULT | ExemptionScope.APPLICATION)


def _too_many(limiter: Limiter) -> Response:
    breached = limiter.current_limit
    seconds = max(1, round(breached.reset_at - time.time())) if breached else 1
    headers = {"Retry-After": str(seconds), "RateLimit-Reset": str(seconds), "RateLimit-Remaining": "0"}
    if breached:
        headers["RateLimit-Limit"] = str(breached.limit.amount)
    return errors.respond(429, {"code": "too_many_requests", "message": errors.MESSAGE_OF[429], "headers": headers})
