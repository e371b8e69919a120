"""Map of seats: rows, columns and paths, computed without an application."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from events.seats import Seat, seats_of
from pages.events.seat_map import SeatMap


def seats(*labels: str, taken: Sequence[str] = ()) -> list[Seat]:
    holders = dict.fromkeys(taken, "order")
    return [replace(seat, holder=holders.get(seat.label, "")) for seat in seats_of("event", "tier", labels)]


def columns(seat_map: SeatMap) -> list[list[int]]:
    return [[mapped.column for mapped in row.seats] for row in seat_map.rows]


def test_rows_keep_the_order_of_the_organiser() -> None:
    seat_map = SeatMap.of(seats("B1", "B2", "A1"))

    assert [row.name for row in seat_map.rows] == ["B", "A"]
    assert (seat_map.width, seat_map.height) == (20, 20)


def test_columns_follow_the_numbers_so_that_aisles_are_visible() -> None:
    assert columns(SeatMap.of(seats("A2", "A1", "A4", "B4"))) == [[0, 1, 3], [3]]


@pytest.mark.parametrize("labels", [("Left", "Right"), ("A1", "A01"), ("A1", "A900000000")])
def test_columns_without_useful_numbers_follow_the_order(labels: tuple[str, ...]) -> None:
    seat_map = SeatMap.of(seats(*labels))

    assert max(max(row) for row in columns(seat_map)) < 2


def test_paths_join_adjacent_seats_of_one_state() -> None:
    seat_map = SeatMap.of(seats("A1", "A2", "A3", "A5", "B1", taken=["A2"]))

    assert seat_map.free_path == "M0 5h7M20 5h7M40 5h7M0 15h7"
    assert seat_map.taken_path == "M10 5h7"
    assert (seat_map.free, seat_map.capacity) == (4, 5)


def test_paths_of_ten_thousand_seats_are_small() -> None:
    labels = [f"R{row}-{number}" for row in range(1, 101) for number in range(1, 101)]
    taken = [label for number, label in enumerate(labels) if number % 3 == 0]

    seat_map = SeatMap.of(seats(*labels, taken=taken))

    assert seat_map.capacity == 10_000
    assert len(seat_map.free_path) + len(seat_map.taken_path) < 90_000
    assert re.fullmatch(r"(M\d+ \d+h\d+)+", seat_map.free_path)


def test_row_label_leaves_out_the_separator() -> None:
    assert [row.label for row in SeatMap.of(seats("Box 3-1", "A1", "7")).rows] == ["Box 3", "A", ""]


def test_choice_takes_free_seats_alone_up_to_the_limit() -> None:
    seat_map = SeatMap.of(seats("A1", "A2", "A3", taken=["A1"]))

    assert seat_map.chosen(["tier:A1", "tier:A2", "tier:A3", "other:A2"], 5).ids == {"tier:A2", "tier:A3"}
    assert len(seat_map.chosen(["tier:A2", "tier:A3"], 1).seats) == 1


def test_map_without_seats_is_empty() -> None:
    seat_map = SeatMap.of([])

    assert (seat_map.rows, seat_map.free_path, seat_map.height) == ([], "", 10)
