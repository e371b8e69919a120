"""Letters that come due by the clock: whoever sends looks for them, once a minute, and trouble ends nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import Unavailable
from notifications.delivery import worker as loop
from notifications.delivery.worker import OutboxWorker
from tests.letters.conftest import OutboxFixture
from tests.letters.test_worker import Recorder


def test_the_errand_is_run_once_a_minute_and_by_the_sender_alone(
    outbox: OutboxFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def errand_of(name: str) -> OutboxWorker:
        def errand() -> int:
            ran.append(name)
            return 0

        return replace(outbox.worker(Recorder(), owner=name), periodic_task=errand)

    one, two = errand_of("one"), errand_of("two")
    assert one._holds_lease()
    for worker in (one, one, two):
        worker._tick()
    assert ran == ["one"]

    monkeypatch.setattr(loop, "PERIODIC_TASK_INTERVAL", 0.0)
    one._tick()
    assert ran == ["one", "one"]


def test_trouble_on_the_errand_delays_no_letter(outbox: OutboxFixture) -> None:
    first, second = outbox.booked("ada")
    mailer = Recorder()

    def away() -> int:
        raise Unavailable

    replace(outbox.worker(mailer), periodic_task=away).send_all_due()

    assert mailer.taken == [first.id, second.id]
