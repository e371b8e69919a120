"""Map of seats: rows, columns and paths, computed without an application."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from events.seats import seats_of
from pages.events.seat_layout import SeatLayout
from pages.events.seat_map import SeatMap

HALL = [f"R{row}-{number}" for row in range(1, 101) for number in range(1, 101)]


def map_of(*labels: str, taken: Sequence[str] = ()) -> SeatMap:
    seats = seats_of("event", "tier", labels)
    named = set(taken)
    return SeatMap(SeatLayout.of(seats), {seat.position for seat in seats if seat.label in named})


def columns(seat_map: SeatMap) -> list[list[int]]:
    return [[mapped.column for mapped in row.seats] for row in seat_map.rows]


def test_rows_keep_the_order_of_the_organiser() -> None:
    seat_map = map_of("B1", "B2", "A1")

    assert [row.name for row in seat_map.rows] == ["B", "A"]
    assert (seat_map.width, seat_map.height) == (20, 20)


def test_columns_follow_the_numbers_so_that_aisles_are_visible() -> None:
    assert columns(map_of("A2", "A1", "A4", "B4")) == [[0, 1, 3], [3]]


@pytest.mark.parametrize("labels", [("Left", "Right"), ("A1", "A01"), ("A1", "A900000000")])
def test_columns_without_useful_numbers_follow_the_order(labels: tuple[str, ...]) -> None:
    seat_map = map_of(*labels)

    assert max(max(row) for row in columns(seat_map)) < 2


def test_paths_join_adjacent_seats_of_one_state() -> None:
    seat_map = map_of("A1", "A2", "A3", "A5", "B1", taken=["A2"])

    assert seat_map.free_path == "M0 5h7m13 0h7m13 0h7M0 15h7"
    assert seat_map.taken_path == "M10 5h7"
    assert (seat_map.free, seat_map.capacity) == (4, 5)


def test_paths_of_a_row_continue_from_their_last_seat() -> None:
    seat_map = map_of("A1", "A2", "A3", "A4", "A5", "B1", "B2", taken=["A2", "A4", "B1"])

    assert seat_map.free_path == "M0 5h7m13 0h7m13 0h7M10 15h7"
    assert seat_map.taken_path == "M10 5h7m13 0h7M0 15h7"


@pytest.mark.parametrize("step", [1, 2, 3, 50])
def test_paths_of_ten_thousand_seats_are_small(step: int) -> None:
    seat_map = map_of(*HALL, taken=HALL[::step])

    assert seat_map.capacity == 10_000
    assert len(seat_map.free_path) + len(seat_map.taken_path) < 80_000


def test_paths_have_every_seat_once() -> None:
    taken = set(HALL[::3])
    seat_map = map_of(*HALL, taken=HALL[::3])

    drawn = {True: drawn_seats(seat_map.free_path), False: drawn_seats(seat_map.taken_path)}

    assert len(drawn[True]) + len(drawn[False]) == 10_000
    for row in seat_map.rows:
        for seat in row.seats:
            assert (seat.column, row.index) in drawn[seat.label not in taken]


def drawn_seats(path: str) -> set[tuple[int, int]]:
    """Return column and row of each seat of a path."""
    found = set()
    x = y = 0
    for kind, across, down, length in re.findall(r"([Mm])(\d+) (\d+)h(\d+)", path):
        if kind == "M":
            x, y = int(across), int(down)
        else:
            x += int(across)
        found |= {(column // 10, y // 10) for column in range(x, x + int(length), 10)}
        x += int(length)
    return found


def test_row_label_leaves_out_the_separator() -> None:
    assert [row.label for row in map_of("Box 3-1", "A1", "7").rows] == ["Box 3", "A", ""]


def test_choice_takes_free_seats_alone_up_to_the_limit() -> None:
    seat_map = map_of("A1", "A2", "A3", taken=["A1"])

    assert seat_map.chosen(["A1", "A2", "A3", "Z2"], 5).labels == {"A2", "A3"}
    assert len(seat_map.chosen(["A2", "A3"], 1).seats) == 1


def test_map_without_seats_is_empty() -> None:
    seat_map = map_of()

    assert (seat_map.rows, seat_map.free_path, seat_map.height) == ([], "", 10)
