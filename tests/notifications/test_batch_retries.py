"""E-mails of a batch that the back office retries."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.mongo.transactions import transaction
from notifications.outbox.model import (
    EmailStatus,
)
from notifications.providers.resend import ResendMailer
from tests.notifications.batches import (
    HANGS_UP,
    assert_each_once,
    die_at,
    end_the_day,
    given_up,
    killed_before_the_call,
    recover,
    waiting,
)
from tests.notifications.conftest import OutboxFixture
from tests.notifications.provider import Call, Provider, Says


def test_email_retried_out_of_a_failed_batch_is_sent_alone(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    retried, *others = given_up(outbox, provider, resend)

    outbox.retries.retry(retried.id, outbox.clock())
    outbox.worker(resend).send_all_due()

    assert [(call.path, call.key) for call in provider.calls[2:]] == [("/emails", retried.id)]
    assert_each_once(provider, [retried])
    assert outbox.get(retried).state is EmailStatus.SENT
    assert {outbox.get(other).state for other in others} == {EmailStatus.DEAD}


def test_emails_of_a_failed_batch_can_be_retried_one_by_one(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    enqueued = given_up(outbox, provider, resend)

    for email in enqueued:
        outbox.retries.retry(email.id, outbox.clock())
    outbox.worker(resend).send_all_due()

    assert {call.path for call in provider.calls[2:]} == {"/emails"}
    assert_each_once(provider, enqueued)


def test_email_retried_out_of_a_failed_batch_can_be_cancelled(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    untrue, *_ = given_up(outbox, provider, resend)
    outbox.retries.retry(untrue.id, outbox.clock())

    transaction(
        outbox.client,
        lambda session: outbox.store.cancel_pending(session, [untrue.subject], untrue.template, outbox.clock()),
        10,
    )
    outbox.worker(resend).send_all_due()

    assert provider.accepted.total() == 0
    assert untrue.id not in outbox.states()


def test_email_retried_after_its_batch_key_was_refused_uses_its_own_key(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    enqueued = waiting(outbox)
    provider.next.append(Says(409, "invalid_idempotent_request"))
    outbox.worker(resend).send_all_due()
    assert {email.last_error for email in outbox.store.find(None, 100)} == {"resend: 409 invalid_idempotent_request"}
    # The provider knows the batch's key for a day, with another body.
    provider.inbox[provider.calls[0].key] = replace(provider.calls[0], bodies=[])

    outbox.retries.retry(enqueued[0].id, outbox.clock())
    outbox.worker(resend).send_all_due()

    assert (provider.calls[-1].path, provider.calls[-1].key) == ("/emails", enqueued[0].id)
    assert outbox.get(enqueued[0]).state is EmailStatus.SENT


def test_email_retried_while_its_batch_is_pending_stays_in_the_batch(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    """Without that e-mail the provider would not recognise the batch, and the others would arrive twice."""
    enqueued = waiting(outbox)
    end_the_day(outbox, enqueued[0])
    provider.next += [HANGS_UP, Says(500, "application_error")]
    for _ in range(2):
        outbox.worker(resend).send_due()
        outbox.clock.move(minutes=1)
    assert outbox.get(enqueued[0]).state is EmailStatus.DEAD

    outbox.retries.retry(enqueued[0].id, outbox.clock())
    outbox.worker(resend).send_all_due()

    assert len({call.key for call in provider.calls}) == 1
    assert_each_once(provider, enqueued)
    assert set(outbox.states().values()) == {EmailStatus.SENT}


def test_email_retried_is_sent_alone_once_the_rest_of_its_batch_failed(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    retried, *others = waiting(outbox)
    end_the_day(outbox, retried)
    provider.next += [Says(503, "application_error")] * 3
    for _ in range(2):
        outbox.worker(resend).send_due()
        outbox.clock.move(minutes=1)
    outbox.retries.retry(retried.id, outbox.clock())
    end_the_day(outbox, *others)
    outbox.clock.move(minutes=1)
    outbox.worker(resend).send_due()
    assert {outbox.get(other).state for other in others} == {EmailStatus.DEAD}

    outbox.clock.move(minutes=1)
    outbox.worker(resend).send_due()

    assert [call.is_batch for call in provider.calls] == [True] * 3 + [False]
    assert_each_once(provider, [retried])
    assert {outbox.get(other).state for other in others} == {EmailStatus.DEAD}


def test_incomplete_batch_is_sent_one_by_one_and_loses_no_email(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    enqueued = waiting(outbox)
    die_at(killed_before_the_call, outbox, resend)
    outbox.db["letters"].delete_one({"_id": enqueued[0].id})
    recover(outbox, resend)
    assert_each_once(provider, enqueued[1:])


@pytest.mark.parametrize("answer", [b'{"data": []}', b'{"data": null}', b"[]", b'{"id": "one"}', b'{"data": [1, 2]}'])
def test_batch_response_without_ids_is_a_failure(
    answer: bytes, provider: Provider, resend: ResendMailer, outbox: OutboxFixture
) -> None:
    waiting(outbox)
    provider.next.append(Says(raw=answer))
    outbox.worker(resend).send_due()
    assert {email.last_error for email in outbox.store.find(None, 100)} == {"resend: odd answer"}


def test_fake_provider_refuses_a_known_key_with_another_body(provider: Provider) -> None:
    """The fake provider refuses a known key with other e-mails or another order, as Resend does."""
    one, two = {"to": ["a"], "subject": "", "text": "1"}, {"to": ["b"], "subject": "", "text": "2"}
    assert provider.takes_in(Call("k", "", [one, two], 0, "/emails/batch")).status == 200
    assert provider.takes_in(Call("k", "", [one, two], 0, "/emails/batch")).status == 200
    assert provider.takes_in(Call("k", "", [two, one], 0, "/emails/batch")).status == 409
    assert provider.takes_in(Call("k", "", [one], 0, "/emails")).status == 409
    assert provider.accepted.total() == 2
