"""The bare driver: how many bookings one process can write with group commits and nothing around them.

    python -m bench.driver MONGODB_URI DATABASE SECONDS < slot ids

Batches of 64 go round the slots whose ids stand on the standard input, a line each. A transaction counts the places
under the guard, then inserts bookings, idempotency keys and letters of the product's shape, under its indexes and
validators. Nobody answers HTTP, checks a form or makes a link. The last line is JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import count, cycle, islice
from typing import Any
from uuid import uuid4

from pymongo import InsertOne, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from booking import mapping
from booking.model import Booking
from core.mongo.client import Db, connect
from notifications import letters
from notifications.outbox.mapping import to_document

BATCH = 64
SNAPSHOT, MAJORITY = ReadConcern("snapshot"), WriteConcern("majority")
AT = datetime(2026, 3, 1, tzinfo=UTC)
BOOKING = mapping.to_document(
    Booking(
        id="0" * 32, reference="K7MP-4QXD", full_name="Ada Guest", email="ada@example.com", phone="+14152000000",
        country="US", city="San Francisco", message="Looking forward to it.", date="2026-03-01", slot_id="",
        slot_label="10:00-11:00", created_at=AT,
    )
)  # fmt: skip
FACTS = {
    "event": "Open days, March 2026", "timezone": "Europe/Berlin", "date": "2026-03-01", "slot": "10:00-11:00",
    "reference": "K7MP-4QXD", "fullName": "Ada Guest", "email": "ada@example.com", "phone": "+14152000000",
    "country": "US", "city": "San Francisco", "message": "Looking forward to it.",
    "manageUrl": f"http://127.0.0.1:8000/bookings/{'0' * 32}?token={'t' * 27}",
}  # fmt: skip
LETTERS = [
    to_document(letter)
    for letter in letters.booking_made(
        about="0" * 32, admin="admin@example.org", guest="ada@example.com", facts=FACTS, now=AT
    )
]

Rows = list[dict[str, Any]]


def main(uri: str, database: str, seconds: float, slot_ids: list[str]) -> None:
    """Book for so long and print what came of it."""
    client = connect(uri, "bench-driver")
    db, slots, guests, booked = client[database], cycle(slot_ids), count(), 0
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        batch = list(islice(slots, BATCH))
        rows = _rows(batch, guests)
        with client.start_session() as session, session.start_transaction(SNAPSHOT, MAJORITY):
            _write(db, session, Counter(batch), *rows)
        booked += len(batch)
    took = time.monotonic() - began
    print(json.dumps({"bookings": booked, "seconds": took, "perSecond": booked / took}))


def _write(db: Db, session: ClientSession, places: Counter[str], bookings: Rows, keys: Rows, outbox: Rows) -> None:
    claims = [
        UpdateOne(
            {"_id": slot, "closed": False, "$expr": {"$lte": [{"$add": ["$bookedCount", wanted]}, "$capacity"]}},
            {"$inc": {"bookedCount": wanted}},
        )
        for slot, wanted in sorted(places.items())
    ]
    if db.slots.bulk_write(claims, session=session).matched_count != len(claims):
        raise RuntimeError("A slot was full, or is not there.")
    for collection, rows in ((db.bookings, bookings), (db.idempotency_keys, keys), (db.letters, outbox)):
        collection.bulk_write([InsertOne(row) for row in rows], session=session)


def _rows(batch: list[str], guests: count[int]) -> tuple[Rows, Rows, Rows]:
    now = datetime.now(UTC)
    bookings = [_booking(slot, next(guests), now) for slot in batch]
    keys = [
        {"_id": uuid4().hex, "fingerprint": uuid4().hex * 2, "bookingId": row["_id"], "expiresAt": now + timedelta(1)}
        for row in bookings
    ]
    return bookings, keys, [letter for row in bookings for letter in _letters(row["_id"], now)]


def _booking(slot: str, guest: int, now: datetime) -> dict[str, Any]:
    names = {"_id": uuid4().hex, "reference": uuid4().hex[:9], "email": f"driver-{guest}@example.com", "slotId": slot}
    return {**BOOKING, **names, "createdAt": now}


def _letters(booking: str, now: datetime) -> Rows:
    names = [uuid4().hex, uuid4().hex]
    rows = [{**letter, "_id": name, "about": booking} for letter, name in zip(LETTERS, names, strict=True)]
    rows[1]["after"] = names[0]
    return [{**row, "createdAt": now, "dueAt": now} for row in rows]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.stdin.read().split())
