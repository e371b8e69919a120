"""Checks of a round: what the database must contain after the responses."""

from __future__ import annotations

import pytest

from bench.checks import counts_problem
from bench.fixtures import StoredCounts, slot_documents, slot_lines
from bench.system_specs import EVENT, planned_slots

VALID = StoredCounts(bookings=10, emails=20, booked=10, oversold=0)


@pytest.mark.parametrize(("created", "unanswered"), [(10, 0), (10, 3), (8, 2)])
def test_counts_that_agree_with_the_responses_pass(created: int, unanswered: int) -> None:
    assert counts_problem(VALID, created, unanswered) == ""


@pytest.mark.parametrize(
    ("stored", "problem"),
    [
        (StoredCounts(9, 18, 9, 0), "10 responses with 201, 1 requests unanswered, but 9 bookings stored"),
        (StoredCounts(12, 24, 12, 0), "10 responses with 201, 1 requests unanswered, but 12 bookings stored"),
        (StoredCounts(10, 20, 9, 0), "10 bookings, but the slots' counters add up to 9"),
        (StoredCounts(10, 19, 10, 0), "10 bookings, but 19 e-mails"),
        (StoredCounts(10, 20, 10, 2), "a slot is oversold by 2"),
    ],
)
def test_counts_that_contradict_the_responses_fail(stored: StoredCounts, problem: str) -> None:
    assert counts_problem(stored, 10, 1) == problem


def test_slot_documents_have_a_schedule_for_the_service_alone() -> None:
    slot = planned_slots(EVENT)[0]

    (of_service,) = slot_documents([slot], 4, with_schedule=True)
    (of_peer,) = slot_documents([slot], 4, with_schedule=False)

    assert of_service == of_peer | {"schedule": slot.schedule, "day": slot.day}
    assert (of_peer["_id"], of_peer["capacity"], of_peer["bookedCount"]) == (slot.id, 4, 0)


def test_slot_lines_have_an_id_and_a_date() -> None:
    first, second, *_ = planned_slots(EVENT)

    assert slot_lines([first, second]) == f"{first.id} {first.date}\n{second.id} {second.date}\n"
