"""Deferred confirmations: each e-mail is written once, however many workers write, and whichever of them dies."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

import wiring
from booking import store
from booking.deferred_confirmations import DeferredConfirmations
from booking.deferred_store import DeferredStore
from booking.email_queue import BookingEmailQueue
from booking.emails import BookingEmails
from booking.model import Booking
from booking.store import BookingStore
from core.clock import now
from core.errors import Unavailable
from core.mongo.client import Client, Db
from core.web.context import runtime_of
from notifications.outbox import store as outbox_store
from notifications.outbox.model import Message, OutboxEmail
from tests.api_client import Api, over_app
from tests.deferred import write_deferred


class Killed(BaseException):
    """The end of a process in the midst of its work."""


class RecordingMailer:
    """A mailer that accepts everything."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def send(self, message: Message) -> str:
        self.keys.append(message.key)
        return ""


def booked(api: Api, count: int) -> list[str]:
    """Book `count` places; return the ids of the bookings."""
    slots = itertools.cycle(api.slots())
    return [api.book(next(slots)).json["booking"]["id"] for _ in range(count)]


def expected(ids: Sequence[str]) -> list[str]:
    return sorted(f"{booking_id}-{part}" for booking_id in ids for part in ("admin", "guest"))


def rows(db: Db) -> list[str]:
    return sorted(row["_id"] for row in db.letters.find())


def marked(db: Db) -> int:
    return db.bookings.count_documents({"confirmationDeferred": True})


def write(services: wiring.Services, limit: int = 1000) -> int:
    """Write rows as one worker does, once."""
    return sum(source.write(limit) for source in services.outbox.deferred)


def test_booking_has_a_mark_and_no_row_until_the_worker_writes(api: Api, services: wiring.Services) -> None:
    ids = booked(api, 3)
    before = (marked(services.db), rows(services.db))

    written = write(services)

    assert before == (3, [])
    assert (written, marked(services.db), rows(services.db)) == (6, 0, expected(ids))
    assert write(services) == 0


def test_oldest_bookings_are_written_first_and_only_as_many_as_asked(api: Api, services: wiring.Services) -> None:
    ids = booked(api, 3)

    assert [write(services, limit) for limit in (2, 1)] == [2, 2]

    assert (rows(services.db), marked(services.db)) == (expected(sorted(ids)[:2]), 1)


def test_row_is_the_email_of_the_booking_as_it_was_made(api: Api, services: wiring.Services) -> None:
    (booking_id,) = booked(api, 1)
    booking = services.booking.store.get(booking_id)

    write_deferred(services.db)

    admin, guest = services.outbox.by_subject(booking_id)
    assert (admin.template, guest.template, guest.version) == ("admin_booking", "guest_booking", "0")
    assert (admin.created_at, guest.blocked_by) == (booking.created_at, admin.id)
    assert guest.due_at == booking.created_at + timedelta(seconds=60)
    assert guest.context["reference"] == booking.reference


def test_two_workers_at_once_write_each_email_once(api: Api, services: wiring.Services) -> None:
    ids = booked(api, 30)
    start = Barrier(4)

    def work(_: int) -> int:
        start.wait()
        return write(services)

    with ThreadPoolExecutor(4) as workers:
        written = list(workers.map(work, range(4)))

    assert (sum(written), rows(services.db), marked(services.db)) == (60, expected(ids), 0)


