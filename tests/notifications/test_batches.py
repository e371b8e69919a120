"""Batches: one call for many e-mails, also when a worker is killed at any step."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from notifications.delivery.batching import MIN_BATCH, BatchPlanner
from notifications.delivery.throttle import SendThrottle
from notifications.outbox.lease_store import LeaseStore
from notifications.outbox.model import (
    GIVE_UP_AFTER,
    LEASE,
    Attachment,
    EmailStatus,
    Message,
    OutboxEmail,
)
from notifications.providers.base import BatchMailer
from notifications.providers.resend import ResendMailer
from notifications.providers.smtp import SmtpMailer
from tests.notifications.batches import (
    HANGS_UP,
    MANY,
    STEPS,
    Step,
    assert_each_once,
    die_at,
    doubles,
    killed_after_half_of_the_marks,
    killed_before_the_first_mark,
    recover,
    stored_batches,
    waiting,
)
from tests.notifications.conftest import ADMIN, RENDER, OutboxFixture
from tests.notifications.provider import Provider, Says, provider_id
from tests.notifications.recorder import Recorder


def test_many_due_emails_are_sent_in_one_call_with_a_provider_id_each(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    enqueued = waiting(outbox)
    assert outbox.worker(resend).send_all_due() == MANY
    (call,) = provider.calls
    assert (call.path, [body["to"] for body in call.bodies]) == ("/emails/batch", [[each.to] for each in enqueued])
    assert [call.key] == stored_batches(outbox)
    assert_each_once(provider, enqueued)
    for place, email in enumerate(enqueued):
        kept = outbox.get(email)
        assert (kept.state, kept.provider_id, kept.attempts) == (EmailStatus.SENT, provider_id(call, place), 1)


def test_few_due_emails_are_sent_one_by_one_under_their_own_ids(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    enqueued = waiting(outbox, MIN_BATCH - 1)
    outbox.worker(resend).send_all_due()
    assert sorted(call.key for call in provider.calls) == [email.id for email in enqueued]
    assert {call.path for call in provider.calls} == {"/emails"}
    assert outbox.get(enqueued[0]).provider_id == f"{enqueued[0].id}#0"


def test_batch_has_at_most_a_hundred_emails_and_counts_once_in_the_rate(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed: list[float] = []
    take = SendThrottle.try_acquire

    def noted(pace: SendThrottle) -> float:
        wait = take(pace)
        if not wait:
            passed.append(pace._next)
        return wait

    monkeypatch.setattr(SendThrottle, "try_acquire", noted)
    enqueued = waiting(outbox, 130)
    assert outbox.worker(resend, rate=4).send_due() == 130
    assert sorted(len(call.bodies) for call in provider.calls) == [30, 100]
    assert len(passed) == 2
    assert passed[1] - passed[0] >= 0.25 - 1e-9
    assert_each_once(provider, enqueued)


def test_emails_with_attachments_are_sent_one_by_one(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    enqueued = waiting(outbox)
    files = (Attachment("invitation.ics", "text/calendar; method=REQUEST", b"BEGIN:VCALENDAR"),)
    odd = {email.id for email in enqueued[::2]}

    def render(email: OutboxEmail) -> Message:
        message = RENDER(email)
        return replace(message, attachments=files) if email.id in odd else message

    outbox.worker(resend, render=render).send_all_due()
    (batch,) = [call for call in provider.calls if call.is_batch]
    assert len(batch.bodies) == MANY / 2
    assert {call.key for call in provider.calls if not call.is_batch} == odd
    assert all(call.body["attachments"] for call in provider.calls if not call.is_batch)
    assert_each_once(provider, enqueued)


def test_email_that_may_have_attachments_is_made_once_and_sent_alone(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    enqueued = waiting(outbox)
    made: Counter[str] = Counter()

    def render(email: OutboxEmail) -> Message:
        made[email.id] += 1
        return RENDER(email)

    outbox.worker(resend, render=render, with_attachments={"guest_booking"}).send_all_due()

    assert set(made.values()) == {1}
    alone = {call.key for call in provider.calls if not call.is_batch}
    assert alone == {email.id for email in enqueued if email.template == "guest_booking"}
    assert_each_once(provider, enqueued)


def test_provider_without_batches_gets_every_email_alone(outbox: OutboxFixture) -> None:
    waiting(outbox)
    mailer = Recorder()
    assert not isinstance(mailer, BatchMailer)
    assert not isinstance(SmtpMailer("smtp://127.0.0.1:1"), BatchMailer)
    outbox.worker(mailer).send_all_due()
    assert len(mailer.taken) == MANY
    assert stored_batches(outbox) == []


def test_both_emails_of_a_booking_are_never_in_one_batch(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    for number in range(MANY):
        outbox.booked(f"guest{number}")
    outbox.clock.move(hours=1)
    outbox.worker(resend).send_all_due()
    first, second = provider.calls
    assert {body["to"][0] for body in first.bodies} == {ADMIN}
    assert ADMIN not in {body["to"][0] for body in second.bodies}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_worker_killed_at_any_step_loses_and_doubles_no_email_of_a_batch(
    step: Step, outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    enqueued = waiting(outbox)
    die_at(step, outbox, resend)
    assert EmailStatus.SENDING in outbox.states().values()
    recover(outbox, resend)
    assert_each_once(provider, enqueued)
    assert all(outbox.get(email).provider_id for email in enqueued)


def forget_that_it_was_under_way(patch: pytest.MonkeyPatch) -> None:
    """Remove the rule that possibly sent e-mails join no new batch."""
    patch.setattr(BatchPlanner, "_existing_batches", lambda *_: iter(()))


def repeat_only_what_is_open(patch: pytest.MonkeyPatch) -> None:
    """Remove the rule that a repeated batch includes the e-mails already recorded as sent."""
    whole = LeaseStore.lease_batch

    def rest(store: LeaseStore, key: str, lease: str, now: datetime) -> list[OutboxEmail]:
        found = [each for each in whole(store, key, lease, now) if each.state is not EmailStatus.SENT]
        return [replace(each, batch=replace(each.batch, size=len(found))) for each in found if each.batch]

    patch.setattr(LeaseStore, "lease_batch", rest)


def test_control_batch_emails_sent_again_alone_arrive_twice(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting(outbox)
    die_at(killed_before_the_first_mark, outbox, resend)
    forget_that_it_was_under_way(monkeypatch)
    recover(outbox, resend)
    assert doubles(provider) == MANY


def test_control_batch_repeated_without_its_sent_emails_is_not_recognised(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting(outbox)
    die_at(killed_after_half_of_the_marks, outbox, resend)
    repeat_only_what_is_open(monkeypatch)
    outbox.clock.move(seconds=LEASE.total_seconds())
    outbox.worker(resend, owner="two").send_all_due()
    assert doubles(provider) == MANY / 2


def test_control_batch_recorded_after_its_sending_arrives_twice(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting(outbox)
    with monkeypatch.context() as patch:
        patch.setattr(outbox.leases, "form_batch", lambda *_: True)
        die_at(killed_before_the_first_mark, outbox, resend)
    recover(outbox, resend)
    assert doubles(provider) == MANY


def test_email_possibly_sent_alone_is_never_batched(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    few = waiting(outbox, MIN_BATCH - 1)
    die_at(killed_before_the_first_mark, outbox, resend)
    more = [replace(email, id=f"x{email.id}", to=f"x{email.to}") for email in few]
    outbox.enqueue(more)
    recover(outbox, resend)
    assert_each_once(provider, [*few, *more])
    assert not any(call.is_batch for call in provider.calls)


def test_control_email_tried_alone_and_then_batched_arrives_twice(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = waiting(outbox, MIN_BATCH - 1)
    die_at(killed_before_the_first_mark, outbox, resend)
    taken = provider.accepted.total()
    outbox.enqueue([replace(email, id=f"x{email.id}", to=f"x{email.to}") for email in few])
    lease = outbox.leases.lease
    monkeypatch.setattr(
        outbox.leases,
        "lease",
        lambda most, now: [replace(each, previous_status=EmailStatus.QUEUED) for each in lease(most, now)],
    )
    recover(outbox, resend)
    assert doubles(provider) == taken >= 1


def test_batch_without_a_response_is_repeated_whole_under_its_key(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    enqueued = waiting(outbox)
    provider.next += [HANGS_UP, Says(500, "application_error"), Says(seconds=0.6)]
    outbox.worker(resend).send_due()
    assert set(outbox.states().values()) == {EmailStatus.RETRYING}
    assert len({outbox.get(email).due_at for email in enqueued}) == 1
    for _ in range(4):
        outbox.clock.move(minutes=1)
        outbox.worker(resend).send_due()
    assert [call.bodies for call in provider.calls] == [provider.calls[0].bodies] * 4
    assert len(provider.inbox) == 1
    assert_each_once(provider, enqueued)
    assert set(outbox.states().values()) == {EmailStatus.SENT}


def test_lease_of_one_batch_email_leases_the_whole_batch(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    enqueued = waiting(outbox)
    provider.next.append(HANGS_UP)
    outbox.worker(resend).send_due()
    outbox.clock.move(minutes=1)
    worker = outbox.worker(resend)
    worker.dispatcher.capacity = replace(worker.dispatcher.capacity, max_leased=3)
    assert worker.send_due() == MANY
    assert_each_once(provider, enqueued)


def test_refused_batch_is_sent_one_by_one_and_fails_one_bad_email(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    enqueued = waiting(outbox)
    provider.by_recipient[enqueued[3].to] = Says(422, "validation_error")
    outbox.worker(resend).send_all_due()
    assert [call.is_batch for call in provider.calls] == [True] + [False] * MANY
    dead = outbox.get(enqueued[3])
    assert (dead.state, dead.last_error) == (EmailStatus.DEAD, "resend: 422 validation_error")
    rest = [email for email in enqueued if email.id != dead.id]
    assert {outbox.get(email).state for email in rest} == {EmailStatus.SENT}
    assert_each_once(provider, rest)
    assert stored_batches(outbox) == []


def test_batch_whose_key_was_used_with_another_body_fails(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    waiting(outbox)
    provider.next.append(HANGS_UP)
    outbox.worker(resend).send_due()
    outbox.db["letters"].update_many({}, {"$set": {"facts.event": "Another name"}})
    outbox.clock.move(minutes=1)
    outbox.worker(resend).send_all_due()
    assert set(outbox.states().values()) == {EmailStatus.DEAD}
    assert provider.accepted.total() == MANY


def test_batch_released_before_a_try_is_dissolved(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    enqueued = waiting(outbox)
    worker = outbox.worker(resend)
    worker.stop.set()
    assert worker.send_due() == 0
    assert stored_batches(outbox) == []
    assert {(outbox.get(each).state, outbox.get(each).due_at) for each in enqueued} == {
        (EmailStatus.QUEUED, outbox.clock())
    }
    assert provider.calls == []


def test_batch_released_after_a_try_stays_a_batch(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    enqueued = waiting(outbox)
    provider.next.append(HANGS_UP)
    outbox.worker(resend).send_due()
    outbox.clock.move(minutes=1)
    worker = outbox.worker(resend)
    worker.stop.set()
    assert worker.send_due() == 0
    outbox.worker(resend).send_all_due()
    assert_each_once(provider, enqueued)
    assert len({call.key for call in provider.calls}) == 1


def test_batch_fails_when_the_provider_no_longer_knows_its_key(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    enqueued = waiting(outbox)
    die_at(killed_before_the_first_mark, outbox, resend)
    outbox.clock.move(days=1, minutes=1)
    provider.inbox.clear()
    outbox.worker(resend).send_all_due()
    assert set(outbox.states().values()) == {EmailStatus.DEAD}
    assert "may have arrived" in outbox.get(enqueued[0]).last_error
    assert provider.accepted.total() == 0
    outbox.retries.retry(enqueued[0].id, outbox.clock())
    outbox.worker(resend).send_all_due()
    assert_each_once(provider, enqueued[:1])


def test_failed_emails_of_a_batch_are_recorded_as_sent_with_the_others(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    """An e-mail that fails before its batch stays in it, so that the call does not change."""
    enqueued = waiting(outbox)
    old = enqueued[0]
    outbox.db["letters"].update_one(
        {"_id": old.id}, {"$set": {"createdAt": outbox.clock() - GIVE_UP_AFTER + timedelta(seconds=1)}}
    )
    provider.next += [HANGS_UP, Says(500, "application_error")]
    outbox.worker(resend).send_due()
    outbox.clock.move(minutes=1)
    outbox.worker(resend).send_due()
    assert outbox.get(old).state is EmailStatus.DEAD
    outbox.clock.move(minutes=1)
    outbox.worker(resend).send_due()
    assert set(outbox.states().values()) == {EmailStatus.SENT}
    assert_each_once(provider, enqueued)
