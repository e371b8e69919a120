"""Many guests at once, and what must be true of the database after whatever befell them."""

from __future__ import annotations

from collections import Counter as Count
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from core.mongo.client import Db
from tests.api_client import Answer

T = TypeVar("T")

RETRYABLE = {(503, "unavailable"), (503, "outcome_unknown")}


def run_concurrently(calls: Sequence[Callable[[], T]], most: int = 128) -> list[T]:
    """Return what the calls returned, made by up to `most` threads that begin together."""
    with ThreadPoolExecutor(min(most, len(calls))) as threads:
        return [pending.result() for pending in [threads.submit(call) for call in calls]]


def count_outcomes(answers: Iterable[Answer]) -> dict[tuple[int, str], int]:
    """Return how often each status came with each code; a booking that was made has the code `booked`."""
    return dict(Count(outcome(answer) for answer in answers))


def outcome(answer: Answer) -> tuple[int, str]:
    """Return the status with the code of a refusal, or with `booked` or `replayed`."""
    if answer.status == 201:
        return 201, "replayed" if "Idempotency-Replayed" in answer.headers else "booked"
    return answer.status, answer.code


def is_retryable_refusal(answer: Answer) -> bool:
    """Tell whether `answer` asks to come again, and says when."""
    return outcome(answer) in RETRYABLE and int(answer.headers["Retry-After"]) > 0


def booked_ids(answers: Iterable[Answer]) -> set[str]:
    """Return the ids of the bookings that were acknowledged."""
    return {answer.json["booking"]["id"] for answer in answers if answer.status == 201}


def active_ids(db: Db) -> set[str]:
    """Return the ids of the bookings that hold a place."""
    return {row["_id"] for row in db.bookings.find({"status": "confirmed"}, {"_id": 1})}


def assert_consistent(db: Db) -> None:
    """Fail unless counters, bookings, letters and keys tell one story, each part of it once."""
    # The delivery worker may write deferred letters meanwhile: all is read as of one time.
    with db.client.start_session(snapshot=True) as session:
        bookings: dict[str, dict[str, Any]] = {row["_id"]: row for row in db.bookings.find(session=session)}
        slots = list(db.slots.find(session=session))
        letters = Count((row["about"], row["template"]) for row in db.letters.find(session=session))
    taken = Count(row["slotId"] for row in bookings.values() if row["status"] == "confirmed")
    for slot in slots:
        assert slot["bookedCount"] == taken[slot["_id"]], slot
        assert slot["bookedCount"] <= slot["capacity"], slot
    deferred = [booking_id for booking_id, row in bookings.items() if "confirmationDeferred" in row]
    letters += confirmations(deferred)
    enqueued = confirmations(bookings)
    cancelled = [booking_id for booking_id, row in bookings.items() if row["status"] == "cancelled"]
    assert letters == enqueued + Count((booking_id, "guest_cancellation") for booking_id in cancelled)
    keys = [row["idempotencyKey"]["id"] for row in bookings.values() if "idempotencyKey" in row]
    assert len(set(keys)) == len(keys)


def confirmations(booking_ids: Iterable[str]) -> Count[tuple[str, str]]:
    """Return the letters that confirm bookings, each once."""
    return Count((booking_id, name) for booking_id in booking_ids for name in ("admin_booking", "guest_booking"))