def test_worker_that_dies_between_mark_and_rows_loses_no_email(
    api: Api, services: wiring.Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = booked(api, 3)
    with monkeypatch.context() as dying:
        dying.setattr(outbox_store, "insert", killed)
        with pytest.raises(Killed):
            write(services)
    assert (marked(services.db), rows(services.db)) == (3, [])

    assert write(services) == 6

    assert rows(services.db) == expected(ids)


def test_control_mark_removed_outside_the_transaction_loses_emails(
    api: Api, services: wiring.Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    booked(api, 1)
    clear = DeferredStore.clear

    def clear_outside(deferred: DeferredStore, _session: Any, ids: Sequence[str]) -> int:
        with services.client.start_session() as other, other.start_transaction():
            return clear(deferred, other, ids)

    with monkeypatch.context() as dying:
        dying.setattr(DeferredStore, "clear", clear_outside)
        dying.setattr(outbox_store, "insert", killed)
        with pytest.raises(Killed):
            write(services)

    assert (write(services), rows(services.db)) == (0, [])


def test_mark_that_stays_is_refused_by_the_ids_of_the_emails(
    api: Api, services: wiring.Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = booked(api, 1)
    keep_marks(monkeypatch)
    write(services)

    assert write(services) == 0

    assert rows(services.db) == expected(ids)


def test_unwritable_booking_does_not_delay_the_emails_of_others(api: Api, services: wiring.Services) -> None:
    bad, *others = booked(api, 3)
    services.db.letters.insert_one({"_id": f"{bad}-guest", "state": "sent", "to": "", "template": "guest_booking"})

    assert write(services) == 4

    assert rows(services.db) == sorted([f"{bad}-guest", *expected(others)])
    assert marked(services.db) == 1


def test_lost_database_is_not_taken_for_a_bad_booking(
    api: Api, services: wiring.Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    booked(api, 2)
    tried: list[int] = []

    def lost(_: Any, bookings: Sequence[Booking]) -> int:
        tried.append(len(bookings))
        raise Unavailable

    monkeypatch.setattr(DeferredConfirmations, "_write", lost)
    with pytest.raises(Unavailable):
        write(services)

    assert tried == [2]


def test_control_random_ids_and_a_mark_that_stays_send_an_email_twice(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    mailer = RecordingMailer()
    app = make_app(mailer=mailer, MAIL_RATE="100000", clock=lambda: now() + timedelta(minutes=5))
    services = runtime_of(app).get(wiring.Services)
    booked(Api(over_app(app)), 1)
    keep_marks(monkeypatch)
    confirm = BookingEmails.confirmation
    numbers = itertools.count()

    def with_other_ids(emails: BookingEmails, booking: Booking, **options: bool) -> list[OutboxEmail]:
        made = confirm(emails, booking, **options)
        return [replace(email, id=f"{email.id}-{next(numbers)}", blocked_by=None) for email in made]

    monkeypatch.setattr(BookingEmails, "confirmation", with_other_ids)

    services.worker.send_due()
    services.worker.send_due()

    parts = Counter(key.split("-")[1] for key in mailer.keys)
    assert parts["admin"] >= 2


def test_locked_booking_does_not_delay_the_emails_of_others(api: Api, services: wiring.Services, mongo: Client) -> None:
    locked, *others = booked(api, 4)
    with mongo.start_session() as session, session.start_transaction():
        services.db.bookings.update_one({"_id": locked}, {"$inc": {"touched": 1}}, session=session)

        assert write(services) == 6
        assert rows(services.db) == expected(others)

        session.abort_transaction()
    assert write(services) == 2


def test_booking_changed_after_the_worker_read_it_is_written_by_the_change(
    api: Api, services: wiring.Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [api.book(slot).json["booking"] for slot in api.slots()[:3]]
    oldest = DeferredStore.oldest
    left = [made[1]]

    def read_and_cancel(deferred: DeferredStore, limit: int) -> list[Booking]:
        found = oldest(deferred, limit)
        while left:
            assert api.held("DELETE", left.pop()).status == 200
        return found

    monkeypatch.setattr(DeferredStore, "oldest", read_and_cancel)

    assert write(services) == 4

    confirmations = expected([one["id"] for one in made])
    assert [id_ for id_ in rows(services.db) if id_ in confirmations] == confirmations
    assert (len(rows(services.db)), marked(services.db)) == (7, 0)


@pytest.mark.parametrize("change", ["cancel", "move", "resend"])
def test_change_before_the_worker_writes_keeps_the_order(make_app: Callable[..., Flask], change: str) -> None:
    mailer, services, made = changed(make_app, change)

    send_all(services)

    assert [key.removeprefix(f"{made['id']}-")[:5] for key in mailer.keys[:2]] == ["admin", "guest"]
    assert len(mailer.keys) == len(set(mailer.keys)) == 3
    _, confirmation, last = services.outbox.by_subject(made["id"])
    assert (confirmation.version, confirmation.context["slot"]) == ("0", made["slot"])
    assert last.blocked_by == confirmation.id
    assert marked(services.db) == 0


@pytest.mark.parametrize("change", ["cancel", "move"])
def test_control_change_that_writes_no_deferred_rows_breaks_the_order(
    make_app: Callable[..., Flask], change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    get_many = BookingStore.get_many_in

    def unmarked(bookings: BookingStore, *args: Any) -> dict[str, Booking]:
        found = get_many(bookings, *args)
        return {id_: replace(booking, confirmation_deferred=False) for id_, booking in found.items()}

    monkeypatch.setattr(BookingStore, "get_many_in", unmarked)
    monkeypatch.setattr(store, "UNSET_DEFERRED", {})
    monkeypatch.setattr(BookingEmailQueue, "deferred_confirmations", lambda *_: [])

    _, services, made = changed(make_app, change)
    send_all(services)

    confirmations = [email for email in services.outbox.by_subject(made["id"]) if email.id.endswith("-guest")]
    # It reports the booking after the move, or is missing.
    assert [email.version for email in confirmations] == {"cancel": [], "move": ["1"]}[change]


@pytest.mark.parametrize("change", [{"status": "cancelled"}, {"email": "0@erased.invalid"}])
def test_booking_ended_by_an_older_version_gets_no_confirmation(
    api: Api, services: wiring.Services, change: dict[str, str]
) -> None:
    (booking_id,) = booked(api, 1)
    services.db.bookings.update_one({"_id": booking_id}, {"$set": change})

    assert write(services) == 0

    assert (rows(services.db), marked(services.db)) == ([], 0)


def test_reminder_before_the_worker_writes_follows_the_confirmation(make_app: Callable[..., Flask]) -> None:
    app = make_app(clock=lambda: datetime(2026, 3, 1, 12, tzinfo=UTC))
    services = runtime_of(app).get(wiring.Services)
    (booking_id,) = booked(Api(over_app(app)), 1)
    date = services.booking.store.get(booking_id).date

    services.booking.reminders.remind([booking_id], date)

    templates = Counter(email.template for email in services.outbox.by_subject(booking_id))
    assert templates == Counter(["admin_booking", "guest_booking", "guest_reminder"])
    assert marked(services.db) == 0


def killed(*_: Any) -> None:
    raise Killed


def keep_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a worker write the rows without removing the marks."""
    monkeypatch.setattr(DeferredStore, "clear", lambda _store, _session, ids: len(ids))


def changed(make_app: Callable[..., Flask], change: str) -> tuple[RecordingMailer, wiring.Services, dict[str, Any]]:
    """Book, and change the booking before any worker has written its e-mails."""
    mailer = RecordingMailer()
    app = make_app(mailer=mailer, MAIL_RATE="100000")
    services, api = runtime_of(app).get(wiring.Services), Api(over_app(app))
    first, second, *_ = api.slots()
    made = api.book(first).json["booking"]
    if change == "cancel":
        answer = api.held("DELETE", made)
    elif change == "move":
        answer = api.held("POST", made, "/reschedule", json={"slotId": second["_id"]})
    else:
        answer = api.admin("POST", f"/bookings/{made['id']}/resend")
    assert answer.status in (200, 202)
    return mailer, services, made


def send_all(services: wiring.Services) -> None:
    for _ in range(5):
        services.worker.send_due()
