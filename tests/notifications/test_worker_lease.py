"""Leases and shutdown of the outbox worker."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from pymongo.errors import AutoReconnect

from core.leader_lease import TTL
from core.mongo.failures import DatabaseError
from notifications.delivery.worker import IDLE_SECONDS
from notifications.outbox.model import (
    LEASE,
    EmailStatus,
    Message,
    OutboxEmail,
    Outcome,
    Result,
)
from notifications.providers.resend import ResendMailer
from tests.notifications.conftest import OutboxFixture
from tests.notifications.provider import Provider, Says
from tests.notifications.recorder import Recorder, lease_only
from tests.notifications.running_worker import running, wait_until


def test_only_the_lease_holder_sends_until_the_lease_expires(outbox: OutboxFixture) -> None:
    outbox.booked("ada")
    assert outbox.lease("somebody else").acquire()
    mailer = Recorder()
    worker = outbox.worker(mailer)
    assert worker.send_all_due() == 0
    outbox.clock.move(seconds=TTL.total_seconds() - 1)
    assert worker.send_all_due() == 0
    outbox.clock.move(seconds=1)
    assert worker.send_all_due() == 2


def test_worker_woken_without_the_lease_waits_for_its_next_interval(
    outbox: OutboxFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert outbox.lease("somebody else").acquire()
    worker = outbox.worker(Recorder())
    rests: list[float | None] = []
    monkeypatch.setattr(worker.stop, "wait", rests.append)
    worker.wake.set()

    worker._tick()

    assert rests == [IDLE_SECONDS]


def test_worker_that_ends_releases_the_lease_and_must_acquire_it_again(outbox: OutboxFixture) -> None:
    outbox.booked("ada")
    first, second = outbox.worker(Recorder(), owner="one"), outbox.worker(Recorder(), owner="two")
    assert first.send_all_due() == 2
    outbox.booked("bob")
    assert outbox.lease("two").acquire()
    assert first.send_all_due() == 0
    assert second.send_all_due() == 2


def test_worker_losing_the_lease_releases_its_unsent_emails(
    outbox: OutboxFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.leader_lease.RENEW_SECONDS", 0.0)
    for number in range(20):
        outbox.booked(f"guest{number}")

    def lose_role(_message: Message) -> None:
        outbox.db["roles"].update_one({"_id": "letters"}, {"$set": {"owner": "two"}})

    mailer = Recorder(first=lose_role)
    outbox.worker(mailer, rate=5).send_all_due()
    assert len(mailer.taken) == 1
    rest = [email for email in outbox.store.find(EmailStatus.QUEUED, 100) if email.blocked_by is None]
    assert len(rest) == 19
    assert all(email.due_at <= outbox.clock() and email.attempts == 0 for email in rest)


def test_emails_of_a_dead_worker_are_due_again_after_their_lease(outbox: OutboxFixture) -> None:
    outbox.booked("ada")
    (taken,) = lease_only(outbox)
    mailer = Recorder()
    assert outbox.worker(mailer).send_all_due() == 0
    outbox.clock.move(seconds=LEASE.total_seconds())
    assert outbox.worker(mailer).send_all_due() == 2
    assert mailer.taken[0] == taken.id


def test_worker_with_a_slow_mail_server_renews_both_its_leases(
    outbox: OutboxFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.leader_lease.RENEW_SECONDS", 0.05)
    first, _ = outbox.booked("ada")
    others: list[int] = []

    def take_two_leases(message: Message) -> None:
        if message.key != first.id:
            return
        for _ in range(12):
            outbox.clock.move(seconds=6)
            time.sleep(0.15)
            others.append(len(lease_only(outbox)))
            others.append(outbox.lease("two").acquire())

    mailer = Recorder(first=take_two_leases)
    # Its guest's e-mail comes due during that time, and is blocked as long as the lease is renewed.
    assert outbox.worker(mailer, rate=1).send_due() == 1
    assert sum(others) == 0
    assert outbox.get(first).state is EmailStatus.SENT


def test_worker_with_an_expired_lease_sends_no_email(outbox: OutboxFixture) -> None:
    for number in range(5):
        outbox.booked(f"guest{number}")
    mailer = Recorder(first=lambda _message: outbox.clock.move(minutes=1))
    assert outbox.worker(mailer, rate=5).send_due() == 1


def test_outcome_of_a_lost_lease_does_not_change_the_new_lease(outbox: OutboxFixture) -> None:
    outbox.booked("ada")
    (late,) = lease_only(outbox)
    outbox.clock.move(seconds=LEASE.total_seconds())
    (now_mine,) = lease_only(outbox)
    until = outbox.clock() + timedelta(minutes=5)
    for result in (Result.RETRY, Result.FAILED, Result.NOT_ATTEMPTED):
        outbox.leases.record_outcomes([Outcome(late, result, "late", until)], outbox.clock())
    assert outbox.get(late).due_at == outbox.clock() + LEASE
    assert outbox.get(late).state is EmailStatus.SENDING
    outbox.leases.record_outcomes([Outcome(now_mine, Result.SENT)], outbox.clock())
    outbox.leases.record_outcomes([Outcome(late, Result.SENT)], outbox.clock())
    assert outbox.get(late).attempts == 1


def test_email_sent_during_a_database_outage_is_recorded_after_it(
    outbox: OutboxFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.booked("ada")
    mailer, keep, failures = Recorder(), outbox.leases.record_outcomes, [AutoReconnect("away"), AutoReconnect("away")]

    def keep_later(*given: object) -> None:
        if failures:
            raise failures.pop()
        keep(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(outbox.leases, "record_outcomes", keep_later)
    monkeypatch.setattr("notifications.delivery.outcomes.RECORD_PAUSE", 0.01)
    outbox.worker(mailer).send_all_due()
    assert len(mailer.taken) == 2
    assert set(outbox.states().values()) == {EmailStatus.SENT}


def test_worker_loop_survives_a_database_outage(outbox: OutboxFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    outbox.booked("ada")
    mailer, lease = Recorder(), outbox.leases.lease
    troubles: list[Exception] = [DatabaseError("away"), RuntimeError("a bug")]

    def troubled(most: int, now: object) -> list[OutboxEmail]:
        if troubles:
            raise troubles.pop()
        return lease(most, now)  # type: ignore[arg-type]

    monkeypatch.setattr(outbox.leases, "lease", troubled)
    monkeypatch.setattr("notifications.delivery.worker.FAILURE_PAUSE", 0.05)
    worker = outbox.worker(mailer)
    with running(worker):
        wait_until(lambda: len(mailer.taken) == 2)


def test_worker_waiting_for_the_provider_stops_at_once(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    outbox.booked("ada")
    provider.usually = Says(429, "rate_limit_exceeded", headers={"Retry-After": "3600"})
    worker = outbox.worker(resend)
    with running(worker):
        wait_until(lambda: len(provider.calls) == 1)
    assert worker.ended.is_set()
    assert outbox.lease("two").acquire()


def test_stopping_worker_finishes_its_email_and_releases_the_others(outbox: OutboxFixture) -> None:
    for number in range(10):
        outbox.booked(f"guest{number}")
    mailer = Recorder(first=lambda _message: time.sleep(0.3))
    worker = outbox.worker(mailer, rate=5)
    with running(worker):
        wait_until(lambda: len(mailer.at) == 1)
        assert worker.shut_down(patience=5)
    assert len(mailer.taken) == 1
    assert sorted(outbox.states().values()) == [EmailStatus.QUEUED] * 19 + [EmailStatus.SENT]
    assert outbox.db["letters"].count_documents({"lease": {"$exists": True}}) == 0


def test_two_workers_share_an_outbox_without_sending_twice(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    one, two = outbox.worker(resend, owner="one"), outbox.worker(resend, owner="two")
    with running(one), running(two):
        for number in range(20):
            outbox.booked(f"guest{number}")
            one.wake.set()
            two.wake.set()
        wait_until(lambda: provider.accepted.total() == 40)
    assert set(provider.accepted.values()) == set(provider.arrivals_per_key().values()) == {1}
