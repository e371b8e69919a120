"""Errors of seats."""

from __future__ import annotations

from core.errors import Conflict


class SeatTaken(Conflict):
    """A seat that you chose is taken. Please choose again."""

    code = "seat_taken"
