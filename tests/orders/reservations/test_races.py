"""Races for tickets in threads over two applications, as two workers have; each guard with a control without it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

import inventory.stock
import wiring
from core.mongo.client import Db
from core.mongo.transactions import Session
from core.web.context import runtime_of
from events.model import Event
from events.store import EventStore
from orders.reservations.cancel import ReservationCancellation
from orders.reservations.store import ReservationStore
from tests.api_client import Transport, over_app
from tests.event_calls import new_tier, store_event
from tests.members import Member, members

Outcomes = Counter[object]


class Workers:
    """Two applications over one database, and people who use them in turn."""

    def __init__(self, make_app: Callable[..., Flask]) -> None:
        first = make_app()
        self.services = runtime_of(first).get(wiring.Services)
        self.db: Db = self.services.db
        second = make_app(MONGODB_DATABASE=self.db.name)
        self.transports: Sequence[Transport] = (over_app(first), over_app(second))

    def people(self, count: int) -> list[Member]:
        return members(self.db, self.services.settings, self.transports[0], count)

    def reserve(self, people: Sequence[Member], event_id: str) -> Outcomes:
        """Let everybody reserve at once; return the numbers of each answer."""

        def reserve(number: int) -> object:
            member = people[number]
            path = f"/api/events/{event_id}/reserve"
            headers = {"Authorization": f"Bearer {member.token}"}
            answer = self.transports[number % 2]("POST", path, headers=headers)
            return 201 if answer.status == 201 else answer.code

        with ThreadPoolExecutor(32) as threads:
            return Counter(threads.map(reserve, range(len(people))))

    def taken(self, event_id: str) -> int:
        return EventStore(self.db).get(event_id).tiers[0].taken

    def active(self, event_id: str) -> int:
        return self.db["reservations"].count_documents({"eventId": event_id, "status": "CONFIRMED"})


@pytest.fixture
def workers(make_app: Callable[..., Flask]) -> Workers:
    return Workers(make_app)


def test_ten_people_for_two_tickets_are_two_bookings_and_eight_refusals(workers: Workers) -> None:
    for _ in range(5):
        event = store_event(workers.db, new_tier(capacity=2))

        assert workers.reserve(workers.people(10), event.id) == {201: 2, "sold_out": 8}
        assert (workers.taken(event.id), workers.active(event.id)) == (2, 2)


def test_crowd_takes_every_ticket_of_a_pool_exactly(workers: Workers) -> None:
    event = store_event(workers.db, new_tier(capacity=50), pool=37)

    assert workers.reserve(workers.people(120), event.id) == {201: 37, "sold_out": 83}
    assert workers.active(event.id) == 37


def test_control_without_the_guard_tickets_are_oversold(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    event = store_event(workers.db, new_tier(capacity=2))
    monkeypatch.setattr(inventory.stock, "capacity_guard", lambda *_: {})
    workers.db.command("collMod", "event_stock", validator={})

    assert workers.reserve(workers.people(10), event.id)[201] > 2


def test_double_click_of_many_people_makes_one_reservation_each(workers: Workers) -> None:
    event = store_event(workers.db, new_tier(capacity=12))
    people = workers.people(12)

    outcomes = workers.reserve([member for member in people for _ in range(4)], event.id)

    assert outcomes == {201: 12, "already_booked": 36}
    assert workers.active(event.id) == 12


def test_control_without_the_index_a_double_click_makes_two(workers: Workers) -> None:
    event = store_event(workers.db, new_tier(capacity=48))
    workers.db["reservations"].drop_index("one_active_per_account_and_event")

    outcomes = workers.reserve([member for member in workers.people(12) for _ in range(4)], event.id)

    assert outcomes[201] > 12


def test_freed_ticket_is_never_refused_as_sold_out(workers: Workers) -> None:
    event = store_event(workers.db, new_tier(capacity=8))
    people = workers.people(8)

    def come_and_go(member: Member) -> list[str]:
        codes = []
        for _ in range(6):
            answer = member.reserve(event.id)
            if answer.status != 201:
                codes.append(answer.code)
            member.cancel(event.id)
        return codes

    with ThreadPoolExecutor(8) as threads:
        refusals = [code for codes in threads.map(come_and_go, people) for code in codes]

    assert refusals == []
    assert (workers.taken(event.id), workers.active(event.id)) == (0, 0)


def cancel_twice(workers: Workers) -> Event:
    """Cancel one of eight reservations twice, both times as somebody who has read it before."""
    event = store_event(workers.db, new_tier(capacity=8))
    first, *others = workers.people(8)
    for member in (first, *others):
        member.reserve(event.id)
    service = workers.services.orders.reservations.cancel
    found = service.reservations.latest((event.id, first.account.id))
    assert found
    for _ in range(2):
        service.execute(ReservationCancellation(found))
    return event


def test_reservation_read_before_its_cancellation_frees_one_ticket(workers: Workers) -> None:
    event = cancel_twice(workers)

    assert (workers.taken(event.id), workers.active(event.id)) == (7, 7)


def test_control_unguarded_cancellations_free_too_many(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    def cancel_all(store: ReservationStore, session: Session, ids: Sequence[str], now: object, **_: object) -> bool:
        change = {"$set": {"status": "CANCELLED", "updatedAt": now}}
        workers.db["reservations"].update_many({"_id": {"$in": list(ids)}}, change, session=session)
        return True

    monkeypatch.setattr(ReservationStore, "cancel", cancel_all)

    event = cancel_twice(workers)

    assert (workers.taken(event.id), workers.active(event.id)) == (6, 7)
