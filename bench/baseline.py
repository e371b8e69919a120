"""Baseline without a database: the rate of HTTP, validation, rate limits and responses alone.

    gunicorn -c gunicorn.conf.py 'bench.baseline:create_app()'

Everything is the service's own but the group commit, which is replaced by one that writes nothing. The rate limits
still count in the database.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from flask import Flask

import app as service
from booking.create import CreateBooking
from booking.model import BookingResult, PendingBooking
from core.web.context import runtime_of
from inventory.group_commit import GroupCommit


class NullService:
    """A group commit that accepts every request and writes nothing."""

    def submit(self, request: PendingBooking) -> BookingResult:
        """Return the requested booking."""
        return BookingResult(request.booking)


def create_app(**replacements: Any) -> Flask:
    """Return the service's application with a NullService as group commit."""
    app = service.create_app(**replacements)
    runtime = runtime_of(app)
    create = runtime.get(CreateBooking)
    runtime.add(replace(create, group_commit=cast("GroupCommit", NullService())))
    return app
