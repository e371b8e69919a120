"""Outbox maintenance: orphaned e-mails are unblocked and logged."""

from __future__ import annotations

from core import log
from core.clock import Clock
from core.mongo.client import Db
from notifications.outbox.blocking import BlockedEmails

LOG = log.get_logger("notifications.outbox.maintenance")


def unblock_orphans(db: Db, clock: Clock) -> None:
    """Make the e-mails due whose blocker is no longer pending, and log how many there were."""
    count = BlockedEmails(db).unblock_orphans(clock())
    if count:
        LOG.warning("emails_unblocked", emails=count)
