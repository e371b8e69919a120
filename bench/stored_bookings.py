"""Stored bookings: a system's collections are filled in bulk before a round, with counters that agree."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pymongo import UpdateOne

from bench.load_generators import LoadFailed
from bench.sample_bookings import SampleBookings
from bench.systems import System, Workspace
from booking.model import Booking, Status
from schedules.model import PlannedSlot

PROGRAM = Path(__file__).with_name("bulk_insert.py")
TIMEOUT_SECONDS = 600
# Links end a day after the booking's creation, or after its slot.
RECENT = timedelta(hours=1)
RECENT_INTERVAL = timedelta(milliseconds=10)
MEMBERS = (
    "id", "reference", "full_name", "email", "phone", "country", "city", "message", "date", "slot_id", "slot_label",
    "created_at", "status",
)  # fmt: skip


@dataclass(frozen=True)
class StoredBookings:
    """Bookings in a system's database, and the file of their links: lines "<booking id> <token> <slot id>"."""

    size: int
    links: Path


def recent_bookings(size: int, slots: Iterable[PlannedSlot]) -> SampleBookings:
    """Return confirmed bookings, created within the last hour, in the slots in turn."""
    first = datetime.now(UTC) - RECENT
    return SampleBookings(size, list(slots), first, RECENT_INTERVAL, cancelled_share=0.0)


def insert_bookings(workspace: Workspace, system: System, bookings: SampleBookings) -> StoredBookings:
    """Insert bookings by the system's own mapping, and count them in their slots. Raises LoadFailed.

    The indexes are built after the insertion, which is faster.
    """
    source = workspace.folder / f"{system.spec.key}.bookings"
    links = workspace.folder / f"{system.spec.key}.links"
    booked = _write_bookings(source, bookings)
    with system.database.indexes_dropped("bookings"):
        _run(system, source, links)
    claims = [UpdateOne({"_id": slot_id}, {"$inc": {"bookedCount": count}}) for slot_id, count in booked.items()]
    system.database.db.slots.bulk_write(claims)
    system.database.flush()
    source.unlink()
    return StoredBookings(bookings.size, links)


def booking_line(booking: Booking) -> str:
    """Return a booking as JSON, with the members that every version of the service has."""
    members = {name: getattr(booking, name) for name in MEMBERS}
    members["created_at"] = booking.created_at.isoformat()
    return json.dumps(members, ensure_ascii=False)


def _write_bookings(file: Path, bookings: Iterable[Booking]) -> Counter[str]:
    """Write the bookings and return the number of confirmed ones in each slot."""
    booked: Counter[str] = Counter()
    with file.open("w", encoding="utf-8") as lines:
        for booking in bookings:
            lines.write(f"{booking_line(booking)}\n")
            booked[booking.slot_id] += booking.status is Status.CONFIRMED
    return booked


def _run(system: System, source: Path, links: Path) -> None:
    command = [system.spec.python, "-P", str(PROGRAM), str(source), str(links)]
    # Rate limits counted in the database would delay the end of the process.
    environment = {**system.spec.environment, "PYTHONPATH": str(system.spec.folder), "RATE_LIMIT_STORAGE": "memory://"}
    try:
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            cwd=system.spec.folder,
            env=environment,
            timeout=TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise LoadFailed(f"{system.name}: bookings were not inserted within {TIMEOUT_SECONDS} s") from error
    if done.returncode != 0:
        reason = (done.stderr.strip() or "no reason").splitlines()[-1]
        raise LoadFailed(f"{system.name} cannot be filled in bulk, its modules have another layout: {reason}")
