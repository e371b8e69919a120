"""Changes for a broadcast log without a database."""

from __future__ import annotations

from live.model import END, Change, Position

DATE, OTHER = "2026-03-05", "2026-03-07"
START = Position(100, 1, END)


def change(seconds: int, *, name: str = "a", nth: int = 1, topic: str = DATE, message: bytes = b"") -> Change:
    position = Position(seconds, 1, nth)
    return Change(position, topic, name, "slotUpdate", message or f"{seconds}.{nth}".encode())
