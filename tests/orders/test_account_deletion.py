"""Deleted accounts: their reservations are cancelled and the tickets freed, also by the operator's commands."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

import wiring
from core.errors import Unavailable
from core.mongo.client import Db
from orders.account_release import ReleaseAccounts
from orders.reservations.cancel import CancelReservation, ReservationCancellation
from orders.reservations.model import Reservation
from tests.event_calls import new_tier, store_event
from tests.members import Member
from tests.orders.conftest import MakeMembers


def taken(services: wiring.Services, event_id: str) -> int:
    return services.events.get(event_id).tiers[0].taken


def unreleased(db: Db) -> list[str]:
    """Return the deleted accounts whose tickets were never all released."""
    return db["deleted_accounts"].distinct("_id", {"releasedAt": None})


def test_deleted_account_frees_its_tickets(ada: Member, bob: Member, services: wiring.Services, db: Db) -> None:
    events = [store_event(db, new_tier(capacity=1, seats=["A1"])) for _ in range(3)]
    for event in events:
        ada.reserve(event.id)
    bob_event = store_event(db)
    bob.reserve(bob_event.id)

    services.accounts.erase_accounts.deletion.delete(ada.account.id)

    assert [taken(services, event.id) for event in (*events, bob_event)] == [0, 0, 0, 1]
    assert db["seats"].count_documents({"holder": {"$ne": None}}) == 0
    assert unreleased(db) == []
    assert db["letters"].count_documents({"about": {"$in": db["reservations"].distinct("_id")}}) == 0
    assert db["reservations"].count_documents({"dueEmails": {"$exists": True}}) == 1


def test_release_that_fails_is_finished_by_the_periodic_task(
    ada: Member, services: wiring.Services, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = store_event(db)
    ada.reserve(event.id)

    def fail(*_: Any) -> None:
        raise Unavailable

    with monkeypatch.context() as patched:
        patched.setattr(CancelReservation, "execute", fail)
        services.accounts.erase_accounts.deletion.delete(ada.account.id)
    assert taken(services, event.id) == 1

    services.scheduler.run_once()

    assert taken(services, event.id) == 0
    assert unreleased(db) == []


def test_release_that_fails_does_not_delay_other_accounts(
    ada: Member, bob: Member, services: wiring.Services, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = store_event(db)
    for member in (ada, bob):
        member.reserve(event.id)
    cancel = CancelReservation.execute

    def fail_for_ada(case: CancelReservation, cancellation: ReservationCancellation) -> Reservation:
        if cancellation.reservation.account_id == ada.account.id:
            raise ValueError
        return cancel(case, cancellation)

    with monkeypatch.context() as patched:
        patched.setattr(ReleaseAccounts, "execute", lambda _: 0)
        for member in (ada, bob):
            services.accounts.erase_accounts.deletion.delete(member.account.id)
    monkeypatch.setattr(CancelReservation, "execute", fail_for_ada)

    assert services.orders.release_accounts.execute() == 1
    assert unreleased(db) == [ada.account.id]
    assert taken(services, event.id) == 1


def test_control_without_the_mark_a_failed_release_is_lost(
    ada: Member, services: wiring.Services, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = store_event(db)
    ada.reserve(event.id)
    monkeypatch.setattr("orders.deleted_account_store.DeletedAccountStore.mark", lambda *_: None)
    services.accounts.erase_accounts.deletion.delete(ada.account.id)

    services.scheduler.run_once()

    assert taken(services, event.id) == 1


@pytest.mark.parametrize("command", ["erase", "retain"])
def test_operators_commands_free_tickets(
    command: str, app: Flask, make_members: MakeMembers, services: wiring.Services, db: Db
) -> None:
    member = make_members(1, email_verified=False)[0]
    event = store_event(db)
    member.reserve(event.id)
    db["accounts"].update_one({"_id": member.account.id}, {"$set": {"createdAt": event.date.replace(year=2020)}})
    arguments = {"erase": ["--email", member.account.email], "retain": ["--days", "30"]}[command]

    done = app.test_cli_runner().invoke(args=[command, *arguments])

    assert done.exit_code == 0, done.output
    assert taken(services, event.id) == 0


def test_hold_of_a_deleted_account_is_released(ada: Member, services: wiring.Services, db: Db) -> None:
    event = store_event(db)
    item = {"tierId": event.tiers[0].id, "quantity": 3}
    assert ada.send("POST", "/api/holds", json={"items": [item]}).status == 201
    assert taken(services, event.id) == 3

    services.accounts.erase_accounts.deletion.delete(ada.account.id)

    assert taken(services, event.id) == 0
