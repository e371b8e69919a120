"""Best available seats: adjacent ones in the lowest row that has enough, else the fewest groups."""

from __future__ import annotations

from collections.abc import Sequence

from events.seats import Seat

Run = list[Seat]


def best_available(free: Sequence[Seat], quantity: int) -> list[Seat]:
    """Return `quantity` of the `free` seats, which are in the organiser's order; fewer if there are not so many."""
    if quantity == 1:
        return list(free[:1])
    runs = adjacent_runs(free)
    for run in runs:
        if len(run) >= quantity:
            return run[:quantity]
    return _fewest_groups(runs, quantity)


def adjacent_runs(free: Sequence[Seat]) -> list[Run]:
    """Return the runs of adjacent free seats, row by row; the rows are in the order of their first seats."""
    rows: dict[str, Run] = {}
    for seat in free:
        rows.setdefault(seat.row, []).append(seat)
    return [run for row in rows.values() for run in _runs_of_row(row)]


def _runs_of_row(row: Run) -> list[Run]:
    runs: list[Run] = []
    for seat in sorted(row, key=lambda seat: seat.number):
        if runs and seat.number == runs[-1][-1].number + 1:
            runs[-1].append(seat)
        else:
            runs.append([seat])
    return runs


def _fewest_groups(runs: Sequence[Run], quantity: int) -> list[Seat]:
    chosen: list[Seat] = []
    # The sort is stable: of runs of one length, the one in the lower row comes first.
    for run in sorted(runs, key=len, reverse=True):
        chosen += run[: quantity - len(chosen)]
    return chosen
