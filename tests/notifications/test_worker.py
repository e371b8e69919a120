"""The worker: order, retries, rate and failures."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from notifications.delivery.throttle import SendThrottle
from notifications.outbox.model import (
    ADMIN_FIRST_DELAY,
    PENDING,
    EmailStatus,
    Message,
    Outcome,
    Result,
)
from notifications.providers.resend import ResendMailer
from tests.notifications.conftest import ADMIN, OutboxFixture
from tests.notifications.provider import Provider, Says
from tests.notifications.recorder import Recorder, be_away, lease_only, refuse


def test_every_email_is_sent_once_and_the_admins_first(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    pairs = [outbox.booked(f"guest{number}") for number in range(30)]
    assert outbox.worker(resend).send_all_due() == 60
    arrived = [body["text"] if body["to"] == [ADMIN] else body["to"][0] for body in provider.bodies()]
    assert len(arrived) == len(set(arrived)) == 60
    for _, second in pairs:
        about = next(text for text in arrived if f" {second.context['fullName']}\n" in text)
        assert arrived.index(about) < arrived.index(second.to)
    assert set(outbox.states().values()) == {EmailStatus.SENT}


def test_admin_email_is_first_when_both_are_long_due(outbox: OutboxFixture) -> None:
    pairs = [outbox.booked(f"guest{number}") for number in range(40)]
    outbox.clock.move(hours=1)
    mailer = Recorder()
    outbox.worker(mailer).send_all_due()
    assert len(mailer.taken) == len(set(mailer.taken)) == 80
    assert all(mailer.taken.index(first.id) < mailer.taken.index(second.id) for first, second in pairs)


def test_admin_email_is_first_when_its_retry_is_due(outbox: OutboxFixture) -> None:
    first, second = outbox.booked("ada")
    (taken,) = lease_only(outbox)
    until = outbox.clock() + ADMIN_FIRST_DELAY + timedelta(seconds=30)
    outbox.leases.record_outcomes([Outcome(taken, Result.RETRY, "later", until)], outbox.clock())
    outbox.clock.move(minutes=5)
    assert [email.id for email in lease_only(outbox, 1)] == [first.id]
    assert outbox.get(second).state is EmailStatus.QUEUED


def test_guest_email_waits_at_most_a_minute_for_a_failing_admin_email(outbox: OutboxFixture) -> None:
    first, second = outbox.booked("ada")
    mailer = Recorder(first=lambda message: be_away(message) if message.to == ADMIN else None)
    for _ in range(59):
        outbox.worker(mailer).send_all_due()
        outbox.clock.move(seconds=1)
    assert mailer.taken == []
    outbox.db["letters"].update_one({"_id": first.id}, {"$set": {"dueAt": outbox.clock() + timedelta(hours=1)}})
    outbox.clock.move(seconds=1)
    outbox.worker(mailer).send_all_due()
    assert mailer.taken == [second.id]


def test_guest_email_is_sent_at_once_when_the_admins_failed(outbox: OutboxFixture) -> None:
    first, second = outbox.booked("ada")
    mailer = Recorder(first=lambda message: refuse(message) if message.to == ADMIN else None)
    outbox.worker(mailer).send_all_due()
    assert outbox.states() == {first.id: EmailStatus.DEAD, second.id: EmailStatus.SENT}
    assert outbox.get(first).last_error == "no such address"


def test_retrying_email_keeps_its_next_attempt_when_unblocked(outbox: OutboxFixture) -> None:
    _, second = outbox.booked("ada")
    until = outbox.clock() + timedelta(hours=1)
    outbox.db["letters"].update_one({"_id": second.id}, {"$set": {"attempts": 1, "state": "retrying", "dueAt": until}})
    outbox.worker(Recorder()).send_all_due()
    assert outbox.get(second).due_at == until


def test_transient_failure_delays_an_email_and_loses_none(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    outbox.booked("ada")
    troubles = [Says(500, "x"), Says(429, "x"), Says(401, "x"), Says(hangs_up=True, takes=True), Says(seconds=0.5)]
    provider.next += troubles
    for _ in range(30):
        outbox.worker(resend).send_all_due()
        outbox.clock.move(hours=1)
    assert len(provider.inbox) == 2
    assert len(provider.calls) == 2 + len(troubles)
    assert set(outbox.states().values()) == {EmailStatus.SENT}


def test_email_accepted_without_a_response_arrives_once(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    first, _ = outbox.booked("ada")
    provider.next.append(Says(hangs_up=True, takes=True))
    outbox.worker(resend).send_due()
    assert outbox.get(first).state is EmailStatus.RETRYING
    outbox.clock.move(seconds=5)
    outbox.worker(resend).send_all_due()
    assert provider.arrivals_per_key()[first.id] == 2
    assert len(provider.inbox) == 2


def test_email_fails_after_a_day_and_can_be_retried(outbox: OutboxFixture) -> None:
    first, _ = outbox.booked("ada")
    tries = []
    while outbox.get(first).state in PENDING:
        outbox.worker(Recorder(first=be_away)).send_due()
        tries.append(outbox.clock())
        outbox.clock.moment = max(outbox.get(first).due_at, outbox.clock())
        assert len(tries) < 100
    lived = tries[-1] - first.created_at
    assert timedelta(days=1) <= lived <= timedelta(days=1, minutes=1)
    assert outbox.get(first).last_error == "out of reach"
    again = outbox.retries.retry(first.id, outbox.clock())
    assert (again.state, again.attempts) == (EmailStatus.QUEUED, 0)
    mailer = Recorder()
    outbox.worker(mailer).send_all_due()
    assert first.id in mailer.taken


def test_an_outage_with_a_full_outbox_costs_the_provider_a_few_calls(outbox: OutboxFixture) -> None:
    for number in range(150):
        outbox.booked(f"guest{number}")
    mailer = Recorder(first=be_away)
    worker = outbox.worker(mailer, rate=100_000)
    worker.send_all_due()
    assert 1 <= len(mailer.at) <= 20
    assert all(email.attempts <= 3 for email in outbox.store.find(None, 300))


def test_provider_rate_limit_pauses_all_emails_for_the_asked_time(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    for number in range(4):
        outbox.booked(f"guest{number}")
    provider.next.append(Says(429, "rate_limit_exceeded", headers={"Retry-After": "120"}))
    worker = outbox.worker(resend, rate=5)
    worker.send_all_due()
    worker.send_all_due()
    assert len(provider.calls) == 1
    tried = next(email for email in outbox.store.find(None, 10) if email.attempts)
    assert tried.due_at >= outbox.clock() + timedelta(seconds=120)
    untried = [email for email in outbox.store.find(None, 10) if not email.attempts and not email.blocked_by]
    assert {email.due_at for email in untried} == {outbox.clock()}


def test_email_that_cannot_be_rendered_delays_no_other(outbox: OutboxFixture) -> None:
    broken, _ = outbox.booked("mallory")
    outbox.db["letters"].update_one({"_id": broken.id}, {"$set": {"template": "no_such_template"}})
    others = [outbox.booked(f"guest{number}") for number in range(10)]
    mailer = Recorder()
    outbox.worker(mailer, rate=100_000).send_all_due()
    assert {email.id for pair in others for email in pair} <= set(mailer.taken)
    kept = outbox.get(broken)
    assert (kept.state, kept.attempts) == (EmailStatus.RETRYING, 1)
    assert kept.last_error.startswith("cannot be made: TemplateNotFound at ")


def test_provider_bug_does_not_end_the_worker_loop(outbox: OutboxFixture) -> None:
    first, _ = outbox.booked("ada")

    def stumble(message: Message) -> None:
        raise KeyError(message.to)

    outbox.worker(Recorder(first=stumble)).send_all_due()
    assert outbox.get(first).last_error.startswith("cannot be made: KeyError at stumble:")
    assert "ada" not in outbox.get(first).last_error


def test_emails_are_sent_at_the_rate_and_never_closer(outbox: OutboxFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    passed: list[float] = []

    class Noted(SendThrottle):
        """Records the times of its grants by its own clock."""

        def try_acquire(self) -> float:
            wait = super().try_acquire()
            if not wait:
                passed.append(self._next - self._interval)
            return wait

    monkeypatch.setattr("notifications.wiring.SendThrottle", Noted)
    for number in range(4):
        outbox.booked(f"guest{number}")
    mailer = Recorder()
    outbox.worker(mailer, rate=8).send_all_due()
    assert len(mailer.at) == len(passed) == 8
    assert all(later - earlier >= 0.125 - 1e-9 for earlier, later in pairwise(passed))
    assert all(sent >= let for sent, let in zip(mailer.at, passed, strict=True))


def test_a_rate_below_one_a_second_still_sends_all_that_is_due(outbox: OutboxFixture) -> None:
    outbox.booked("ada")
    mailer = Recorder()
    assert outbox.worker(mailer, rate=0.8).send_all_due() == 2
