"""The members of a booking are those that its schema declares and dumps."""

from __future__ import annotations

from datetime import UTC, datetime

from booking.model import Booking, Status
from booking.schemas import BookingSchema, booking_members

BOOKING = Booking(
    id="019f8a7b6c5d00112233445566778899",
    reference="K7MP-4QXD",
    full_name="Ada Lovelace",
    email="ada@example.org",
    phone="+14155550123",
    country="US",
    city="",
    message="Looking forward to it.",
    date="2026-03-05",
    slot_id="abf2f38bf6fe9453c824ca98",
    slot_label="10:00-11:00",
    created_at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
    status=Status.CANCELLED,
)


def test_booking_members_are_what_the_schema_dumps() -> None:
    members = booking_members(BOOKING, "https://example.org/x")

    assert members == {**BookingSchema().dump(BOOKING), "manageUrl": "https://example.org/x"}
    assert list(members) == list(BookingSchema().fields)
