"""A database in the middle of a rush: bookings, a long waiting list, many events, an outbox that is minutes behind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from booking.store import DEFERRED
from core.mongo.client import Db
from tests.api.conftest import Clock
from tests.deferred import write_deferred
from tests.event_calls import store_event

BOOKINGS = 3000
WAITING = 800
EMAILS = 5000
FAILED = 1500
EVENTS = 300


def fill(db: Db, booking: Mapping[str, Any], entry: Mapping[str, Any], clock: Clock) -> None:
    """Copy the stored rows of `booking`, of its e-mails and of `entry` many times, with other guests."""
    write_deferred(db)
    _fill_bookings(db, booking["id"])
    _fill_waitlist(db, entry["id"])
    _fill_outbox(db, booking["id"], clock)
    _fill_events(db)


def _fill_bookings(db: Db, booking_id: str) -> None:
    row = _row(db, "bookings", booking_id)
    slots = [slot["_id"] for slot in db["slots"].find({}, {"_id": 1})]
    copies = []
    for number in range(BOOKINGS):
        slot_id = slots[number % len(slots)]
        reference = f"FULL{number:04}"
        other = {"_id": f"full-{number:05}", "email": _guest(number), "slotId": slot_id, "reference": reference}
        deferred = DEFERRED if number % 2 else {}
        copies.append({**row, **other, **deferred})
    db["bookings"].insert_many(copies)


def _fill_events(db: Db) -> None:
    event = store_event(db)
    row = _row(db, "events", event.id)
    stock = _row(db, "event_stock", event.tiers[0].id)
    ids = [f"{number:032x}" for number in range(EVENTS)]
    db["events"].insert_many([{**row, "_id": id_, "tierIds": [id_[::-1]]} for id_ in ids])
    db["event_stock"].insert_many([{**stock, "_id": id_[::-1], "eventId": id_} for id_ in ids])


def _fill_waitlist(db: Db, entry_id: str) -> None:
    row = _row(db, "waitlist", entry_id)
    # The copies are in front of the entry.
    db["waitlist"].update_one({"_id": entry_id}, {"$set": {"ticket": WAITING + 1}})
    copies = [
        {**row, "_id": f"full-{number:05}", "email": _guest(number), "ticket": number + 1} for number in range(WAITING)
    ]
    db["waitlist"].insert_many(copies)
    db["slots"].update_one({"_id": row["slotId"]}, {"$inc": {"waiting": WAITING, "lastTicket": WAITING}})


def _fill_outbox(db: Db, booking_id: str, clock: Clock) -> None:
    row = _row(db, "letters", f"{booking_id}-guest")
    enqueued_at = clock() - timedelta(minutes=12)
    blocked_until = clock() + timedelta(hours=1)
    copies = []
    for number in range(EMAILS):
        blocker = f"full-{number:05}-admin"
        overdue = {**row, "_id": blocker, "createdAt": enqueued_at, "dueAt": enqueued_at}
        del overdue["after"]
        guest = {"_id": f"full-{number:05}-guest", "to": _guest(number), "after": blocker}
        copies += [overdue, {**row, **guest, "createdAt": enqueued_at, "dueAt": blocked_until}]
    for number in range(FAILED):
        failed = {**row, "_id": f"dead-{number:05}-guest", "state": "dead"}
        del failed["dueAt"]
        copies.append(failed)
    db["letters"].insert_many(copies)


def _row(db: Db, collection: str, id_: str) -> dict[str, Any]:
    row = db[collection].find_one({"_id": id_})
    assert row is not None
    return row


def _guest(number: int) -> str:
    return f"full{number}@example.org"
