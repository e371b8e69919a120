"""Identifiers that sort, codes that can be read aloud, and the one clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from core import clock
from core.ids import REFERENCE_ALPHABET, deterministic_id, new_id, new_reference

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)


def test_ids_sort_by_the_moment_they_were_made() -> None:
    moments = [NOON + timedelta(milliseconds=n) for n in (0, 1, 2, 1000, 86_400_000, 10**12)]

    ids = [new_id(moment) for moment in moments]

    assert ids == sorted(ids)
    assert all(re.fullmatch(r"[0-9a-f]{32}", found) for found in ids)


def test_ids_of_one_moment_are_different() -> None:
    assert len({new_id(NOON) for _ in range(1000)}) == 1000


def test_a_reference_is_two_groups_of_four_without_look_alikes() -> None:
    codes = {new_reference() for _ in range(2000)}

    assert len(codes) == 2000
    assert all(re.fullmatch(r"[A-Z0-9]{4}-[A-Z0-9]{4}", code) for code in codes)
    assert set("".join(codes)) - {"-"} == set(REFERENCE_ALPHABET)
    assert not set(REFERENCE_ALPHABET) & set("0O1IL2Z5S")


def test_every_place_of_a_reference_takes_every_letter() -> None:
    codes = [new_reference().replace("-", "") for _ in range(4000)]

    assert all({code[place] for code in codes} == set(REFERENCE_ALPHABET) for place in range(8))


def test_a_stable_id_is_the_same_for_ever() -> None:
    # Written down once: the ids of slots that clients have kept are made this way.
    assert deterministic_id("march-2026", "2026-03-05", "10:00") == "abf2f38bf6fe9453c824ca98"


def test_stable_ids_of_different_parts_differ() -> None:
    ids = {
        deterministic_id("a", "b", "c"),
        deterministic_id("ab", "c"),
        deterministic_id("a", "bc"),
        deterministic_id("abc"),
        deterministic_id("a", "b", "d"),
    }

    assert len(ids) == 5


def test_now_is_aware_utc_in_whole_milliseconds() -> None:
    moments = [clock.now() for _ in range(50)]

    assert all(moment.tzinfo is UTC for moment in moments)
    assert all(moment.microsecond % 1000 == 0 for moment in moments)
    assert abs((moments[0] - datetime.now(UTC)).total_seconds()) < 5


def test_the_monotonic_clock_never_goes_back() -> None:
    moments = [clock.monotonic() for _ in range(100)]

    assert moments == sorted(moments)


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2026, 3, 5, 9, tzinfo=UTC), "2026-03-05T09:00:00.000Z"),
        (datetime(2026, 3, 5, 9, 0, 0, 7_999, tzinfo=UTC), "2026-03-05T09:00:00.007Z"),
        (datetime(2026, 3, 5, 1, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))), "2026-03-04T20:00:00.000Z"),
    ],
)
def test_times_are_written_in_utc_with_z(moment: datetime, written: str) -> None:
    assert clock.iso(moment) == written
