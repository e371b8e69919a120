"""Errors of bookings."""

from __future__ import annotations

from core.errors import Conflict, Invalid, NotFound
from inventory.errors import InsufficientStock


class SlotDateMismatch(Invalid):
    """Slot does not match selected date."""

    code = "slot_date_mismatch"


class SlotFull(InsufficientStock):
    """Slot is full."""

    code = "slot_full"


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
