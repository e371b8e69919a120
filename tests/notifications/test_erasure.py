"""Erasure of e-mails in batches of unknown outcome: none is doubled, and all are deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

import wiring
from core.web.context import runtime_of
from notifications.outbox.erasure import OutboxErasure
from notifications.outbox.model import EmailStatus, OutboxEmail
from notifications.providers.resend import ResendMailer
from tests.api_client import Api, over_app
from tests.notifications.batches import (
    HANGS_UP,
    STEPS,
    Killed,
    Step,
    assert_each_once,
    die_at,
    doubles,
    given_up,
    killed_before_the_first_mark,
    recover,
    waiting,
)
from tests.notifications.conftest import ADMIN, OutboxFixture
from tests.notifications.provider import KEY, Provider, Says


def rows_about(outbox: OutboxFixture, email: OutboxEmail) -> int:
    return outbox.db["letters"].count_documents({"about": email.subject})


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_erasure_after_a_worker_was_killed_at_any_step_doubles_no_email(
    step: Step, outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    gone, *others = waiting(outbox)
    die_at(step, outbox, resend)

    outbox.erasure.erase([gone.subject], gone.to)
    recover(outbox, resend)

    arrived = provider.accepted
    assert sorted(to for to, _, _ in arrived.elements() if to != gone.to) == sorted(email.to for email in others)
    assert doubles(provider) == 0
    assert rows_about(outbox, gone) == 0


def test_control_email_deleted_out_of_a_pending_batch_doubles_the_others(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, *others = waiting(outbox)
    die_at(killed_before_the_first_mark, outbox, resend)
    monkeypatch.setattr(OutboxErasure, "_unknown_outcomes", lambda *_: [])

    assert outbox.erasure.erase([gone.subject]) == 1
    recover(outbox, resend)

    assert doubles(provider) == len(others)


def test_erasure_counts_pending_emails_until_they_are_deleted(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    gone, other, *_ = waiting(outbox)
    provider.next.append(HANGS_UP)
    outbox.worker(resend).send_due()
    erasure = outbox.erasure

    assert erasure.erase([gone.subject]) == 0
    assert (erasure.count_pending([gone.subject], None), erasure.count_pending([other.subject], None)) == (
        1,
        0,
    )
    outbox.clock.move(minutes=1)
    outbox.worker(resend).send_all_due()
    erasure.finish()

    assert erasure.count_pending([gone.subject], None) == rows_about(outbox, gone) == 0
    assert rows_about(outbox, other) == 1


def test_erased_email_of_a_refused_batch_is_not_sent(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, *others = waiting(outbox)
    provider.next.append(Says(422, "validation_error"))
    form = outbox.leases.form_batch

    def form_and_forget(*given: Any) -> bool:
        formed = form(*given)
        assert outbox.erasure.erase([gone.subject]) == 0
        return formed

    monkeypatch.setattr(outbox.leases, "form_batch", form_and_forget)
    outbox.worker(resend).send_all_due()

    assert_each_once(provider, others)
    assert rows_about(outbox, gone) == 0


def test_erasure_deletes_emails_of_a_batch_of_known_outcome(outbox: OutboxFixture, resend: ResendMailer) -> None:
    gone, other, *_ = waiting(outbox)
    outbox.worker(resend).send_all_due()

    assert outbox.erasure.erase([gone.subject]) == 1

    assert (rows_about(outbox, gone), rows_about(outbox, other)) == (0, 1)


def test_erasure_deletes_emails_of_a_failed_batch_despite_a_retried_one(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    retried, gone, other, *_ = given_up(outbox, provider, resend)
    outbox.retries.retry(retried.id, outbox.clock())

    assert outbox.erasure.erase([gone.subject]) == 1
    assert outbox.erasure.erase([retried.subject]) == 1

    outbox.worker(resend).send_all_due()
    assert provider.accepted.total() == 0
    assert (rows_about(outbox, gone), rows_about(outbox, retried), rows_about(outbox, other)) == (0, 0, 1)


def test_email_batched_during_its_erasure_stays_in_the_batch(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, *others = waiting(outbox)
    look = OutboxErasure._unknown_outcomes
    begun: list[bool] = []

    def meanwhile(erasing: OutboxErasure, keys: list[str]) -> list[str]:
        found = look(erasing, keys)
        if not begun:
            begun.append(True)
            die_at(killed_before_the_first_mark, outbox, resend)
        return found

    monkeypatch.setattr(OutboxErasure, "_unknown_outcomes", meanwhile)

    assert outbox.erasure.erase([gone.subject]) == 0
    recover(outbox, resend)

    assert_each_once(provider, [gone, *others])
    assert rows_about(outbox, gone) == 0


def test_erase_command_reports_pending_emails_until_they_are_deleted(
    make_app: Callable[..., Flask], provider: Provider
) -> None:
    app = make_app(
        RESEND_API_KEY=KEY, RESEND_API_URL=provider.url, MAIL_RATE="200", MAIL_FROM="a@example.org", ADMIN_EMAIL=ADMIN
    )
    services = runtime_of(app).get(wiring.Services)
    api = Api(over_app(app))
    made = [api.book(slot).json["booking"] for slot in api.slots()[:7]]
    with pytest.MonkeyPatch.context() as patch:
        killed_before_the_first_mark(services.worker, patch)  # of the organiser's e-mails, which have no attachment
        with pytest.raises(Killed):
            services.worker.send_due()
    run = app.test_cli_runner().invoke

    recorded = run(args=["erase", "--email", made[0]["email"]])
    again = run(args=["erase", "--email", made[0]["email"]])

    assert (recorded.exit_code, again.exit_code) == (0, 0)
    assert recorded.output.startswith("1 bookings anonymised, 1 e-mails and 0 waiting entries deleted.\nLeft: 1 e-mail")
    assert again.output.startswith("0 bookings anonymised, 0 e-mails and 0 waiting entries deleted.\nLeft: 1 e-mail")
    assert all(each["to"] != made[0]["email"] for each in services.db.letters.find())

    services.db.letters.update_many(
        {"state": EmailStatus.SENDING}, [{"$set": {"dueAt": "$createdAt"}}]
    )  # the lease has expired
    services.worker.send_all_due()
    last = run(args=["erase", "--email", made[0]["email"]])

    assert last.output == "0 bookings anonymised, 0 e-mails and 0 waiting entries deleted.\n"
    assert services.db.letters.count_documents({"about": made[0]["id"]}) == 0
    assert doubles(provider) == 0
