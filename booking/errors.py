"""Errors of bookings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import Conflict, Invalid, NotFound
from inventory.errors import InsufficientStock


class SlotDateMismatch(Invalid):
    """Slot does not match selected date."""

    code = "slot_date_mismatch"


class SlotFull(InsufficientStock):
    """Slot is full."""

    code = "slot_full"

    @classmethod
    def with_remaining(cls, remaining: int) -> SlotFull:
        """Return the refusal of more places than the `remaining` ones; it names these if there are any."""
        if not remaining:
            return cls()
        return cls(extra={"remaining": remaining})

    def with_alternatives(self, alternatives: Sequence[Mapping[str, Any]]) -> SlotFull:
        """Return the refusal with other slots."""
        return SlotFull(extra={**self.extra, "alternatives": alternatives})

    @property
    def message(self) -> str:
        """The message for people, with the number of places if some are left."""
        if self.remaining:
            return f"Too few places are left: {self.remaining}."
        return super().message

    @property
    def remaining(self) -> int:
        """How many places are left; fewer than were wanted."""
        return int(self.extra.get("remaining", 0))


class ResultTooLargeToSort(Invalid):
    """Too many bookings are found to put them in this order. Narrow the search."""

    code = "too_many_to_sort"


class DuplicateBooking(Conflict):
    """Duplicate booking."""

    code = "duplicate_booking"


class BookingNotFound(NotFound):
    """Booking not found."""

    code = "booking_not_found"


class BookingAnonymised(Conflict):
    """Nobody is known to have made this booking any more."""

    code = "booking_forgotten"


class RescheduleLimitReached(Conflict):
    """This booking has been moved too often. Please cancel it and book anew."""

    code = "moved_too_often"


class BookingCancelled(Conflict):
    """This booking is cancelled. Please book anew."""

    code = "booking_cancelled"
