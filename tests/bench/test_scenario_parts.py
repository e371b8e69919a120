"""Parts of scenarios that need no load: slices of a sustained load, added counts, and the mail provider."""

from __future__ import annotations

import pytest
import requests

from bench.fake_provider import provider_process
from bench.fixtures import StoredCounts
from bench.load_generators import LoadResult
from bench.stored_scenario import added_counts
from bench.sustained_scenario import ProviderCounts, delivery_problem, joined_slices

NONE = ProviderCounts(7, 6)


def load(created: int, unanswered: int = 0, p99: float = 9.0) -> LoadResult:
    return LoadResult(created / 2, 2.0, 1.0, p99, {201: created, 503: 1}, unanswered, 0)


def test_slices_are_joined_over_the_whole_time_with_the_worst_p99() -> None:
    joined = joined_slices([load(100), load(300, unanswered=2, p99=30.0)], seconds=8.0)

    assert (joined.per_second, joined.p50, joined.p99) == (50.0, 1.0, 30.0)
    assert joined.statuses == {201: 400, 503: 2}
    assert joined.unanswered == 2


@pytest.mark.parametrize("after", [ProviderCounts(27, 26), ProviderCounts(29, 28)])
def test_delivery_of_every_email_once_has_no_problem(after: ProviderCounts) -> None:
    assert delivery_problem(NONE, after, load(10, unanswered=1)) == ""


@pytest.mark.parametrize("after", [ProviderCounts(26, 25), ProviderCounts(28, 26), ProviderCounts(30, 29)])
def test_delivery_of_too_few_or_twice_is_a_problem(after: ProviderCounts) -> None:
    assert delivery_problem(NONE, after, load(10, unanswered=1)).startswith("10 bookings, but ")


def test_added_counts_leave_out_what_was_stored() -> None:
    before = StoredCounts(bookings=100, emails=0, booked=95, oversold=-5)

    assert added_counts(before, StoredCounts(110, 20, 105, -4)) == StoredCounts(10, 20, 10, -4)


def test_provider_process_counts_emails_and_different_ones() -> None:
    email = {"to": "ada@example.org", "text": "Hello"}
    with provider_process() as url:
        requests.post(f"{url}/emails", json=email, headers={"Idempotency-Key": "1"}, timeout=10)
        answer = requests.post(
            f"{url}/emails/batch", json=[email, {**email, "text": "Bye"}], headers={"Idempotency-Key": "2"}, timeout=10
        )
        counts = requests.get(url, timeout=10).json()

    assert counts == {"received": 3, "distinct": 2}
    assert [row["id"] for row in answer.json()["data"]] == ["2#0", "2#1"]
