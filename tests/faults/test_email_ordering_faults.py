"""E-mails to one guest keep their order while others record, resend or cancel them at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import pytest

import core.concurrency.serial_transactions
import wiring
from app import create_app
from booking.email_retry import RetryEmail
from booking.emails import BookingEmails
from core.config.settings import Settings
from core.mongo.client import Client, Db
from notifications.outbox.blocking import BlockedEmails
from notifications.outbox.model import EmailStatus, Outcome, Result
from notifications.outbox.service import Outbox
from tests.api_client import Answer, Api, over_app
from tests.faults.conftest import FaultyService
from tests.faults.email_ordering import (
    RECORDED,
    WAYS,
    Elsewhere,
    Made,
    all_dead,
    all_sent,
    assert_in_order,
    change,
    in_hand,
    in_the_midst,
    is_due,
    once,
    recorded,
    round_at,
    waits_for_a_change,
)

# A letter is marked while another is put behind it


@pytest.mark.parametrize("result", [Result.SENT, Result.FAILED])
@pytest.mark.parametrize("way", WAYS)
def test_email_sent_between_snapshot_and_lookup_blocks_nothing(
    way: str, result: Result, api: Api, services: wiring.Services, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = api.book(api.slots()[0]).json["booking"]
    leased = in_hand(services)
    mark = once(
        lambda: services.worker.dispatcher.store.record_outcomes(
            [Outcome(each, result) for each in leased], datetime.now(UTC)
        )
    )
    look = Outbox.lock_last_pending

    def marked_first(letters: Outbox, *given: Any) -> dict[str, str]:
        mark()
        return look(letters, *given)

    monkeypatch.setattr(Outbox, "lock_last_pending", marked_first)

    assert change(api, way, made).status == 200

    assert is_due(db, made, RECORDED[way])
    assert "after" not in recorded(db, made, RECORDED[way])


@pytest.mark.parametrize("result", [Result.SENT, Result.FAILED])
@pytest.mark.parametrize("way", WAYS)
def test_email_sent_between_lookup_and_commit_unblocks_the_new_one(
    way: str, result: Result, api: Api, services: wiring.Services, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = api.book(api.slots()[0]).json["booking"]
    outcomes = [Outcome(letter, result) for letter in in_hand(services)]
    marking = Thread(target=lambda: services.worker.dispatcher.store.record_outcomes(outcomes, datetime.now(UTC)))

    def mark() -> None:
        marking.start()
        while marking.is_alive() and not waits_for_a_change(db):
            """It is done, or has met the change."""

    look, begin = Outbox.lock_last_pending, once(mark)

    def marked_meanwhile(letters: Outbox, *given: Any) -> dict[str, str]:
        found = look(letters, *given)
        begin()
        return found

    monkeypatch.setattr(Outbox, "lock_last_pending", marked_meanwhile)

    assert change(api, way, made).status == 200
    marking.join()

    assert recorded(db, made, "guest_booking")["state"] == result
    assert is_due(db, made, RECORDED[way])


def test_email_with_a_lost_lease_is_not_dead_and_keeps_the_order(api: Api, services: wiring.Services, db: Db) -> None:
    made = api.book(api.slots()[0]).json["booking"]
    leased = in_hand(services)
    assert change(api, "cancel", made).status == 200
    db.letters.update_one({"_id": leased[0].id}, {"$set": {"lease": "somebody else's"}})

    services.worker.dispatcher.store.record_outcomes(
        [Outcome(letter, Result.FAILED) for letter in leased], datetime.now(UTC)
    )

    assert recorded(db, made, "guest_booking")["state"] == EmailStatus.SENDING
    assert not is_due(db, made, "guest_cancellation")


# What is stranded


@pytest.mark.parametrize("state", [EmailStatus.SENT, EmailStatus.DEAD, None], ids=["sent", "dead", "gone"])
def test_email_blocked_by_a_finished_one_is_sent_with_a_warning(
    state: EmailStatus | None, api: Api, services: wiring.Services, db: Db
) -> None:
    made, other = (api.book(slot).json["booking"] for slot in api.slots()[:2])
    for booking in (made, other):
        assert change(api, "cancel", booking).status == 200
    first = {"_id": f"{made['id']}-guest"}
    if state:  # as who died between marking it and waking what is behind it left it
        db.letters.update_one(first, {"$set": {"state": state}, "$unset": {"dueAt": ""}})
    else:
        db.letters.delete_one(first)
    db.letters.update_many({}, [{"$set": {"createdAt": {"$subtract": ["$createdAt", 15 * 60_000]}}}])
    assert services.outbox_health.warnings()[-1] == "an e-mail has waited for 15 minutes"

    assert BlockedEmails(services.db).unblock_orphans(datetime.now(UTC)) == 1

    assert is_due(db, made, "guest_cancellation")
    assert not is_due(db, other, "guest_cancellation")
    assert BlockedEmails(services.db).unblock_orphans(datetime.now(UTC)) == 0


def test_email_blocked_by_a_pending_one_is_no_orphan(api: Api, services: wiring.Services, db: Db) -> None:
    made = api.book(api.slots()[0]).json["booking"]
    assert change(api, "cancel", made).status == 200
    assert services.outbox_health.warnings() == []
    db.letters.update_many({}, [{"$set": {"createdAt": {"$subtract": ["$createdAt", 15 * 60_000]}}}])

    assert services.outbox_health.warnings() == ["an e-mail has waited for 15 minutes"]
    assert BlockedEmails(services.db).unblock_orphans(datetime.now(UTC)) == 0
    assert not is_due(db, made, "guest_cancellation")


def test_worker_unblocks_stranded_emails(api: Api, services: wiring.Services, db: Db) -> None:
    made = api.book(api.slots()[0]).json["booking"]
    assert change(api, "cancel", made).status == 200
    for letter in (f"{made['id']}-admin", f"{made['id']}-guest"):
        db.letters.update_one({"_id": letter}, {"$set": {"state": EmailStatus.SENT}, "$unset": {"dueAt": ""}})

    services.scheduler.run_once()
    assert services.worker.send_all_due() == 1

    assert recorded(db, made, "guest_cancellation")["state"] == EmailStatus.SENT


# What the back office asks for once more


def test_resent_confirmation_and_cancellation_are_sent_in_order(api: Api, services: wiring.Services) -> None:
    made = api.book(api.slots()[0]).json["booking"]
    sent: list[str] = []
    round_at(services, 0, sent, trouble="admin_booking")
    assert api.admin("POST", f"/bookings/{made['id']}/resend").status == 202
    assert change(api, "cancel", made).status == 200

    for seconds in (1, 2, 3, 61, 62, 63):
        round_at(services, seconds, sent, trouble="admin_booking")
    for seconds in (200, 201):
        round_at(services, seconds, sent)

    assert sent == ["guest_booking", "guest_booking", "guest_cancellation", "admin_booking"]


def test_last_pending_email_is_found_despite_clock_skew(api: Api, services: wiring.Services, db: Db) -> None:
    made = api.book(api.slots()[0]).json["booking"]
    assert change(api, "move", made).status == 200
    early = {"$set": {"createdAt": datetime(2020, 1, 1, tzinfo=UTC)}}
    db.letters.update_one({"template": "guest_rescheduled"}, early)  # by a machine whose clock is behind

    assert change(api, "cancel", made).status == 200

    assert recorded(db, made, "guest_cancellation")["after"] == recorded(db, made, "guest_rescheduled")["_id"]


@pytest.fixture
def elsewhere(make_settings: Callable[..., Settings], mongo: Client, services: wiring.Services) -> Api:
    """The same service in another process: it takes no turns with this one."""
    settings = make_settings(MONGODB_DATABASE=services.db.name)
    return Api(over_app(create_app(settings, client=mongo)))


@pytest.mark.parametrize("way", WAYS)
def test_email_resent_during_a_concurrent_change_is_true(
    way: str, api: Api, elsewhere: Api, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = api.book(api.slots()[0]).json["booking"]
    all_sent(db)
    other = Elsewhere(lambda: change(elsewhere, way, made))
    in_the_midst(monkeypatch, BookingEmails, "resend", other)

    assert api.admin("POST", f"/bookings/{made['id']}/resend").status == 202

    assert other.answer.status == 200
    assert_in_order(db, made)


@pytest.mark.parametrize("way", WAYS)
def test_email_retried_during_a_concurrent_change_is_true(
    way: str, api: Api, elsewhere: Api, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = api.book(api.slots()[0]).json["booking"]
    all_dead(db)
    other = Elsewhere(lambda: change(elsewhere, way, made))
    in_the_midst(monkeypatch, RetryEmail, "_require_current", other)

    assert api.admin("POST", f"/letters/{made['id']}-guest/retry").status in {200, 409}

    assert other.answer.status == 200
    assert_in_order(db, made)


def test_dead_email_retried_is_ordered_after_pending_ones(api: Api, services: wiring.Services, db: Db) -> None:
    made = api.book(api.slots()[0]).json["booking"]
    assert api.admin("POST", f"/bookings/{made['id']}/resend").status == 202
    again = db.letters.find_one({"_id": {"$regex": f"^{made['id']}-again-"}})
    assert again
    services.worker.dispatcher.store.record_outcomes(
        [Outcome(letter, Result.FAILED) for letter in in_hand(services)], datetime.now(UTC)
    )
    assert api.admin("POST", f"/letters/{made['id']}-guest/retry").status == 200
    assert change(api, "cancel", made).status == 200

    rows = {row["_id"]: row.get("after") for row in db.letters.find({"to": made["email"], "state": EmailStatus.QUEUED})}
    assert rows[again["_id"]] is None
    assert rows[f"{made['id']}-guest"] == again["_id"]
    assert rows[recorded(db, made, "guest_cancellation")["_id"]] == f"{made['id']}-guest"
    sent: list[str] = []
    for seconds in (1, 2, 3):
        round_at(services, seconds, sent)
    assert sent == ["guest_booking", "guest_booking", "guest_cancellation"]


def test_waitlist_email_is_retried_only_while_the_entry_waits(api: Api, db: Db) -> None:
    slot = api.slots()[0]
    made = [api.book(slot).json["booking"] for _ in range(slot["capacity"])]
    left, promoted, waits = (api.wait_for(slot).json["entry"] for _ in range(3))
    all_dead(db)
    assert api.held("DELETE", left).status == 200
    assert change(api, "cancel", made[0]).status == 200
    assert api.held("GET", promoted).json["status"] == "promoted"

    def retry(entry: Made) -> Answer:
        letter = db.letters.find_one({"about": entry["id"], "template": "guest_waiting"})
        assert letter
        return api.admin("POST", f"/letters/{letter['_id']}/retry")

    answers = [retry(entry) for entry in (left, promoted, waits)]

    refused, codes = (409, "letter_outdated"), [answer.code for answer in answers[:2]]
    assert [(answer.status, code) for answer, code in zip(answers, codes, strict=False)] == [refused] * 2
    assert answers[2].status == 200
    assert db.letters.count_documents({"template": "guest_waiting", "state": EmailStatus.QUEUED}) == 1


def test_waitlist_email_retried_during_a_concurrent_leave_is_dropped(
    api: Api, elsewhere: Api, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot = api.slots()[0]
    for _ in range(slot["capacity"]):
        api.book(slot)
    entry = api.wait_for(slot).json["entry"]
    all_dead(db)
    letter = recorded(db, entry, "guest_waiting")["_id"]
    other = Elsewhere(lambda: elsewhere.held("DELETE", entry))
    in_the_midst(monkeypatch, RetryEmail, "_require_current", other)

    assert api.admin("POST", f"/letters/{letter}/retry").status in {200, 409}

    assert other.answer.json["status"] == "left"
    assert db.letters.count_documents({"_id": letter, "state": EmailStatus.QUEUED}) == 0


# Who is told to repeat it, for it is not done twice

UNKNOWN = {"writeConcernError": {"code": 64, "errmsg": "late"}}


def test_resend_with_unknown_outcome_is_repeatable_and_done_once(
    faulty: FaultyService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core.concurrency.serial_transactions, "TRANSACTION_TIMEOUT", 0.4)
    made = faulty.api.book(faulty.api.slots()[0]).json["booking"]
    with faulty.fault("commitTransaction", times=100000, **UNKNOWN):
        first = faulty.api.admin("POST", f"/bookings/{made['id']}/resend")
    assert (first.status, first.code) == (503, "outcome_unknown")

    for _ in range(2):
        assert faulty.api.admin("POST", f"/bookings/{made['id']}/resend").status == 202

    assert faulty.db.letters.count_documents({"about": made["id"], "template": "guest_booking"}) == 2
    assert faulty.db.audit.count_documents({"what": "booking.letter_resent"}) == 1


def test_retry_with_unknown_outcome_is_repeatable_and_done_once(
    faulty: FaultyService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core.concurrency.serial_transactions, "TRANSACTION_TIMEOUT", 0.4)
    made = faulty.api.book(faulty.api.slots()[0]).json["booking"]
    letter = f"{made['id']}-admin"
    all_dead(faulty.db)
    with faulty.fault("commitTransaction", times=100000, **UNKNOWN):
        first = faulty.api.admin("POST", f"/letters/{letter}/retry")
    assert (first.status, first.code) == (503, "outcome_unknown")

    again = faulty.api.admin("POST", f"/letters/{letter}/retry")
    all_sent(faulty.db)
    once_more = faulty.api.admin("POST", f"/letters/{letter}/retry")

    assert [(answer.status, answer.json["_id"]) for answer in (again, once_more)] == [(200, letter)] * 2
    assert faulty.db.audit.count_documents({"what": "letter.retried"}) == 1


def test_email_is_resent_once_for_each_request(api: Api, db: Db) -> None:
    """A minute after the last wish, or when it went wrong, or when the booking has changed, it is a new one."""
    made = api.book(api.slots()[0]).json["booking"]

    def resent() -> int:
        assert api.admin("POST", f"/bookings/{made['id']}/resend").status == 202
        return db.letters.count_documents({"_id": {"$regex": "-again-"}})

    assert resent() == resent() == 1
    all_sent(db)
    assert resent() == 1
    db.letters.update_many({}, [{"$set": {"createdAt": {"$subtract": ["$createdAt", 61_000]}}}])
    assert resent() == 2
    all_dead(db)
    assert resent() == 3
    assert change(api, "move", made).status == 200
    assert resent() == 4


def test_email_retried_long_ago_is_not_dead_and_not_retryable(api: Api, db: Db) -> None:
    made = api.book(api.slots()[0]).json["booking"]
    letter = f"{made['id']}-admin"
    all_dead(db)
    assert api.admin("POST", f"/letters/{letter}/retry").status == 200
    all_sent(db)
    db.letters.update_many({}, [{"$set": {"createdAt": {"$subtract": ["$createdAt", 61_000]}}}])

    assert api.admin("POST", f"/letters/{letter}/retry").code == "letter_not_failed"
