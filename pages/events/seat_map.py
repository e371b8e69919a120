"""Map of seats: rows and columns of a tier, drawn as two paths, of the free and of the taken seats.

Adjacent seats of a row in the same state are one dashed line, so that thousands of seats take some kilobytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from events.seats import Seat

# Units of the drawing: the distance of two seats, and the side of a seat.
PITCH = 10
SIDE = 7
# A row whose numbers span more is drawn without its gaps.
MAX_COLUMNS = 200


@dataclass(frozen=True)
class MappedSeat:
    """A seat with its column on the map, from 0."""

    seat: Seat
    column: int

    @property
    def is_free(self) -> bool:
        """Return whether the seat can be chosen."""
        return not self.seat.holder


@dataclass(frozen=True)
class SeatRow:
    """A row of seats from left to right; `index` is its place on the map, from 0."""

    name: str
    index: int
    seats: Sequence[MappedSeat]

    @property
    def label(self) -> str:
        """Return the name of the row without its separator, such as A of A-12."""
        return self.name.rstrip("-.:/ ")

    @property
    def free_seats(self) -> Sequence[MappedSeat]:
        """Return the seats that can be chosen."""
        return [mapped for mapped in self.seats if mapped.is_free]

    @property
    def free(self) -> int:
        """Return the number of free seats."""
        return len(self.free_seats)

    def path(self, *, free: bool) -> str:
        """Return the lines of the free or of the taken seats."""
        lines = []
        for start, end in _runs([mapped.column for mapped in self.seats if mapped.is_free is free]):
            lines.append(f"M{start * PITCH} {center(self.index)}h{(end - start) * PITCH + SIDE}")
        return "".join(lines)


@dataclass(frozen=True)
class SeatChoice:
    """The seats that a visitor has chosen so far, with their rows."""

    seats: Sequence[tuple[SeatRow, MappedSeat]]

    @property
    def ids(self) -> frozenset[str]:
        """Return the ids of the chosen seats."""
        return frozenset(mapped.seat.id for _, mapped in self.seats)


@dataclass(frozen=True)
class SeatMap:
    """All rows of a tier, the organiser's first row first."""

    rows: Sequence[SeatRow]

    @classmethod
    def of(cls, seats: Iterable[Seat]) -> SeatMap:
        """Return the map of seats in the organiser's order."""
        by_row: dict[str, list[Seat]] = {}
        for seat in seats:
            by_row.setdefault(seat.row, []).append(seat)
        ordered = {name: sorted(row, key=lambda seat: seat.number) for name, row in by_row.items()}
        first = _first_number(ordered.values())
        rows = []
        for index, (name, row) in enumerate(ordered.items()):
            rows.append(SeatRow(name, index, _mapped(row, first)))
        return cls(rows)

    @cached_property
    def width(self) -> int:
        """Return the width of the drawing."""
        return PITCH * max((row.seats[-1].column + 1 for row in self.rows), default=1)

    @property
    def height(self) -> int:
        """Return the height of the drawing."""
        return PITCH * max(1, len(self.rows))

    @property
    def capacity(self) -> int:
        """Return the number of all seats."""
        return sum(len(row.seats) for row in self.rows)

    @property
    def free(self) -> int:
        """Return the number of free seats."""
        return sum(row.free for row in self.rows)

    @property
    def free_path(self) -> str:
        """Return the path of the free seats."""
        return "".join(row.path(free=True) for row in self.rows)

    @property
    def taken_path(self) -> str:
        """Return the path of the taken seats."""
        return "".join(row.path(free=False) for row in self.rows)

    def row(self, name: str) -> SeatRow | None:
        """Return the row with this name, or None."""
        return {row.name: row for row in self.rows}.get(name)

    def chosen(self, seat_ids: Iterable[str], limit: int) -> SeatChoice:
        """Return the choice of those of `seat_ids` that are free, at most `limit` of them."""
        wanted = set(seat_ids)
        found: list[tuple[SeatRow, MappedSeat]] = []
        for row in self.rows:
            found.extend((row, mapped) for mapped in row.free_seats if mapped.seat.id in wanted)
        return SeatChoice(found[:limit])


def center(row_index: int) -> int:
    """Return the height of the middle of a row."""
    return row_index * PITCH + PITCH // 2


def _first_number(rows: Iterable[Sequence[Seat]]) -> int | None:
    """Return the lowest number of all rows, or None if the numbers give no columns."""
    lowest = []
    highest = []
    for row in rows:
        numbers = [seat.number for seat in row]
        if len(set(numbers)) < len(numbers):
            return None
        lowest.append(numbers[0])
        highest.append(numbers[-1])
    if not lowest or max(highest) - min(lowest) >= MAX_COLUMNS:
        return None
    return min(lowest)


def _mapped(row: Sequence[Seat], first: int | None) -> list[MappedSeat]:
    mapped = []
    for index, seat in enumerate(row):
        column = index
        if first is not None:
            column = seat.number - first
        mapped.append(MappedSeat(seat, column))
    return mapped


def _runs(columns: Sequence[int]) -> list[tuple[int, int]]:
    """Return first and last column of each run of adjacent columns."""
    runs: list[tuple[int, int]] = []
    for column in columns:
        if runs and column == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], column)
        else:
            runs.append((column, column))
    return runs
