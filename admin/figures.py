"""What the back office's plots show, as tables with their words: a plot and the table beside it are one thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from notifications.model import State
from schedules.model import Slot

DATE, BOOKED, CLOSED, NONE = "Date", "Bookings", "closed", "\u2013"
STATE, LETTERS = "State", "Letters"
FILL_TITLE = "Booked by date and hour"
FILL_SUMMARY = "{booked:,} of {seats:,} places are booked, {percent} %. {full} of {slots} slots are full."
MADE_TITLE = "Bookings made, by day"
MADE_SUMMARY = "{total:,} bookings were made in {days} days, most on {best}: {most:,}. Cancelled ones count too."
MADE_NOTHING = "No booking was made in {days} days."
STATES = {
    State.QUEUED: "queued",
    State.SENDING: "sending",
    State.RETRYING: "retrying",
    State.SENT: "sent",
    State.DEAD: "given up",
}
LETTERS_TITLE = "Letters by state"
LETTERS_SUMMARY = "{total:,} letters, of which {sent:,} are sent, {open:,} under way and {dead:,} given up."


@dataclass(frozen=True)
class Places:
    """How full a slot is."""

    booked: int
    capacity: int
    closed: bool = False

    @property
    def percent(self) -> int:
        """Return how much is booked; never 0 or 100 but when nothing or everything is."""
        if self.booked in (0, self.capacity) or not self.capacity:
            return 100 if self.booked else 0
        return min(99, max(1, round(100 * self.booked / self.capacity)))

    def __str__(self) -> str:
        return f"{self.booked}/{self.capacity}" + (f", {CLOSED}" if self.closed else "")


Cell = str | int | Places | None
Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Figure:
    """A table to be drawn: a row begins with what it is about; None stands where there is nothing."""

    name: str
    title: str
    summary: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def texts(self) -> list[list[str]]:
        """Return the rows as they are read."""
        return [[_said(cell) for cell in row] for row in self.rows]


def fill(slots: Sequence[Slot]) -> Figure:
    """Return how full the slots are, a row for each date and a column for each hour."""
    hours = sorted({slot.start for slot in slots})
    by_date: dict[str, dict[str, Places]] = {}
    for slot in slots:
        places = Places(slot.booked_count, slot.capacity, slot.closed)
        by_date.setdefault(slot.date, {})[slot.start] = places
    booked, seats = sum(slot.booked_count for slot in slots), sum(slot.capacity for slot in slots)
    full = sum(slot.booked_count >= slot.capacity for slot in slots)
    summary = FILL_SUMMARY.format(
        booked=booked, seats=seats, percent=Places(booked, seats).percent, full=full, slots=len(slots)
    )
    rows = tuple((date, *(at.get(hour) for hour in hours)) for date, at in sorted(by_date.items()))
    return Figure("fill", FILL_TITLE, summary, (DATE, *hours), rows)


def made(days: Sequence[tuple[str, int]]) -> Figure:
    """Return how many bookings were made on each of `days`."""
    total, (best, most) = sum(number for _, number in days), max(days, key=lambda day: day[1])
    words = MADE_SUMMARY if total else MADE_NOTHING
    summary = words.format(total=total, days=len(days), best=best, most=most)
    return Figure("bookings", MADE_TITLE, summary, (DATE, BOOKED), tuple(days))


def letters(counts: Mapping[str, int]) -> Figure:
    """Return how many letters are in each state."""
    sent, dead, total = counts["sent"], counts["dead"], sum(counts.values())
    summary = LETTERS_SUMMARY.format(total=total, sent=sent, dead=dead, open=total - sent - dead)
    rows = tuple((STATES[state], counts[state]) for state in State)
    return Figure("letters", LETTERS_TITLE, summary, (STATE, LETTERS), rows)


def _said(cell: Cell) -> str:
    return NONE if cell is None else f"{cell:,}" if isinstance(cell, int) else str(cell)
