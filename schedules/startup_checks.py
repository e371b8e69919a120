"""Warnings at the start about a schedule file that does not go with the stored slots or with the clocks."""

from __future__ import annotations

from contextlib import suppress

from core import clock, log
from core.mongo.client import Db, timeout
from core.mongo.failures import DatabaseError
from schedules.model import Schedule
from schedules.service import Schedules
from schedules.store import SlotStore

# Start-up waits this long for the check of orphaned slots.
ORPHANED_SLOTS_TIMEOUT = 2
LOG = log.get_logger("wiring")


def warn_about_orphaned_slots(db: Db, schedule: Schedule) -> None:
    """Log a warning if slots with bookings are missing from the schedule file; skipped if the database is away."""
    with suppress(DatabaseError), timeout(ORPHANED_SLOTS_TIMEOUT):
        orphaned = Schedules(schedule, SlotStore(db), clock.now).orphaned_slots()
        if orphaned:
            LOG.warning("orphaned_slots", count=len(orphaned), dates=sorted({slot.date for slot in orphaned}))


def warn_about_omitted_slots(schedule: Schedule) -> None:
    """Log a warning for each slot that the schedule leaves out because the clocks change."""
    for slot in schedule.omitted:
        LOG.warning(
            "omitted_slot", date=slot.date, hours=slot.hours, reason=f"clocks_{slot.reason}", timezone=schedule.timezone
        )
