"""Map of seats: rows and columns of a tier, drawn as two paths, of the free and of the taken seats.

Adjacent seats of a row in the same state are one dashed line, so that thousands of seats take some kilobytes.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from pages.events.seat_layout import LayoutRow, SeatLayout

# Units of the drawing: the distance of two seats, and the side of a seat.
PITCH = 10
SIDE = 7


@dataclass(frozen=True)
class MappedSeat:
    """A seat with its column on the map, from 0."""

    label: str
    column: int
    is_free: bool


@dataclass(frozen=True)
class SeatRow:
    """A row of seats, of which those at the positions `taken` cannot be chosen."""

    layout: LayoutRow
    taken: Container[int]

    @property
    def name(self) -> str:
        """Return the name that seats of the row begin with, such as A- of A-12."""
        return self.layout.name

    @property
    def index(self) -> int:
        """Return the place of the row on the map, from 0."""
        return self.layout.index

    @property
    def label(self) -> str:
        """Return the name of the row without its separator, such as A of A-12."""
        return self.name.rstrip("-.:/ ")

    @property
    def seats(self) -> Sequence[MappedSeat]:
        """Return the seats from left to right."""
        row = self.layout
        return list(map(MappedSeat, row.labels, row.columns, self._are_free))

    @cached_property
    def free(self) -> int:
        """Return the number of free seats."""
        return self._are_free.count(True)

    @cached_property
    def paths(self) -> tuple[str, str]:
        """Return the lines of the free and of the taken seats."""
        lines: dict[bool, list[str]] = {True: [], False: []}
        ends: dict[bool, int] = {}
        middle = center(self.layout.index)
        for is_free, start, end in _runs(self.layout.columns, self._are_free):
            move = f"M{start * PITCH} {middle}"
            if is_free in ends:
                move = f"m{start * PITCH - ends[is_free]} 0"
            ends[is_free] = end * PITCH + SIDE
            lines[is_free].append(f"{move}h{(end - start) * PITCH + SIDE}")
        return "".join(lines[True]), "".join(lines[False])

    @cached_property
    def _are_free(self) -> list[bool]:
        return [position not in self.taken for position in self.layout.positions]


@dataclass(frozen=True)
class SeatChoice:
    """The seats that a visitor has chosen so far, with their rows."""

    seats: Sequence[tuple[SeatRow, MappedSeat]]

    @property
    def labels(self) -> frozenset[str]:
        """Return the labels of the chosen seats."""
        return frozenset(mapped.label for _, mapped in self.seats)


@dataclass(frozen=True)
class SeatMap:
    """All rows of a tier, the organiser's first row first."""

    layout: SeatLayout
    taken: Container[int]

    @cached_property
    def rows(self) -> Sequence[SeatRow]:
        """Return the rows."""
        return [SeatRow(row, self.taken) for row in self.layout.rows]

    @property
    def width(self) -> int:
        """Return the width of the drawing."""
        return PITCH * self.layout.columns

    @property
    def height(self) -> int:
        """Return the height of the drawing."""
        return PITCH * max(1, len(self.rows))

    @property
    def capacity(self) -> int:
        """Return the number of all seats."""
        return sum(len(row.layout.positions) for row in self.rows)

    @cached_property
    def free(self) -> int:
        """Return the number of free seats."""
        return sum(row.free for row in self.rows)

    @property
    def free_path(self) -> str:
        """Return the path of the free seats."""
        return "".join(row.paths[0] for row in self.rows)

    @property
    def taken_path(self) -> str:
        """Return the path of the taken seats."""
        return "".join(row.paths[1] for row in self.rows)

    def row(self, name: str) -> SeatRow | None:
        """Return the row with this name, or None."""
        return {row.name: row for row in self.rows}.get(name)

    def chosen(self, labels: Iterable[str], limit: int) -> SeatChoice:
        """Return the choice of those of the seats `labels` that are free, at most `limit` of them."""
        wanted = frozenset(labels)
        found: list[tuple[SeatRow, MappedSeat]] = []
        for row in self.rows:
            if not wanted.isdisjoint(row.layout.labels):
                found.extend((row, seat) for seat in row.seats if seat.is_free and seat.label in wanted)
        return SeatChoice(found[:limit])


def center(row_index: int) -> int:
    """Return the height of the middle of a row."""
    return row_index * PITCH + PITCH // 2


def _runs(columns: Sequence[int], are_free: Sequence[bool]) -> list[tuple[bool, int, int]]:
    """Return state, first and last column of each run of adjacent columns in one state."""
    runs: list[tuple[bool, int, int]] = []
    start = previous = -2
    state = False
    for column, is_free in zip(columns, are_free, strict=True):
        if column != previous + 1 or is_free is not state:
            if previous >= 0:
                runs.append((state, start, previous))
            start = column
            state = is_free
        previous = column
    if previous >= 0:
        runs.append((state, start, previous))
    return runs
