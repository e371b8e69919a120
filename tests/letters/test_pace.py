"""Pace and patience: pure rules, with a clock that is moved by hand."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from notifications.delivery.throttle import LONGEST_QUIET, Pace
from notifications.outbox.model import GIVE_UP_AFTER, LONGEST_PAUSE, Letter, next_try, pause_after

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


class Watch:
    """A stop watch that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def letter(attempts: int = 0) -> Letter:
    return Letter(
        id="a", template="t", to="a@example.org", facts={}, created_at=NOW, due_at=NOW, about="", attempts=attempts
    )


def test_callers_pass_at_the_rate_and_never_closer_however_late_they_come() -> None:
    watch = Watch()
    pace, passed = Pace(4, watch), []
    for step in [0.1, 0.1, 0.1, 0.7, 0.0, 0.1, 0.14, 0.01, 3.0, 0.1, 0.1] * 5:
        watch.seconds += step
        if not pace.take():
            passed.append(watch.seconds)
    assert len(passed) >= 15
    assert all(later - earlier >= 0.25 for earlier, later in pairwise(passed))


def test_many_threads_share_one_pace() -> None:
    watch, passed = Watch(), []
    pace = Pace(10, watch)

    def ask() -> None:
        if not pace.take():
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


def test_nobody_passes_for_as_long_as_the_provider_asked() -> None:
    watch = Watch()
    pace = Pace(1000, watch)
    pace.trouble(30.0)
    assert pace.is_quiet()
    assert pace.take() == pytest.approx(30.0)
    watch.seconds += 29.9
    assert pace.take() > 0
    watch.seconds += 0.2
    assert pace.take() == 0


def test_troubles_in_a_row_make_longer_quiet_up_to_a_minute_and_success_ends_the_row() -> None:
    watch = Watch()
    pace, quiet = Pace(1000, watch), []
    for _ in range(12):
        pace.trouble(None)
        quiet.append(pace.wait_seconds())
        watch.seconds += quiet[-1] + 0.001
    assert all(0.5 * 2**n <= seconds <= 1.5 * 2**n for n, seconds in enumerate(quiet[:5]))
    assert quiet[8:] == pytest.approx([LONGEST_QUIET] * 4)
    pace.well()
    pace.trouble(None)
    assert pace.wait_seconds() <= 1.5


def test_letters_that_fail_together_are_one_trouble() -> None:
    pace = Pace(1000, Watch())
    for _ in range(4):
        pace.trouble(None)
    assert pace.wait_seconds() <= 1.5


def test_a_pause_doubles_with_jitter_up_to_an_hour() -> None:
    for attempts in range(1, 40):
        expected = min(LONGEST_PAUSE, 2.0 ** (attempts - 1))
        pauses = {pause_after(attempts, None).total_seconds() for _ in range(20)}
        assert all(0.5 * expected <= pause <= 1.5 * expected for pause in pauses)
        assert len(pauses) > 1


@pytest.mark.parametrize("asked", [0.0, 7.0, 5000.0])
def test_a_pause_is_never_shorter_than_asked(asked: float) -> None:
    assert all(pause_after(attempts, asked).total_seconds() >= asked for attempts in range(1, 30))


def test_the_last_try_is_made_as_the_day_ends() -> None:
    late = NOW + GIVE_UP_AFTER - timedelta(minutes=1)
    assert next_try(letter(attempts=30), late, None) == NOW + GIVE_UP_AFTER
    assert next_try(letter(attempts=31), NOW + GIVE_UP_AFTER, None) is None


def test_a_provider_that_asks_for_longer_than_the_day_gets_it() -> None:
    late = NOW + GIVE_UP_AFTER - timedelta(minutes=1)
    assert next_try(letter(), late, 7200.0) == late + timedelta(hours=2)
