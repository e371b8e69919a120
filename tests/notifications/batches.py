"""Helpers for tests of batches: pending e-mails, and workers killed at each step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest

from booking.emails import CONFIRMATION
from notifications.delivery.batching import BatchPlanner
from notifications.delivery.worker import OutboxWorker
from notifications.outbox.model import (
    GIVE_UP_AFTER,
    LEASE,
    Batch,
    EmailStatus,
    OutboxEmail,
    Outcome,
)
from notifications.outbox.new_email import NewEmail
from notifications.providers.resend import ResendMailer
from tests.notifications.conftest import FACTS, OutboxFixture
from tests.notifications.provider import Provider, Says

MANY = 12


HANGS_UP = Says(hangs_up=True, takes=True)


class Killed(BaseException):
    """Ends a worker at a step, as SIGKILL would."""


def waiting(outbox: OutboxFixture, count: int = MANY) -> list[OutboxEmail]:
    """Enqueue `count` e-mails without a blocker; return them in the order of their ids."""
    made = [
        NewEmail(
            subject=f"b{number:03}", to=f"guest{number}@example.org", context=FACTS, now=outbox.clock()
        ).build_resend(CONFIRMATION)
        for number in range(count)
    ]
    outbox.enqueue(made)
    return sorted(made, key=lambda email: email.id)


def recover(outbox: OutboxFixture, resend: ResendMailer) -> None:
    """Let the leases expire, and another worker send all pending e-mails."""
    for _ in range(4):
        outbox.clock.move(seconds=LEASE.total_seconds())
        outbox.erasure.finish()
        outbox.worker(resend, owner="two").send_all_due()
    assert {email.state for email in outbox.store.find(None, 1000)} == {EmailStatus.SENT}


def assert_each_once(provider: Provider, enqueued: Sequence[OutboxEmail]) -> None:
    assert sorted(to for to, _, _ in provider.accepted.elements()) == sorted(email.to for email in enqueued)


def doubles(provider: Provider) -> int:
    return sum(count - 1 for count in provider.accepted.values())


def stored_batches(outbox: OutboxFixture) -> list[str]:
    return sorted({row["batch"]["key"] for row in outbox.db["letters"].find({"batch": {"$exists": True}})})


def killed_before_the_batch_is_written(worker: OutboxWorker, patch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> bool:
        raise Killed

    patch.setattr(worker.dispatcher.store, "form_batch", die)


def killed_while_the_batch_is_written(worker: OutboxWorker, patch: pytest.MonkeyPatch) -> None:
    form = worker.dispatcher.store.form_batch

    def die(together: Sequence[OutboxEmail], batch: Batch) -> bool:
        form(together[: len(together) // 2], batch)
        raise Killed

    patch.setattr(worker.dispatcher.store, "form_batch", die)


def killed_before_the_call(worker: OutboxWorker, patch: pytest.MonkeyPatch) -> None:
    pack = BatchPlanner.plan

    def die(planner: BatchPlanner, leased: Sequence[OutboxEmail], now: datetime) -> None:
        pack(planner, leased, now)
        raise Killed

    patch.setattr(BatchPlanner, "plan", die)


def killed_before_the_first_mark(worker: OutboxWorker, patch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise Killed

    patch.setattr(worker.dispatcher.store, "record_outcomes", die)


def killed_after_half_of_the_marks(worker: OutboxWorker, patch: pytest.MonkeyPatch) -> None:
    keep = worker.dispatcher.store.record_outcomes

    def die(outcomes: Sequence[Outcome], now: datetime) -> None:
        keep(outcomes[: len(outcomes) // 2], now)
        raise Killed

    patch.setattr(worker.dispatcher.store, "record_outcomes", die)


STEPS = [
    killed_before_the_batch_is_written,
    killed_while_the_batch_is_written,
    killed_before_the_call,
    killed_before_the_first_mark,
    killed_after_half_of_the_marks,
]


Step = Callable[[OutboxWorker, pytest.MonkeyPatch], None]


def die_at(step: Step, outbox: OutboxFixture, resend: ResendMailer) -> None:
    """Run a worker that is killed at `step`."""
    worker = outbox.worker(resend, owner="one")
    with pytest.MonkeyPatch.context() as patch:
        step(worker, patch)
        with pytest.raises(Killed):
            worker.send_due()


def end_the_day(outbox: OutboxFixture, *of: OutboxEmail) -> None:
    """Make the next failure of these e-mails their last."""
    ends = {"createdAt": outbox.clock() - GIVE_UP_AFTER + timedelta(seconds=1)}
    outbox.db["letters"].update_many({"_id": {"$in": [email.id for email in of]}}, {"$set": ends})


def given_up(outbox: OutboxFixture, provider: Provider, resend: ResendMailer) -> list[OutboxEmail]:
    """Return the e-mails of a failed batch."""
    enqueued = waiting(outbox)
    end_the_day(outbox, *enqueued)
    provider.next += [Says(503, "application_error")] * 2
    for _ in range(2):
        outbox.worker(resend).send_due()
        outbox.clock.move(minutes=1)
    assert set(outbox.states().values()) == {EmailStatus.DEAD}
    assert len({call.key for call in provider.calls}) == 1
    return enqueued
