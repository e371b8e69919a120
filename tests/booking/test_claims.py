"""Bookings that can share a transaction."""

from __future__ import annotations

from datetime import UTC, datetime

from booking.model import Booking, PendingBooking
from core.concurrency.batcher import PendingRequest
from core.idempotency import IdempotencyKey
from inventory.requests import Pending, split_duplicates

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)


def claim(email: str, slot_id: str = "slot", key: str = "") -> PendingBooking:
    booking = Booking(
        id=f"{email} {slot_id} {key}",
        reference="K7MP-4QXD",
        full_name="Ada",
        email=email,
        phone="+14155550123",
        country="US",
        city="",
        message="",
        date="2026-03-05",
        slot_id=slot_id,
        slot_label="10:00-11:00",
        created_at=NOON,
    )
    return PendingBooking(booking, IdempotencyKey(key, "print", booking.id, NOON) if key else None, 0.0)


def chosen(*claims: PendingBooking) -> list[int]:
    """Return the positions of the claims that share a transaction; the others are its duplicates."""
    pending: list[Pending] = [PendingRequest(one) for one in claims]
    distinct, duplicates = split_duplicates(pending)
    assert len(distinct) + len(duplicates) == len(pending)
    return [pending.index(one) for one in distinct]


def test_bookings_of_different_guests_share_a_transaction() -> None:
    claims = claim("a"), claim("b"), claim("a", "other"), claim("c", key="k1"), claim("d", key="k2")

    assert chosen(*claims) == [0, 1, 2, 3, 4]


def test_booking_of_one_guest_in_one_slot_is_in_the_transaction_once() -> None:
    assert chosen(claim("a"), claim("b"), claim("a"), claim("a", key="k")) == [0, 1]


def test_booking_with_a_repeated_key_is_in_the_transaction_once() -> None:
    assert chosen(claim("a", key="k"), claim("b", key="k"), claim("c"), claim("d", "other", key="k")) == [0, 2]


def test_booking_that_is_a_duplicate_does_not_reserve_its_key() -> None:
    # The second is left out for its guest; its key is therefore free for the third.
    assert chosen(claim("a"), claim("a", key="k"), claim("b", key="k")) == [0, 2]
