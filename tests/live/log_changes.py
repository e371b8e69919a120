"""Changes for a broadcast log without a database."""

from __future__ import annotations

from live.model import END, Change, Position
from schedules.model import Slot

DATE, OTHER = "2026-03-05", "2026-03-07"
START = Position(100, 1, END)


def slot(name: str = "a", booked: int = 0, date: str = DATE) -> Slot:
    return Slot(name, date, "A", "10:00", "11:00", "10:00-11:00", 4, booked, closed=False)


def change(seconds: int, booked: int = 0, *, name: str = "a", nth: int = 1, date: str = DATE) -> Change:
    return Change(Position(seconds, 1, nth), slot(name, booked, date))
