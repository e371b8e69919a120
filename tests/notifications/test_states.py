"""States of an e-mail: transitions, cancellation, counts and warnings."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from booking.emails import CONFIRMATION, REMINDER
from core import metrics
from core.mongo.client import Db
from core.mongo.transactions import transaction
from core.web import health
from notifications.outbox.health import OutboxHealth
from notifications.outbox.model import (
    GIVE_UP_AFTER,
    LEASE,
    PENDING,
    STALE_AFTER,
    EmailStatus,
    OutboxEmail,
    Outcome,
    Result,
)
from notifications.outbox.new_email import NewEmail
from notifications.providers.resend import ResendMailer
from tests.api_client import Api
from tests.deferred import write_deferred
from tests.notifications.conftest import ADMIN, FACTS, OutboxFixture
from tests.notifications.provider import Provider, Says
from tests.notifications.recorder import Recorder, be_away, lease_only, refuse


def reminder(outbox: OutboxFixture, about: str = "b1") -> OutboxEmail:
    enqueued = NewEmail(subject=about, to="ada@example.org", context=FACTS, now=outbox.clock()).build(
        REMINDER, f"reminder-{FACTS['date']}"
    )
    outbox.enqueue([enqueued])
    return enqueued


def withdraw(outbox: OutboxFixture, about: str = "b1") -> None:
    def work(session: Any) -> None:
        outbox.store.cancel_pending(session, [about], "guest_reminder", outbox.clock())

    transaction(outbox.client, work, 10)


def stored(outbox: OutboxFixture, email: OutboxEmail) -> dict[str, Any] | None:
    return outbox.db["letters"].find_one({"_id": email.id})


def test_email_is_queued_then_sending_then_sent(outbox: OutboxFixture) -> None:
    email = reminder(outbox)
    assert outbox.get(email).state is EmailStatus.QUEUED
    seen: list[EmailStatus] = []
    mailer = Recorder(first=lambda _message: seen.append(outbox.get(email).state))
    outbox.worker(mailer).send_all_due()
    assert seen == [EmailStatus.SENDING]
    kept = outbox.get(email)
    assert (kept.state, kept.attempts, kept.sent_at) == (EmailStatus.SENT, 1, outbox.clock())
    assert "dueAt" not in (stored(outbox, email) or {})


def test_email_after_a_failure_is_retrying_and_then_sent(outbox: OutboxFixture) -> None:
    email = reminder(outbox)
    outbox.worker(Recorder(first=be_away)).send_all_due()
    kept = outbox.get(email)
    assert (kept.state, kept.attempts, kept.last_error) == (EmailStatus.RETRYING, 1, "out of reach")
    outbox.clock.move(minutes=1)
    outbox.worker(Recorder()).send_all_due()
    assert (outbox.get(email).state, outbox.get(email).last_error) == (EmailStatus.SENT, "")


def test_refused_email_is_dead_and_no_longer_due(outbox: OutboxFixture) -> None:
    email = reminder(outbox)
    outbox.worker(Recorder(first=refuse)).send_all_due()
    assert outbox.get(email).state is EmailStatus.DEAD
    assert "dueAt" not in (stored(outbox, email) or {})
    outbox.clock.move(days=2)
    assert outbox.worker(Recorder()).send_all_due() == 0


def test_released_email_has_its_previous_state(outbox: OutboxFixture) -> None:
    new, tried = reminder(outbox, "new"), reminder(outbox, "tried")
    outbox.db["letters"].update_one({"_id": tried.id}, {"$set": {"state": "retrying", "attempts": 3}})
    worker = outbox.worker(Recorder())
    worker.stop.set()
    assert worker.send_due() == 0
    assert (outbox.get(new).state, outbox.get(tried).state) == (EmailStatus.QUEUED, EmailStatus.RETRYING)
    assert outbox.get(new).due_at == new.due_at


def test_email_of_a_dead_sender_is_not_queued_again(outbox: OutboxFixture) -> None:
    email = reminder(outbox)
    (taken,) = lease_only(outbox)
    assert (taken.state, taken.previous_status) == (EmailStatus.SENDING, EmailStatus.QUEUED)
    outbox.clock.move(seconds=LEASE.total_seconds())
    (again,) = lease_only(outbox)
    assert again.previous_status is EmailStatus.SENDING
    outbox.leases.record_outcomes([Outcome(again, Result.NOT_ATTEMPTED)], outbox.clock())
    assert outbox.get(email).state is EmailStatus.RETRYING


def test_email_without_success_for_a_day_is_dead_and_reported(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    email = reminder(outbox)
    provider.usually = Says(500, "application_error")
    while outbox.get(email).state in PENDING:
        outbox.worker(resend).send_due()
        outbox.clock.moment = max(outbox.get(email).due_at, outbox.clock())
    assert outbox.clock() - email.created_at >= GIVE_UP_AFTER
    kept = outbox.get(email)
    assert (kept.state, kept.last_error) == (EmailStatus.DEAD, "resend: 500 application_error")
    seen = outbox.service()
    assert (seen.counts()["dead"], OutboxHealth(outbox.db, outbox.clock).warnings()) == (1, ["1 e-mail was given up"])


def test_email_interrupted_a_day_ago_fails_and_is_not_doubled(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    email = reminder(outbox)
    lease_only(outbox)
    outbox.clock.move(days=1, seconds=1)
    outbox.worker(resend).send_all_due()
    assert outbox.get(email).state is EmailStatus.DEAD
    assert provider.calls == []


def test_control_email_interrupted_a_day_ago_would_be_sent(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifications.delivery.sender.may_be_duplicate", lambda *_: False)
    reminder(outbox)
    lease_only(outbox)
    outbox.clock.move(days=1, seconds=1)
    outbox.worker(resend).send_all_due()
    assert len(provider.calls) == 1


def test_due_query_uses_the_index_of_pending_emails(outbox: OutboxFixture) -> None:
    outbox.booked("ada")
    query = {"dueAt": {"$lte": outbox.clock()}}
    plan = outbox.db["letters"].find(query).sort([("dueAt", 1), ("_id", 1)]).explain()["queryPlanner"]["winningPlan"]
    assert plan["inputStage"]["indexName"] == "open"
    assert plan["stage"] == "FETCH"
    outbox.worker(Recorder()).send_all_due()
    outbox.clock.move(days=2)
    walked = outbox.db["letters"].find({"dueAt": {"$lte": outbox.clock()}}).explain()["executionStats"]
    assert walked["totalKeysExamined"] == 0


@pytest.mark.parametrize("state", ["queued", "retrying"])
def test_pending_email_is_cancelled(outbox: OutboxFixture, state: str) -> None:
    email, other = reminder(outbox), reminder(outbox, "b2")
    outbox.db["letters"].update_one({"_id": email.id}, {"$set": {"state": state}})
    withdraw(outbox)
    assert stored(outbox, email) is None
    assert stored(outbox, other) is not None


def test_sent_or_dead_email_is_not_cancelled(outbox: OutboxFixture) -> None:
    email = reminder(outbox)
    for state in ("sent", "dead"):
        outbox.db["letters"].update_one({"_id": email.id}, {"$set": {"state": state}, "$unset": {"dueAt": ""}})
        withdraw(outbox)
        assert outbox.get(email).state == state


def test_email_cancelled_while_sending_is_recorded_as_sent(outbox: OutboxFixture) -> None:
    email = reminder(outbox)
    outbox.worker(Recorder(first=lambda _message: withdraw(outbox))).send_all_due()
    assert outbox.get(email).state is EmailStatus.SENT


def test_email_cancelled_while_sending_is_not_retried(outbox: OutboxFixture) -> None:
    email = reminder(outbox)

    def fail(message: Any) -> None:
        withdraw(outbox)
        be_away(message)

    outbox.worker(Recorder(first=fail)).send_all_due()
    assert stored(outbox, email) is None


def test_email_cancelled_while_sending_is_deleted_after_its_sender_died(outbox: OutboxFixture) -> None:
    email = reminder(outbox)
    lease_only(outbox)
    withdraw(outbox)
    assert stored(outbox, email) is not None
    outbox.clock.move(seconds=LEASE.total_seconds())
    assert lease_only(outbox) == []
    assert stored(outbox, email) is None


def test_email_cancelled_in_a_possibly_sent_batch_is_sent_with_it(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer
) -> None:
    enqueued = [reminder(outbox, f"b{number}") for number in range(8)]
    provider.next.append(Says(hangs_up=True, takes=True))
    outbox.worker(resend).send_due()
    withdraw(outbox, "b1")
    outbox.clock.move(minutes=1)
    outbox.worker(resend).send_all_due()
    assert provider.accepted.total() == len(enqueued)
    assert set(outbox.states().values()) == {EmailStatus.SENT}


def test_email_cancelled_while_its_batch_is_refused_is_dropped(
    outbox: OutboxFixture, provider: Provider, resend: ResendMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueued = [reminder(outbox, f"b{number}") for number in range(8)]
    provider.next.append(Says(422, "validation_error"))
    form = outbox.leases.form_batch

    def form_and_withdraw(*given: Any) -> bool:
        formed = form(*given)
        withdraw(outbox, "b1")
        return formed

    monkeypatch.setattr(outbox.leases, "form_batch", form_and_withdraw)
    outbox.worker(resend).send_all_due()
    assert stored(outbox, enqueued[1]) is None
    assert provider.accepted.total() == len(enqueued) - 1


@pytest.mark.parametrize("state", list(EmailStatus))
def test_last_pending_email_is_the_blocking_one(outbox: OutboxFixture, state: EmailStatus) -> None:
    email = NewEmail(subject="b1", to="ada@example.org", context=FACTS, now=outbox.clock()).build_resend(CONFIRMATION)
    outbox.enqueue([email, replace(email, id="b1-other", to="bob@example.org", created_at=outbox.clock.moment)])
    reminder(outbox)  # unordered, so it blocks no other
    outbox.db["letters"].update_one({"_id": email.id}, {"$set": {"state": state}})
    found = transaction(outbox.client, lambda session: outbox.store.lock_last_pending(session, {"b1": email.to}), 10)
    assert found == ({"b1": email.id} if state in PENDING else {})


@pytest.mark.parametrize("state", list(EmailStatus))
def test_email_is_added_once_and_erased_in_every_state(outbox: OutboxFixture, state: EmailStatus) -> None:
    email = reminder(outbox)
    outbox.db["letters"].update_one({"_id": email.id}, {"$set": {"state": state}})
    assert not transaction(outbox.client, lambda session: outbox.store.add_if_absent(session, email), 10)
    assert [found.id for found in outbox.store.by_subject("b1")] == [email.id]
    assert outbox.erasure.erase(["b1"]) == 1
    assert transaction(outbox.client, lambda session: outbox.store.add_if_absent(session, email), 10)


def test_five_states_are_filtered_and_counted(api: Api, db: Db) -> None:
    for _ in range(3):
        assert api.book(api.slots()[0]).status == 201
    ids = [row["_id"] for row in write_deferred(db)["letters"].find()]
    for letter_id, state in zip(ids, EmailStatus, strict=False):
        closed = {"$unset": {"dueAt": ""}} if state not in PENDING else {}
        db["letters"].update_one({"_id": letter_id}, {"$set": {"state": state}, **closed})

    for letter_id, state in zip(ids, EmailStatus, strict=False):
        items = api.admin("GET", "/letters", query={"state": state.value}).json["items"]
        assert letter_id in [item["_id"] for item in items]
        assert {item["state"] for item in items} == {state}
        assert all((item["dueAt"] is None) == (state not in PENDING) for item in items)
    assert api.admin("GET", "/letters", query={"state": "pending"}).status == 400
    counts = {"queued": 2, "sending": 1, "retrying": 1, "sent": 1, "dead": 1}
    assert api.admin("GET", "/stats").json["letters"] == counts
    text = api.get("/metrics").body.decode()
    assert all(f'letters{{state="{state}"}} {count}.0' in text for state, count in counts.items())


def test_ready_warns_of_failed_emails_and_stays_ready(api: Api, db: Db) -> None:
    assert api.get("/api/ready").json == {"status": "ok", "dependencies": {"mongodb": "ok"}, "warnings": []}
    time.sleep(health.CACHE_SECONDS)
    for _ in range(2):
        assert api.book(api.slots()[0]).status == 201
    write_deferred(db)["letters"].update_many(
        {"template": "guest_booking"}, {"$set": {"state": "dead"}, "$unset": {"dueAt": ""}}
    )

    answer = api.get("/api/ready")

    assert (answer.status, answer.json["status"]) == (200, "ok")
    assert answer.json["warnings"] == ["2 e-mails were given up"]


@pytest.mark.parametrize("state", ["queued", "sending", "retrying"])
def test_ready_warns_of_an_email_that_is_pending_for_long(outbox: OutboxFixture, state: str) -> None:
    email = reminder(outbox)
    outbox_health = OutboxHealth(outbox.db, outbox.clock)
    later = outbox.clock() + (timedelta(hours=1) if state == "retrying" else timedelta())
    outbox.db["letters"].update_one({"_id": email.id}, {"$set": {"state": state, "dueAt": later}})
    outbox.clock.moment += STALE_AFTER - timedelta(seconds=1)
    assert outbox_health.warnings() == []
    outbox.clock.move(minutes=3, seconds=1)
    assert outbox_health.warnings() == ["an e-mail has waited for 13 minutes"]


def test_ready_with_a_failing_warning_reports_it_and_stays_ready(
    app: Flask, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(_health: OutboxHealth) -> int:
        raise RuntimeError("ada@example.org")

    monkeypatch.setattr(OutboxHealth, "count_failed", stumble)
    answer = api.get("/api/ready")
    assert (answer.status, answer.json["warnings"]) == (200, ["not known (RuntimeError)"])


def test_service_that_is_not_ready_reads_no_warnings() -> None:
    def away() -> None:
        raise ConnectionError

    app = Flask("alone")
    health.install(app, {"mongodb": away}, dict, lambda: pytest.fail("asked"))
    answer = app.test_client().get("/api/ready")
    assert (answer.status_code, answer.get_json()["warnings"]) == (503, [])


def test_attempts_are_counted_by_result(outbox: OutboxFixture) -> None:
    def dead() -> float:
        return float(metrics.LETTERS_SENT.labels("dead")._value.get())

    before = dead()
    reminder(outbox)
    outbox.worker(Recorder(first=refuse)).send_all_due()
    assert dead() == before + 1


def test_admin_email_is_sent_first_through_retries_of_many_workers(outbox: OutboxFixture) -> None:
    first, second = outbox.booked("ada")
    trouble = Recorder(first=lambda message: be_away(message) if message.to == ADMIN else None)
    for number in range(5):
        outbox.worker(trouble, owner=str(number)).send_all_due()
        outbox.clock.move(seconds=4)
    mailer = Recorder()
    outbox.clock.move(minutes=1)
    outbox.worker(mailer, owner="last").send_all_due()
    assert mailer.taken == [first.id, second.id]
