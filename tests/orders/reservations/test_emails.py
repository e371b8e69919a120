"""E-mails of reservations: deferred by a mark, written by the worker, in order, and in the person's language."""

from __future__ import annotations

from typing import Any

import pytest

import wiring
from core.mongo.client import Db
from core.mongo.transactions import Session, transaction
from orders.reservations.deferred_store import DeferredStore
from orders.wiring import build_deferred_emails
from tests.deferred import write_deferred
from tests.event_calls import new_tier, store_event
from tests.members import Member
from tests.orders.conftest import MakeMembers


def letters(db: Db, member: Member) -> list[dict[str, Any]]:
    """Return the e-mails to a person in order."""
    return list(write_deferred(db).letters.find({"to": member.account.email}).sort([("createdAt", 1), ("_id", 1)]))


def test_reservation_and_cancellation_are_each_reported_once(ada: Member, db: Db) -> None:
    event = store_event(db, new_tier("VIP"), title="Concert", venue="Arena")
    made = ada.reserve(event.id).json
    first = letters(db, ada)
    ada.cancel(event.id)
    ada.cancel(event.id)

    found = letters(db, ada)

    assert [row["template"] for row in found] == ["reservation", "reservation_cancelled"]
    assert found[0] == {**first[0], "followers": 1}
    assert found[1]["after"] == found[0]["_id"] == f"{made['id']}-booked"
    expected = {"event": "Concert", "venue": "Arena", "tier": "Vip", "fullName": "Ada", "language": "en", "seat": ""}
    assert {name: found[0]["facts"][name] for name in expected} == expected


def test_both_emails_due_at_once_are_written_in_order(ada: Member, db: Db) -> None:
    event = store_event(db)
    ada.reserve(event.id)
    ada.cancel(event.id)

    found = letters(db, ada)

    assert [row["template"] for row in found] == ["reservation", "reservation_cancelled"]
    assert found[1]["after"] == found[0]["_id"]


def test_email_is_in_the_language_of_the_account(make_members: MakeMembers, db: Db) -> None:
    german = make_members(1, language="de")[0]
    german.reserve(store_event(db, new_tier(capacity=1, seats=["A1"])).id)

    (email,) = letters(db, german)

    assert (email["facts"]["language"], email["facts"]["seat"]) == ("de", "A1")


def test_deferred_emails_are_counted_and_shown_as_queued(ada: Member, services: wiring.Services, db: Db) -> None:
    event = store_event(db)
    reservation_id = ada.reserve(event.id).json["id"]
    ada.cancel(event.id)
    deferred = build_deferred_emails(db)

    assert (deferred.count(), services.outbox.counts()["queued"]) == (2, 2)
    assert deferred.waiting_since() is not None
    before = [email.id for email in services.outbox.by_subject(reservation_id)]
    assert before == [f"{reservation_id}-booked", f"{reservation_id}-cancelled"]
    assert [email.id for email in deferred.newest(5, None)] == before
    write_deferred(db)
    assert [email.id for email in services.outbox.by_subject(reservation_id)] == before
    assert (deferred.count(), deferred.waiting_since()) == (0, None)


def test_mark_of_a_deleted_account_blocks_no_other(
    make_members: MakeMembers, services: wiring.Services, db: Db
) -> None:
    gone, stays = make_members(2)
    event = store_event(db)
    db["accounts"].delete_one({"_id": gone.account.id})
    # The access token is valid for some minutes more.
    assert gone.reserve(event.id).status == 201
    stays.reserve(event.id)

    assert [row["template"] for row in letters(db, stays)] == ["reservation"]

    services.orders.release_accounts.execute()
    assert letters(db, gone) == []
    assert [row["status"] for row in db["reservations"].find().sort("_id", 1)] == ["CANCELLED", "CONFIRMED"]
    assert services.events.get(event.id).tiers[0].taken == 1
    assert db["deleted_accounts"].count_documents({"releasedAt": None}) == 0


def test_two_workers_at_once_write_each_email_once(make_members: MakeMembers, db: Db) -> None:
    event = store_event(db)
    for member in make_members(5):
        member.reserve(event.id)
    stale = DeferredStore(db).oldest(10)

    assert build_deferred_emails(db).write(100) == 5
    cleared = transaction(db.client, lambda session: DeferredStore(db).clear(session, stale), 8.0)

    assert cleared == 0
    assert db["letters"].count_documents({"template": "reservation"}) == 5


def test_email_that_cannot_be_written_delays_no_other(
    make_members: MakeMembers, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = store_event(db)
    bad, good = make_members(2)
    bad_id = bad.reserve(event.id).json["id"]
    good.reserve(event.id)
    deferred = build_deferred_emails(db)
    add = type(deferred.sources.outbox).add  # type: ignore[attr-defined]

    def refuse(store: Any, session: Session, emails: Any) -> None:
        if any(email.subject == bad_id for email in emails):
            raise RuntimeError("planted")
        add(store, session, emails)

    monkeypatch.setattr(type(deferred.sources.outbox), "add", refuse)  # type: ignore[attr-defined]

    assert deferred.write(100) == 1
    assert deferred.count() == 1
