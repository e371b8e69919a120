"""Deferred e-mails in tests: their rows are written as the worker writes them before it sends."""

from __future__ import annotations

import orders.wiring
from booking.wiring import build_deferred_confirmations
from core.clock import now
from core.mongo.client import Db
from notifications.outbox.store import OutboxStore
from schedules import schedule_file
from schedules.service import Schedules
from schedules.store import SlotStore
from tests import factories


def write_deferred(db: Db) -> Db:
    """Write the rows of all deferred e-mails in `db`, by the default settings; return `db`."""
    settings = factories.settings("mongodb://127.0.0.1/?replicaSet=rs0")
    schedules = Schedules(schedule_file.load(settings.schedule_file), SlotStore(db), now)
    deferred = build_deferred_confirmations(settings, db, schedules, OutboxStore(db).add)
    of_tickets = orders.wiring.build_deferred_emails(db)
    while deferred.write(1000) or of_tickets.write(1000):
        """More are left."""
    return db
