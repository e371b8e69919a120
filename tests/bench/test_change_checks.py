"""Checks of a round of changes: what the database must contain after cancellations, moves, bookings and joins."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.checks import Responses, changes_problem
from bench.fixtures import ChangeCounts
from bench.load_generators import LoadResult

# 100 bookings were stored. 20 were made, 3 of waiting guests; 30 were cancelled and 10 moved; 5 of 8 guests wait.
VALID = ChangeCounts(
    bookings=123,
    confirmed=93,
    cancelled=30,
    moved=10,
    entries=8,
    promoted=3,
    waiting=5,
    emails=2 * 23 + 30 + 10 + 5,
    booked=93,
    oversold=0,
    idle_places=0,
)
STATUSES = {201: 20, 200: 40, 202: 8, 409: 9}


def responses(unanswered: int = 0, **changes: int) -> Responses:
    statuses = STATUSES | {int(status.removeprefix("s")): count for status, count in changes.items()}
    return Responses(100, LoadResult(100.0, 1.0, 1.0, 2.0, statuses, unanswered, 0))


@pytest.mark.parametrize("given", [responses(), responses(2, s201=18), responses(3, s200=38, s202=7), responses(64)])
def test_changes_that_agree_with_the_responses_pass(given: Responses) -> None:
    assert changes_problem(VALID, given) == ""


def test_email_of_a_promoted_guest_may_be_sent_before_it_is_dropped() -> None:
    assert changes_problem(replace(VALID, emails=VALID.emails + 3), responses()) == ""


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"bookings": 122}, "19 bookings were created"),
        ({"bookings": 124}, "21 bookings were created"),
        ({"cancelled": 29}, "29 bookings were cancelled and 10 moved"),
        ({"moved": 11}, "30 bookings were cancelled and 11 moved"),
        ({"entries": 9}, "9 guests joined a waiting list"),
        ({"booked": 92}, "93 bookings, but the counters are 92"),
        ({"confirmed": 94}, "94 bookings, but the counters are 93"),
        ({"oversold": 1}, "a slot is oversold by 1"),
        ({"idle_places": 2}, "2 slots have both free places and waiting guests"),
        ({"emails": VALID.emails - 1}, "90 e-mails, not 91"),
        ({"emails": VALID.emails + 4}, "95 e-mails, not 91"),
    ],
)
def test_changes_that_contradict_the_responses_fail(change: dict[str, int], problem: str) -> None:
    found = changes_problem(replace(VALID, **change), responses())

    assert found.startswith(f"{problem}; ")
    assert found.endswith(", 0 unanswered")
