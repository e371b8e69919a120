"""Best available seats: adjacent, lowest row first, else in the fewest groups."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.seats import Seat, seats_of
from orders.seats.best_available import adjacent_runs, best_available


def seats(*labels: str) -> list[Seat]:
    return seats_of("event", "tier", labels)


@pytest.mark.parametrize(
    ("free", "quantity", "chosen"),
    [
        (["A1", "A2", "B1", "B2"], 1, ["A1"]),
        (["A1", "A3", "B1", "B2"], 2, ["B1", "B2"]),
        (["A1", "A3", "A4", "A5", "B1"], 3, ["A3", "A4", "A5"]),
        (["A2", "A1", "B1"], 2, ["A1", "A2"]),
        (["A9", "A10", "A11"], 3, ["A9", "A10", "A11"]),
        (["A1", "A3", "A5", "B1", "B2", "C1"], 3, ["B1", "B2", "A1"]),
        (["Box", "Loge", "A1"], 2, ["Box", "Loge"]),
        (["A1"], 2, ["A1"]),
        ([], 1, []),
    ],
)
def test_best_seats_are_adjacent_in_the_lowest_row(free: list[str], quantity: int, chosen: list[str]) -> None:
    assert [seat.label for seat in best_available(seats(*free), quantity)] == chosen


@given(st.lists(st.integers(1, 40), unique=True, max_size=30), st.integers(1, 8))
def test_chosen_seats_are_free_distinct_and_together_if_possible(numbers: Sequence[int], quantity: int) -> None:
    free = seats(*(f"{'AB'[number % 2]}{number // 2}" for number in numbers))

    chosen = best_available(free, quantity)

    assert len(chosen) == len({seat.id for seat in chosen}) == min(quantity, len(free))
    assert set(chosen) <= set(free)
    if any(len(run) >= quantity for run in adjacent_runs(free)):
        assert len(adjacent_runs(sorted(chosen, key=lambda seat: seat.position))) <= 1


def test_row_and_number_are_read_from_the_label() -> None:
    found = [(seat.row, seat.number, seat.position) for seat in seats("A12", "Row 3-7", "Box", "9", "A" + "1" * 12)]

    assert found == [("A", 12, 0), ("Row 3-", 7, 1), ("Box", 0, 2), ("", 9, 3), ("A111", 111111111, 4)]
