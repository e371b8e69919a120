"""The database of a million sample bookings, stored on disk and reused between runs."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import wiring
from bench.fixtures import slot_documents
from bench.sample_bookings import SampleBookings
from bench.system_specs import EVENT_UNLIMITED, planned_slots
from bench.systems import UNLIMITED_CAPACITY
from booking import mapping
from booking.search.segments import SegmentStore
from core.config.settings import ROOT
from core.mongo.client import Db

BOOKINGS = 1_000_000
# Part of the folder's name. Raise it when the sample bookings, or the stored form of a booking, change.
VERSION = 4
FOLDER = ROOT / f"var/bench/million-{VERSION}"
DATABASE = "bench_million"
BATCH_SIZE = 5000


def seed(db: Db) -> None:
    """Insert the bookings if they are missing; rows first and indexes afterwards, which is faster."""
    if db.seeded.find_one({"_id": BOOKINGS}):
        return
    print(f"inserting {BOOKINGS:,} bookings, once: a few minutes", flush=True)
    db.client.drop_database(db.name)
    slots = planned_slots(EVENT_UNLIMITED)
    confirmed = Counter[str]()
    bookings = iter(SampleBookings(BOOKINGS, slots))
    while batch := list(islice(bookings, BATCH_SIZE)):
        confirmed.update(booking.slot_id for booking in batch if booking.status == "confirmed")
        db.bookings.insert_many([mapping.to_document(booking) for booking in batch], ordered=False)
    slot_rows = slot_documents(slots, UNLIMITED_CAPACITY, with_schedule=True)
    db.slots.insert_many([row | {"bookedCount": confirmed[row["_id"]]} for row in slot_rows])
    wiring.prepare_database(db)
    index_for_search(db)
    db.seeded.insert_one({"_id": BOOKINGS})
    db.client.admin.command("fsync")


def index_for_search(db: Db) -> None:
    """Write the search segments of all bookings, so that the scheduler does not do it during a measurement."""
    segments = SegmentStore(db)
    while segments.append("g"):
        pass
