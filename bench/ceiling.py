"""The same application without its database: how fast HTTP, validation, limits and answers are by themselves.

    gunicorn -c gunicorn.conf.py 'bench.ceiling:create_app()'

Everything is the product's own but the counter, which says yes at once and writes nothing down. The rate limits still
count in the database, as they do in the product.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from flask import Flask

import app as product
from booking.group_commit import Counter
from booking.model import Booked, Wish
from booking.service import Bookings
from core.web.context import EXTENSION


class YesAtOnce:
    """Answers as the counter does when all went well."""

    def book(self, wish: Wish) -> Booked:
        """Return the booking that was wished for."""
        return Booked(wish.booking)


def create_app(**replacements: Any) -> Flask:
    """Return the product's application with a counter that never asks the database."""
    app = product.create_app(**replacements)
    services = app.extensions[EXTENSION]
    services[Bookings] = replace(services[Bookings], counter=cast("Counter", YesAtOnce()))
    return app
