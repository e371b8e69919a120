"""The worker over a real outbox and a real provider: order, patience, pace, and one sender at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from pymongo.errors import AutoReconnect

from core.leader_lease import TTL
from core.mongo.failures import DatabaseError
from notifications.delivery.throttle import SendThrottle
from notifications.delivery.worker import IDLE_SECONDS, OutboxWorker
from notifications.outbox.model import (
    ADMIN_FIRST_DELAY,
    LEASE,
    PENDING,
    EmailStatus,
    Message,
    OutboxEmail,
    Outcome,
    Result,
)
from notifications.providers.resend import ResendMailer
from tests.notifications.conftest import ADMIN, OutboxFixture
from tests.notifications.provider import Provider, Says
from tests.notifications.recorder import Recorder, be_away, lease_only, refuse


def test_every_letter_goes_out_once_the_admins_before_the_guests(
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


def test_the_order_holds_when_both_letters_of_a_booking_have_long_been_due(outbox: OutboxFixture) -> None:
    pairs = [outbox.booked(f"guest{number}") for number in range(40)]
    outbox.clock.move(hours=1)
    mailer = Recorder()
    outbox.worker(mailer).send_all_due()
    assert len(mailer.taken) == len(set(mailer.taken)) == 80
    assert all(mailer.taken.index(first.id) < mailer.taken.index(second.id) for first, second in pairs)


def test_the_order_holds_when_the_admins_letter_was_postponed_but_is_due_again(outbox: OutboxFixture) -> None:
    first, second = outbox.booked("ada")
    (taken,) = lease_only(outbox)
    until = outbox.clock() + ADMIN_FIRST_DELAY + timedelta(seconds=30)
    outbox.leases.record_outcomes([Outcome(taken, Result.RETRY, "later", until)], outbox.clock())
    outbox.clock.move(minutes=5)
    assert [letter.id for letter in lease_only(outbox, 1)] == [first.id]
    assert outbox.get(second).state is EmailStatus.QUEUED


def test_the_guests_letter_waits_a_minute_at_most_for_an_admins_letter_in_trouble(outbox: OutboxFixture) -> None:
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


def test_the_guests_letter_goes_at_once_when_the_admins_is_given_up(outbox: OutboxFixture) -> None:
    first, second = outbox.booked("ada")
    mailer = Recorder(first=lambda message: refuse(message) if message.to == ADMIN else None)
    outbox.worker(mailer).send_all_due()
    assert outbox.states() == {first.id: EmailStatus.DEAD, second.id: EmailStatus.SENT}
    assert outbox.get(first).last_error == "no such address"


def test_a_letter_that_was_tried_keeps_its_own_next_time_when_its_first_one_ends(outbox: OutboxFixture) -> None:
    _, second = outbox.booked("ada")
    until = outbox.clock() + timedelta(hours=1)
    outbox.db["letters"].update_one({"_id": second.id}, {"$set": {"attempts": 1, "state": "retrying", "dueAt": until}})
    outbox.worker(Recorder()).send_all_due()
    assert outbox.get(second).due_at == until


def test_a_passing_trouble_delays_a_letter_and_loses_none(
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


def test_a_letter_the_provider_took_without_saying_so_arrives_once(
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


def test_a_letter_is_given_up_visibly_after_a_day_and_can_be_tried_again(outbox: OutboxFixture) -> None:
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
    assert all(letter.attempts <= 3 for letter in outbox.store.find(None, 300))


def test_a_limit_holds_up_all_letters_for_as_long_as_the_provider_asks(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    for number in range(4):
        outbox.booked(f"guest{number}")
    provider.next.append(Says(429, "rate_limit_exceeded", headers={"Retry-After": "120"}))
    worker = outbox.worker(resend, rate=5)
    worker.send_all_due()
    worker.send_all_due()
    assert len(provider.calls) == 1
    tried = next(letter for letter in outbox.store.find(None, 10) if letter.attempts)
    assert tried.due_at >= outbox.clock() + timedelta(seconds=120)
    untried = [letter for letter in outbox.store.find(None, 10) if not letter.attempts and not letter.blocked_by]
    assert {letter.due_at for letter in untried} == {outbox.clock()}


def test_a_letter_that_cannot_be_made_holds_up_no_other(outbox: OutboxFixture) -> None:
    broken, _ = outbox.booked("mallory")
    outbox.db["letters"].update_one({"_id": broken.id}, {"$set": {"template": "no_such_template"}})
    others = [outbox.booked(f"guest{number}") for number in range(10)]
    mailer = Recorder()
    outbox.worker(mailer, rate=100_000).send_all_due()
    assert {letter.id for pair in others for letter in pair} <= set(mailer.taken)
    kept = outbox.get(broken)
    assert (kept.state, kept.attempts) == (EmailStatus.RETRYING, 1)
    assert kept.last_error.startswith("cannot be made: TemplateNotFound at ")


def test_a_mailer_with_a_bug_does_not_end_the_loop(outbox: OutboxFixture) -> None:
    first, _ = outbox.booked("ada")

    def stumble(message: Message) -> None:
        raise KeyError(message.to)

    outbox.worker(Recorder(first=stumble)).send_all_due()
    assert outbox.get(first).last_error.startswith("cannot be made: KeyError at stumble:")
    assert "ada" not in outbox.get(first).last_error


def test_letters_leave_at_the_rate_and_never_closer(outbox: OutboxFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    passed: list[float] = []

    class Noted(SendThrottle):
        """Writes down when it let somebody pass, by its own watch: what happens after that takes its time."""

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


def test_only_the_holder_of_the_role_sends_until_its_term_is_over(outbox: OutboxFixture) -> None:
    outbox.booked("ada")
    assert outbox.lease("somebody else").acquire()
    mailer = Recorder()
    worker = outbox.worker(mailer)
    assert worker.send_all_due() == 0
    outbox.clock.move(seconds=TTL.total_seconds() - 1)
    assert worker.send_all_due() == 0
    outbox.clock.move(seconds=1)
    assert worker.send_all_due() == 2


def test_new_letters_are_no_reason_to_ask_for_the_role_that_another_process_has(
    outbox: OutboxFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert outbox.lease("somebody else").acquire()
    worker = outbox.worker(Recorder())
    rests: list[float | None] = []
    monkeypatch.setattr(worker.stop, "wait", rests.append)
    worker.wake.set()

    worker._tick()

    assert rests == [IDLE_SECONDS]


def test_a_worker_that_ends_leaves_the_role_and_must_ask_for_it_again(outbox: OutboxFixture) -> None:
    outbox.booked("ada")
    first, second = outbox.worker(Recorder(), owner="one"), outbox.worker(Recorder(), owner="two")
    assert first.send_all_due() == 2
    outbox.booked("bob")
    assert outbox.lease("two").acquire()
    assert first.send_all_due() == 0
    assert second.send_all_due() == 2


def test_a_worker_that_loses_the_role_gives_back_what_it_has_not_sent(
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
    rest = [letter for letter in outbox.store.find(EmailStatus.QUEUED, 100) if letter.blocked_by is None]
    assert len(rest) == 19
    assert all(letter.due_at <= outbox.clock() and letter.attempts == 0 for letter in rest)


def test_what_a_dead_worker_had_in_hand_comes_due_again_after_the_lease(outbox: OutboxFixture) -> None:
    outbox.booked("ada")
    (taken,) = lease_only(outbox)
    mailer = Recorder()
    assert outbox.worker(mailer).send_all_due() == 0
    outbox.clock.move(seconds=LEASE.total_seconds())
    assert outbox.worker(mailer).send_all_due() == 2
    assert mailer.taken[0] == taken.id


def test_a_slow_mail_server_does_not_cost_a_worker_its_lease_and_role(
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
    # Its guest's letter comes due meanwhile: leased elsewhere, it is none of this worker's.
    assert outbox.worker(mailer, rate=1).send_due() == 1
    assert sum(others) == 1
    assert outbox.get(first).state is EmailStatus.SENT


def test_a_worker_whose_lease_ran_out_begins_no_letter(outbox: OutboxFixture) -> None:
    for number in range(5):
        outbox.booked(f"guest{number}")
    mailer = Recorder(first=lambda _message: outbox.clock.move(minutes=1))
    assert outbox.worker(mailer, rate=5).send_due() == 1


def test_a_lost_lease_is_left_to_anyone_has_it_now(outbox: OutboxFixture) -> None:
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


def test_a_letter_sent_while_the_database_is_away_is_marked_when_it_is_back(
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


def test_the_loop_outlives_the_database(outbox: OutboxFixture, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_worker_stops_at_once_while_it_waits_for_the_provider(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    outbox.booked("ada")
    provider.usually = Says(429, "rate_limit_exceeded", headers={"Retry-After": "3600"})
    worker = outbox.worker(resend)
    with running(worker):
        wait_until(lambda: len(provider.calls) == 1)
    assert worker.ended.is_set()
    assert outbox.lease("two").acquire()


def test_a_worker_finishes_the_letter_in_hand_and_gives_the_rest_back(outbox: OutboxFixture) -> None:
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
        wait_until(lambda: provider.letters.total() == 40)
    assert set(provider.letters.values()) == set(provider.arrivals_per_key().values()) == {1}


class running:  # noqa: N801  # a context manager, named like contextlib's own
    """Runs a worker in a thread until the block ends."""

    def __init__(self, worker: OutboxWorker) -> None:
        self.worker, self.thread = worker, threading.Thread(target=worker.run, daemon=True)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.worker.shut_down()
        self.thread.join(10)
        assert not self.thread.is_alive()


def wait_until(holds: Callable[[], bool], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)
