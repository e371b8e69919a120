"""Throttle, backoff and next attempt, with a clock that the test moves."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from notifications.delivery.throttle import MAX_PAUSE, SendThrottle
from notifications.outbox.model import GIVE_UP_AFTER, MAX_BACKOFF, OutboxEmail, backoff_delay, next_attempt_at

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


class Watch:
    """A monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def email(attempts: int = 0) -> OutboxEmail:
    return OutboxEmail(
        id="a", template="t", to="a@example.org", context={}, created_at=NOW, due_at=NOW, subject="", attempts=attempts
    )


def test_callers_pass_at_the_rate_and_never_closer() -> None:
    watch = Watch()
    pace, passed = SendThrottle(4, watch), []
    for step in [0.1, 0.1, 0.1, 0.7, 0.0, 0.1, 0.14, 0.01, 3.0, 0.1, 0.1] * 5:
        watch.seconds += step
        if not pace.try_acquire():
            passed.append(watch.seconds)
    assert len(passed) >= 15
    assert all(later - earlier >= 0.25 for earlier, later in pairwise(passed))


def test_many_threads_share_one_throttle() -> None:
    watch, passed = Watch(), []
    pace = SendThrottle(10, watch)

    def ask() -> None:
        if not pace.try_acquire():
            passed.append(watch.seconds)

    for _ in range(5):
        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        watch.seconds += 0.1001
    assert passed == sorted(set(passed))
    assert len(passed) == 5


def test_throttle_pauses_for_as_long_as_the_provider_asked() -> None:
    watch = Watch()
    pace = SendThrottle(1000, watch)
    pace.record_failure(30.0)
    assert pace.is_paused()
    assert pace.try_acquire() == pytest.approx(30.0)
    watch.seconds += 29.9
    assert pace.try_acquire() > 0
    watch.seconds += 0.2
    assert pace.try_acquire() == 0


def test_failures_in_a_row_lengthen_the_pause_up_to_a_minute() -> None:
    watch = Watch()
    pace, quiet = SendThrottle(1000, watch), []
    for _ in range(12):
        pace.record_failure(None)
        quiet.append(pace.wait_seconds())
        watch.seconds += quiet[-1] + 0.001
    assert all(0.5 * 2**n <= seconds <= 1.5 * 2**n for n, seconds in enumerate(quiet[:5]))
    assert quiet[8:] == pytest.approx([MAX_PAUSE] * 4)
    pace.record_success()
    pace.record_failure(None)
    assert pace.wait_seconds() <= 1.5


def test_emails_failing_together_count_as_one_failure() -> None:
    pace = SendThrottle(1000, Watch())
    for _ in range(4):
        pace.record_failure(None)
    assert pace.wait_seconds() <= 1.5


def test_backoff_doubles_with_jitter_up_to_an_hour() -> None:
    for attempts in range(1, 40):
        expected = min(MAX_BACKOFF, 2.0 ** (attempts - 1))
        pauses = {backoff_delay(attempts, None).total_seconds() for _ in range(20)}
        assert all(0.5 * expected <= pause <= 1.5 * expected for pause in pauses)
        assert len(pauses) > 1


@pytest.mark.parametrize("asked", [0.0, 7.0, 5000.0])
def test_backoff_is_never_shorter_than_the_provider_asked(asked: float) -> None:
    assert all(backoff_delay(attempts, asked).total_seconds() >= asked for attempts in range(1, 30))


def test_last_attempt_is_at_the_end_of_the_day() -> None:
    late = NOW + GIVE_UP_AFTER - timedelta(minutes=1)
    assert next_attempt_at(email(attempts=30), late, None) == NOW + GIVE_UP_AFTER
    assert next_attempt_at(email(attempts=31), NOW + GIVE_UP_AFTER, None) is None


def test_provider_asking_for_more_than_a_day_is_obeyed() -> None:
    late = NOW + GIVE_UP_AFTER - timedelta(minutes=1)
    assert next_attempt_at(email(), late, 7200.0) == late + timedelta(hours=2)
