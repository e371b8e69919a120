"""Errors of reservations."""

from __future__ import annotations

from core.errors import Conflict, NotFound


class AlreadyReserved(Conflict):
    """You have booked this event already."""

    code = "already_booked"


class ReservationNotFound(NotFound):
    """You have no booking of this event."""

    code = "reservation_not_found"
