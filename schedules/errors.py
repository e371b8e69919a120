"""Errors of dates and slots."""

from __future__ import annotations

from core.errors import Conflict, Invalid, NotFound


class DateNotBookable(Invalid):
    """This date is not on the schedule."""

    code = "date_not_bookable"

    def __init__(self, sentence: str) -> None:
        """Use the schedule's own `sentence`."""
        super().__init__(sentence, errors={"date": [sentence]})

    @property
    def message(self) -> str:
        """Return the schedule's sentence."""
        return self.detail


class SlotNotFound(NotFound):
    """Slot not found."""

    code = "slot_not_found"


class SlotClosed(Conflict):
    """This slot is closed for booking."""

    code = "slot_closed"


class CapacityBelowBooked(Conflict):
    """The capacity cannot be lower than the places already booked."""

    code = "capacity_below_booked"


class ScheduleError(Exception):
    """The schedule file cannot be used; the message names file, line and reason."""
