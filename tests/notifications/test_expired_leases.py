"""Order of e-mails after the death of a worker: expired leases keep their place in an outbox that is behind."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from notifications.outbox.lease_store import LeaseStore
from notifications.outbox.model import ADMIN_FIRST_DELAY, LEASE, EmailStatus, OutboxEmail, Outcome, Result
from tests.notifications.conftest import ADMIN, OutboxFixture
from tests.notifications.recorder import Recorder, be_away, lease_only

Pairs = list[tuple[OutboxEmail, OutboxEmail]]
MINUTES_BEHIND = 5


@pytest.fixture
def backlog(outbox: OutboxFixture) -> Pairs:
    """The e-mails of bookings, one a second, all of them minutes old."""
    pairs = []
    for number in range(20):
        pairs.append(outbox.booked(f"guest{number:02}"))
        outbox.clock.move(seconds=1)
    outbox.clock.move(minutes=MINUTES_BEHIND)
    return pairs


def send(outbox: OutboxFixture, mailer: Recorder, owner: str) -> list[str]:
    """Send all due e-mails; return the ids of those that were sent by this call."""
    before = len(mailer.taken)
    outbox.worker(mailer, owner=owner).send_all_due()
    return mailer.taken[before:]


def test_email_blocked_by_a_leased_one_is_not_sent(outbox: OutboxFixture, backlog: Pairs) -> None:
    leased = {email.id for email in lease_only(outbox, 10)}
    mailer = Recorder()

    for second in range(int(LEASE.total_seconds())):
        send(outbox, mailer, f"worker{second}")
        outbox.clock.move(seconds=1)

    blocked = {guest.id for admin, guest in backlog if admin.id in leased}
    assert len(leased) == len(blocked) == 10
    assert len(mailer.taken) == 20
    assert not blocked & set(mailer.taken)


def test_emails_of_a_dead_worker_are_leased_before_the_backlog(outbox: OutboxFixture, backlog: Pairs) -> None:
    leased = [email.id for email in lease_only(outbox, 10)]
    outbox.clock.move(seconds=LEASE.total_seconds())

    again = [email.id for email in lease_only(outbox, 15)]

    assert again[:10] == leased
    assert again[10:] == [admin.id for admin, _ in backlog[10:15]]


def test_admin_emails_of_a_dead_worker_are_sent_before_the_guests(outbox: OutboxFixture, backlog: Pairs) -> None:
    lease_only(outbox, 10)
    outbox.clock.move(seconds=LEASE.total_seconds())

    sent = send(outbox, Recorder(), "two")

    assert len(set(sent)) == len(sent) == 40
    assert all(sent.index(admin.id) < sent.index(guest.id) for admin, guest in backlog)


def test_control_expired_leases_without_their_place_are_sent_last(
    outbox: OutboxFixture, backlog: Pairs, monkeypatch: pytest.MonkeyPatch
) -> None:
    leased = {email.id for email in lease_only(outbox, 10)}
    monkeypatch.setattr(LeaseStore, "_leased", lambda *_: ([], []))
    mailer = Recorder()
    send(outbox, mailer, "two")
    outbox.clock.move(seconds=LEASE.total_seconds())
    send(outbox, mailer, "three")

    overtaken = [admin for admin, guest in backlog if mailer.taken.index(guest.id) < mailer.taken.index(admin.id)]
    assert {admin.id for admin in overtaken} == leased


def test_email_keeps_its_place_through_many_dead_workers(outbox: OutboxFixture, backlog: Pairs) -> None:
    first = backlog[0][0]
    due_at = first.due_at

    for _ in range(3):
        (leased, *_) = lease_only(outbox, 5)
        assert (leased.id, leased.due_at) == (first.id, due_at)
        outbox.clock.move(seconds=LEASE.total_seconds())

    assert lease_only(outbox, 5)[0].id == first.id


def test_email_released_after_an_expired_lease_has_its_former_due_time(outbox: OutboxFixture, backlog: Pairs) -> None:
    lease_only(outbox, 5)
    outbox.clock.move(seconds=LEASE.total_seconds())
    leased = lease_only(outbox, 5)

    outbox.leases.record_outcomes([Outcome(email, Result.NOT_ATTEMPTED) for email in leased], outbox.clock())

    rows = [stored(outbox, email) for email in leased]
    assert [row["dueAt"] for row in rows] == [admin.due_at for admin, _ in backlog[:5]]
    assert all("wasDueAt" not in row for row in rows)


@pytest.mark.parametrize("result", [Result.SENT, Result.RETRY, Result.FAILED])
def test_recorded_outcome_removes_the_former_due_time(outbox: OutboxFixture, result: Result) -> None:
    outbox.booked("ada")
    (leased,) = lease_only(outbox, 1)
    assert stored(outbox, leased)["wasDueAt"] == leased.due_at

    outbox.leases.record_outcomes([Outcome(leased, result, "late", outbox.clock())], outbox.clock())

    assert "wasDueAt" not in stored(outbox, leased)


def test_first_failure_in_a_late_outbox_blocks_the_guest_for_a_minute(outbox: OutboxFixture) -> None:
    admin, guest = outbox.booked("ada")
    outbox.clock.move(minutes=MINUTES_BEHIND)
    failed_at = outbox.clock()
    mailer = Recorder(first=lambda message: be_away(message) if message.to == ADMIN else None)
    outbox.worker(mailer).send_all_due()
    retry_later(outbox, admin, failed_at + timedelta(hours=1))

    outbox.clock.moment = failed_at + ADMIN_FIRST_DELAY - timedelta(seconds=1)
    assert send(outbox, mailer, "two") == []
    outbox.clock.move(seconds=1)
    assert send(outbox, mailer, "three") == [guest.id]


def test_second_failure_does_not_block_the_guest_email_again(outbox: OutboxFixture) -> None:
    admin, guest = outbox.booked("ada")
    for _ in range(2):
        (leased,) = lease_only(outbox, 1)
        assert leased.id == admin.id
        outbox.leases.record_outcomes([Outcome(leased, Result.RETRY, "later", outbox.clock())], outbox.clock())
        outbox.clock.move(seconds=40)

    assert outbox.get(guest).due_at == guest.created_at + ADMIN_FIRST_DELAY


def test_leasing_reads_only_what_it_leases(outbox: OutboxFixture, backlog: Pairs) -> None:
    states = outbox.db["letters"].find({"state": EmailStatus.SENDING}).hint("newest").explain()["executionStats"]
    assert states["totalKeysExamined"] == states["totalDocsExamined"] == 0
    lease_only(outbox, 10)
    states = outbox.db["letters"].find({"state": EmailStatus.SENDING}).hint("newest").explain()["executionStats"]
    assert states["totalDocsExamined"] == 10


def retry_later(outbox: OutboxFixture, email: OutboxEmail, at: datetime) -> None:
    outbox.db["letters"].update_one({"_id": email.id}, {"$set": {"dueAt": at}})


def stored(outbox: OutboxFixture, email: OutboxEmail) -> dict[str, Any]:
    found = outbox.db["letters"].find_one({"_id": email.id})
    assert found is not None
    return found
