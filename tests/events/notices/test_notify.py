"""Notices to holders: one e-mail each for a change, whatever process dies, and refunds of a cancelled event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import wiring
from core.clock import iso
from core.mongo.client import Db
from core.mongo.transactions import Session
from events.editor.delete import DeleteEvent
from events.errors import EventHasSales
from events.notices import notify
from events.notices.notify import NotifyHolders, NotifySoon
from events.notices.sales import EventSales
from tests.api_client import Api
from tests.event_calls import create_event, store_event

LATER = iso(datetime.now(UTC) + timedelta(days=90))


@dataclass
class Sales:
    """The claims of one feature, in memory: the holders of any event."""

    accounts: set[str] = field(default_factory=set)
    withdrawn: list[str] = field(default_factory=list)
    fails_at: str = ""

    def holders(self, _event_id: str, after: str, limit: int) -> Sequence[str]:
        return sorted(account_id for account_id in self.accounts if account_id > after)[:limit]

    def withdraw(self, _event_id: str, account_id: str) -> None:
        if account_id == self.fails_at:
            raise RuntimeError("the process dies")
        if account_id in self.accounts:
            self.accounts.remove(account_id)
            self.withdrawn.append(account_id)

    def exist(self, _session: Session, _event_id: str) -> bool:
        return bool(self.accounts or self.withdrawn)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "BATCH_SIZE", 2)


@pytest.fixture(autouse=True)
def by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the notices to the test."""
    monkeypatch.setattr(NotifySoon, "__call__", lambda _: None)


@pytest.fixture
def people(db: Db) -> list[str]:
    """The ids of five accounts, the last one a reader of German."""
    ids = [f"{number:032x}" for number in range(1, 6)]
    for number, account_id in enumerate(ids):
        db["accounts"].insert_one(
            {
                "_id": account_id,
                "email": f"p{number}@example.org",
                "name": f"Person {number}",
                "passwordHash": "",
                "role": "user",
                "emailVerified": True,
                "disabled": False,
                "language": "de" if number == 4 else "en",
                "createdAt": datetime.now(UTC),
            }
        )
    return ids


def notifier(services: wiring.Services, *features: Sales) -> NotifyHolders:
    return replace(services.catalogue.notify_holders, sales=EventSales(features))


def letters(db: Db) -> list[dict[str, Any]]:
    return list(db["letters"].find().sort("to"))


def test_new_date_is_reported_once_to_each_holder(
    api: Api, db: Db, services: wiring.Services, people: list[str]
) -> None:
    event = create_event(api)
    notices = notifier(services, Sales(set(people[:4])), Sales({people[2], people[4]}))

    api.admin("PATCH", f"/events/{event['id']}", json={"date": LATER, "venue": "Park"})
    notices.execute()
    notices.execute()

    written = letters(db)
    assert [row["to"] for row in written] == [f"p{number}@example.org" for number in range(5)]
    assert {row["template"] for row in written} == {"event_changed"}
    assert written[4]["facts"]["language"] == "de"
    assert written[0]["facts"]["venue"] == "Park"
    assert written[0]["facts"]["oldVenue"] == "Town Hall"
    assert written[0]["facts"]["date"] == LATER[:10]
    assert db["event_notices"].count_documents({}) == 0


@pytest.mark.parametrize("body", [{"title": "Other"}, {"venue": "Town Hall"}, {"description": "x"}, {"maxPerOrder": 1}])
def test_change_of_neither_date_nor_venue_is_not_reported(api: Api, db: Db, body: dict[str, Any]) -> None:
    event = create_event(api)

    assert api.admin("PATCH", f"/events/{event['id']}", json=body).status == 200
    assert db["event_notices"].count_documents({}) == 0


def test_two_changes_are_two_emails(api: Api, db: Db, services: wiring.Services, people: list[str]) -> None:
    event = create_event(api)
    for venue in ("Park", "Arena"):
        api.admin("PATCH", f"/events/{event['id']}", json={"venue": venue})

    notifier(services, Sales({people[0]})).execute()

    assert sorted(row["facts"]["venue"] for row in letters(db)) == ["Arena", "Park"]


def test_cancelled_event_is_closed_and_all_holders_are_withdrawn(
    api: Api, db: Db, services: wiring.Services, people: list[str]
) -> None:
    event = create_event(api)
    reservations = Sales(set(people[:3]))
    orders = Sales({people[0], people[4]})

    answer = api.admin("POST", f"/events/{event['id']}/cancel")
    again = api.admin("POST", f"/events/{event['id']}/cancel")
    notifier(services, reservations, orders).execute()

    assert (answer.status, answer.json["status"], answer.json["remainingTickets"]) == (200, "cancelled", 0)
    assert (again.status, again.json["version"]) == (200, answer.json["version"])
    assert api.admin("PATCH", f"/events/{event['id']}", json={"title": "X"}).code == "event_cancelled"
    assert [row["to"][:2] for row in letters(db)] == ["p0", "p1", "p2", "p4"]
    assert {row["template"] for row in letters(db)} == {"event_cancelled"}
    assert (reservations.withdrawn, orders.withdrawn) == (people[:3], [people[0], people[4]])
    assert db["event_notices"].count_documents({}) == 0


def test_notice_of_a_dead_process_is_carried_on(api: Api, db: Db, services: wiring.Services, people: list[str]) -> None:
    event = create_event(api)
    sales = Sales(set(people), fails_at=people[3])
    api.admin("POST", f"/events/{event['id']}/cancel")

    notifier(services, sales).execute()
    assert sales.withdrawn == people[:3]
    assert len(letters(db)) == 4
    assert db["event_notices"].count_documents({}) == 1
    sales.fails_at = ""
    notifier(services, sales).execute()

    assert sales.withdrawn == people
    assert [row["to"][:2] for row in letters(db)] == ["p0", "p1", "p2", "p3", "p4"]
    assert db["event_notices"].count_documents({}) == 0


def test_control_withdrawal_before_the_email_loses_it(
    api: Api, db: Db, services: wiring.Services, people: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the e-mails before the withdrawal, those withdrawn by a dead process get none."""
    event = create_event(api)
    sales = Sales(set(people), fails_at=people[3])
    api.admin("POST", f"/events/{event['id']}/cancel")
    write = NotifyHolders._enqueue

    def only_after(self: NotifyHolders, notice: Any, account_ids: Sequence[str], cursor: str) -> bool:
        return cursor == notice.cursor or write(self, notice, account_ids, cursor)

    monkeypatch.setattr(NotifyHolders, "_enqueue", only_after)
    notifier(services, sales).execute()
    sales.fails_at = ""
    notifier(services, sales).execute()

    assert len(letters(db)) < len(people)


def test_deleted_account_gets_no_email(api: Api, db: Db, services: wiring.Services, people: list[str]) -> None:
    event = create_event(api)
    api.admin("PATCH", f"/events/{event['id']}", json={"venue": "Park"})
    db["accounts"].delete_one({"_id": people[0]})

    notifier(services, Sales(set(people))).execute()

    assert len(letters(db)) == 4


def test_event_with_rows_of_a_feature_is_not_deleted(db: Db, services: wiring.Services, people: list[str]) -> None:
    event = store_event(db)
    delete: DeleteEvent = replace(services.catalogue.delete, sales=EventSales((Sales(withdrawn=people[:1]),)))

    with pytest.raises(EventHasSales):
        delete.execute(event.id, "test")
    assert db["events"].count_documents({}) == 1
