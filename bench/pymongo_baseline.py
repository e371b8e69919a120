"""PyMongo baseline: the bookings per second of one process with group commits and no web service.

    python -m bench.pymongo_baseline MONGODB_URI DATABASE SECONDS < slot ids

Standard input has one slot id per line; batches of 64 use the slots in turn. A transaction increments the slots'
counters under the capacity guard, then inserts bookings of the service's form, each with its idempotency key and its
mark of deferred e-mails, under its indexes and validators. There is no HTTP and no validation. The last line is JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, cycle, islice
from typing import Any
from uuid import uuid4

from pymongo import InsertOne, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from bench.people import people
from booking import mapping
from booking.model import Booking
from core.idempotency import IdempotencyKey
from core.mongo.client import Db, connect

BATCH_SIZE = 64
SNAPSHOT = ReadConcern("snapshot")
MAJORITY = WriteConcern("majority")
CREATED_AT = datetime(2026, 3, 1, tzinfo=UTC)
GUESTS = 5000

Rows = list[dict[str, Any]]
# A guest's number in this run, and a booking of the guest.
Guest = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class Batch:
    """The documents of one transaction, and the number of bookings of each slot."""

    claims: Counter[str]
    bookings: Rows


def main(uri: str, database: str, seconds: float, slot_ids: list[str]) -> None:
    """Write bookings for `seconds` and print the result."""
    client = connect(uri, "bench-pymongo")
    db = client[database]
    slots = cycle(slot_ids)
    guests = zip(count(), cycle(_documents()))
    bookings = 0
    start = time.monotonic()
    cpu_start = time.process_time()
    while time.monotonic() < start + seconds:
        batch = _make_batch(list(islice(slots, BATCH_SIZE)), guests)
        with client.start_session() as session, session.start_transaction(SNAPSHOT, MAJORITY):
            _write(db, session, batch)
        bookings += len(batch.bookings)
    elapsed = time.monotonic() - start
    cpu_ms = (time.process_time() - cpu_start) * 1000
    print(json.dumps({"bookings": bookings, "seconds": elapsed, "perSecond": bookings / elapsed, "cpuMs": cpu_ms}))


def _write(db: Db, session: ClientSession, batch: Batch) -> None:
    claims = [_claim(slot_id, seats) for slot_id, seats in sorted(batch.claims.items())]
    if db.slots.bulk_write(claims, session=session).matched_count != len(claims):
        raise RuntimeError("A slot is full or missing.")
    db.bookings.bulk_write([InsertOne(row) for row in batch.bookings], session=session)


def _claim(slot_id: str, seats: int) -> UpdateOne:
    fits = {"$lte": [{"$add": ["$bookedCount", seats]}, "$capacity"]}
    return UpdateOne({"_id": slot_id, "closed": False, "$expr": fits}, {"$inc": {"bookedCount": seats}})


def _make_batch(slot_ids: Sequence[str], guests: Iterator[Guest]) -> Batch:
    now = datetime.now(UTC)
    return Batch(Counter(slot_ids), [_booking(slot_id, next(guests), now) for slot_id in slot_ids])


def _documents() -> Rows:
    """Return a booking of each of some guests, as the service stores it."""
    rows = []
    for guest in people(GUESTS):
        booking = Booking(
            id="0" * 32, reference="K7MP-4QXD", full_name=guest.full_name, email="", phone=guest.phone,
            country=guest.country, city=guest.city, message=guest.message, date="2026-03-01", slot_id="",
            slot_label="10:00-11:00", created_at=CREATED_AT, confirmation_deferred=True,
        )  # fmt: skip
        rows.append(mapping.to_document(booking))
    return rows


def _booking(slot_id: str, guest: Guest, now: datetime) -> dict[str, Any]:
    number, document = guest
    booking_id = uuid4().hex
    key = IdempotencyKey.issue(uuid4().hex, uuid4().hex * 2, booking_id, now)
    return {
        **document,
        "_id": booking_id,
        "reference": uuid4().hex[:9],
        "email": f"pymongo-{number}@example.com",
        "slotId": slot_id,
        "createdAt": now,
        "idempotencyKey": mapping.key_document(key),
    }


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.stdin.read().split())
