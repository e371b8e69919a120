"""Layout of the seats of a tier: rows and columns. It never changes, so a process reads it once for many visitors."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.concurrency.single_flight import single_flight
from events.seats import Seat
from orders.seats.listing import ListSeats

# A row whose numbers span more is drawn without its gaps.
MAX_COLUMNS = 200
# Layouts in memory; one of ten thousand seats takes about 2 MB.
MAX_LAYOUTS = 8


@dataclass(frozen=True)
class LayoutRow:
    """A row from left to right: labels, columns from 0, and the places of its seats in the organiser's list.

    `index` is its place on the map, from 0.
    """

    name: str
    index: int
    labels: Sequence[str]
    columns: Sequence[int]
    positions: Sequence[int]


@dataclass(frozen=True)
class SeatLayout:
    """All rows of a tier, the organiser's first row first; `columns` is their number."""

    rows: Sequence[LayoutRow]
    columns: int

    @classmethod
    def of(cls, seats: Iterable[Seat]) -> SeatLayout:
        """Return the layout of seats in the organiser's order."""
        by_row: dict[str, list[Seat]] = {}
        for seat in seats:
            by_row.setdefault(seat.row, []).append(seat)
        ordered = {name: sorted(row, key=lambda seat: seat.number) for name, row in by_row.items()}
        first = _first_number(ordered.values())
        rows = []
        for index, (name, row) in enumerate(ordered.items()):
            rows.append(_row(name, index, row, first))
        return cls(rows, max((row.columns[-1] + 1 for row in rows), default=1))

    def labels_at(self, positions: Collection[int]) -> Sequence[str]:
        """Return the labels of the seats at these places of the organiser's list."""
        found: list[str] = []
        if not positions:
            return found
        for row in self.rows:
            pairs = zip(row.labels, row.positions, strict=True)
            found.extend(label for label, position in pairs if position in positions)
        return found


class SeatLayouts:
    """The layouts of tiers by their ids, read once."""

    def __init__(self, listing: ListSeats) -> None:
        def read(tier_id: str) -> SeatLayout:
            return SeatLayout.of(listing.all_of(tier_id))

        self._layout_of = lru_cache(MAX_LAYOUTS)(single_flight(read))

    def get(self, tier_id: str) -> SeatLayout:
        """Return the layout of a numbered tier."""
        return self._layout_of(tier_id)


def _row(name: str, index: int, seats: Sequence[Seat], first: int | None) -> LayoutRow:
    columns = list(range(len(seats)))
    if first is not None:
        columns = [seat.number - first for seat in seats]
    labels = [seat.label for seat in seats]
    return LayoutRow(name, index, labels, columns, [seat.position for seat in seats])


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
