"""Waiting lists of tiers over HTTP: strict order, offers for what comes free, and their use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

import wiring
from core.mongo.client import Db
from core.web.context import runtime_of
from events.model import Event
from events.service import Events
from events.store import EventStore
from inventory.records import RecordsByKind
from inventory.requests import StockChange
from orders.event_cache import EventCache
from orders.group_commit import TicketRecords
from orders.offers.offering import Offering
from tests.api.conftest import Clock
from tests.api_client import over_app
from tests.deferred import write_deferred
from tests.event_calls import new_tier, store_event
from tests.members import Member, members
from tests.orders.conftest import MakeMembers


def wait(member: Member, event: Event, quantity: int = 1, tier: int = 0) -> Any:
    return member.send("POST", f"/api/tiers/{event.tiers[tier].id}/waitlist", json={"quantity": quantity})


def leave(member: Member, event: Event) -> int:
    return member.send("DELETE", f"/api/tiers/{event.tiers[0].id}/waitlist").status


def hold(member: Member, event: Event, quantity: int, tier: int = 0) -> Any:
    item = {"tierId": event.tiers[tier].id, "quantity": quantity}
    return member.send("POST", "/api/holds", json={"items": [item]})


def offers(db: Db, *people: Member) -> list[list[int]]:
    """Return the quantities of the active offers of each person."""
    found = []
    for member in people:
        rows = db["holds"].find({"accountId": member.account.id, "kind": "offer", "state": "active"})
        found.append([item["quantity"] for row in rows for item in row["items"]])
    return found


def stock(services: wiring.Services, event: Event) -> list[tuple[int, int, int]]:
    """Return taken, held and waiting of each tier."""
    return [(tier.taken, tier.held, tier.waiting) for tier in services.events.get(event.id).tiers]


def test_freed_ticket_is_offered_to_the_first_in_line_alone(
    make_members: MakeMembers, services: wiring.Services, db: Db
) -> None:
    owner, first, second, other = make_members(4)
    event = store_event(db, new_tier(capacity=1), title="Concert")
    owner.reserve(event.id)
    assert [wait(first, event).json, wait(second, event).json] == [{"position": 1}, {"position": 2}]

    owner.cancel(event.id)

    assert offers(db, first, second) == [[1], []]
    assert stock(services, event) == [(1, 1, 1)]
    assert [other.reserve(event.id).code, second.reserve(event.id).code] == ["sold_out", "sold_out"]
    email = write_deferred(db).letters.find_one({"template": "tier_offer"})
    assert email
    (listed,) = first.send("GET", "/api/holds").json["data"]
    assert (listed["kind"], listed["id"]) == ("offer", email["facts"]["holdId"])
    assert (email["to"], email["facts"]["event"], email["facts"]["quantity"]) == (first.account.email, "Concert", "1")
    assert first.reserve(event.id).status == 201
    assert stock(services, event) == [(1, 0, 1)]
    assert offers(db, first, second) == [[], []]


def test_expired_offer_goes_to_the_next_in_line(make_app: Callable[..., Flask], clock: Clock) -> None:
    app = make_app(clock=clock)
    services = runtime_of(app).get(wiring.Services)
    db = services.db
    owner, first, second = members(db, services.settings, over_app(app), 3)
    event = store_event(db, new_tier(capacity=1))
    owner.reserve(event.id)
    wait(first, event)
    wait(second, event)
    owner.cancel(event.id)
    clock.at += timedelta(minutes=29)
    services.orders.holds.expire.execute()
    assert offers(db, first, second) == [[1], []]

    clock.at += timedelta(minutes=1)
    assert first.reserve(event.id).code == "sold_out"
    services.orders.holds.expire.execute()

    assert offers(db, first, second) == [[], [1]]
    assert stock(services, event) == [(1, 1, 0)]


def test_released_offer_goes_to_the_next_in_line(make_members: MakeMembers, db: Db) -> None:
    owner, first, second, third = make_members(4)
    event = store_event(db, new_tier(capacity=1))
    owner.reserve(event.id)
    for member in (first, second, third):
        wait(member, event)
    owner.cancel(event.id)

    assert leave(first, event) == 204
    assert offers(db, first, second) == [[], [1]]
    row = db["holds"].find_one({"accountId": second.account.id, "state": "active"})
    assert row
    assert second.send("DELETE", f"/api/holds/{row['_id']}").status == 204
    assert offers(db, second, third) == [[], [1]]


def test_offer_is_for_what_is_there_if_fewer_are_free(
    make_members: MakeMembers, services: wiring.Services, db: Db
) -> None:
    owner, buyer, first, second = make_members(4)
    event = store_event(db, new_tier(capacity=6))
    hold(buyer, event, 5)
    owner.reserve(event.id)
    wait(first, event, 4)
    wait(second, event, 2)

    owner.cancel(event.id)
    assert offers(db, first, second) == [[1], []]
    services.accounts.erase_accounts.deletion.delete(buyer.account.id)

    assert offers(db, first, second) == [[1], [2]]
    assert stock(services, event) == [(3, 3, 0)]


def test_reserving_releases_the_rest_of_an_offer(make_members: MakeMembers, services: wiring.Services, db: Db) -> None:
    buyer, first, second = make_members(3)
    event = store_event(db, new_tier(capacity=3))
    hold(buyer, event, 3)
    wait(first, event, 3)
    wait(second, event, 1)
    hold(buyer, store_event(db), 1)  # another cart replaces the one before
    assert offers(db, first, second) == [[3], []]

    assert first.reserve(event.id).status == 201

    assert offers(db, first, second) == [[], [1]]
    assert stock(services, event) == [(2, 1, 0)]


def test_offer_of_a_cancelled_event_is_not_used(
    make_members: MakeMembers, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, first = make_members(2)
    event = store_event(db, new_tier(capacity=1))
    owner.reserve(event.id)
    wait(first, event)
    owner.cancel(event.id)
    before = EventStore(db).get(event.id)
    db["events"].update_one({"_id": event.id}, {"$set": {"status": "cancelled"}})
    monkeypatch.setattr(EventCache, "get", lambda *_: before)  # as another worker caches it for a second

    refused = first.reserve(event.id)

    assert (refused.status, refused.code) == (409, "event_cancelled")
    assert offers(db, first) == [[1]]


def test_seats_of_an_offer_are_adjacent_and_one_is_used(
    make_members: MakeMembers, services: wiring.Services, db: Db
) -> None:
    people = make_members(5)
    event = store_event(db, new_tier(capacity=4, seats=["A1", "A2", "B1", "B2"]))
    for member in people[:4]:
        member.reserve(event.id)
    wait(people[4], event, 2)
    with pytest.MonkeyPatch.context() as patched:  # both are freed in one transaction
        patched.setattr("orders.group_commit.offering_of", lambda _: StockChange(Offering(()), {}))
        people[0].cancel(event.id)
        people[1].cancel(event.id)
    services.orders.ticket_group_commit.submit(_offering(event))

    row = db["holds"].find_one({"kind": "offer"})
    assert row
    assert row["items"][0]["seats"] == ["A1", "A2"]
    assert people[4].reserve(event.id).json["seat"] == "A1"
    assert [seat["seat"] for seat in db["seats"].find({"holder": None})] == ["A2"]
    assert people[0].reserve(event.id).json["seat"] == "A2"


def _offering(event: Event) -> StockChange[Offering, None]:
    return StockChange(Offering([tier.id for tier in event.tiers]), {tier.id: 0 for tier in event.tiers})


def test_freed_place_of_a_pool_is_offered_across_tiers(
    make_members: MakeMembers, services: wiring.Services, db: Db
) -> None:
    owner, first, second = make_members(3)
    event = store_event(db, new_tier("VIP"), new_tier("GA"), pool=1)
    owner.reserve(event.id)
    assert wait(first, event, tier=1).status == 202
    assert wait(second, event, tier=0).status == 202

    owner.cancel(event.id)

    assert offers(db, first, second) == [[1], []]
    assert stock(services, event) == [(0, 0, 1), (1, 1, 0)]


def test_raised_capacity_is_offered(make_members: MakeMembers, services: wiring.Services, db: Db) -> None:
    owner, first = make_members(2)
    event = store_event(db, new_tier(capacity=1))
    owner.reserve(event.id)
    wait(first, event)
    db["event_stock"].update_one({"_id": event.tiers[0].id}, {"$set": {"capacity": 2}})

    services.orders.ticket_group_commit.submit(_offering(event))

    assert offers(db, first) == [[1]]
    assert stock(services, event) == [(2, 1, 0)]


def test_deleted_and_disabled_accounts_are_passed_over(
    make_members: MakeMembers, services: wiring.Services, db: Db
) -> None:
    owner, gone, disabled, left, last = make_members(5)
    event = store_event(db, new_tier(capacity=1))
    owner.reserve(event.id)
    for member in (gone, disabled, left, last):
        wait(member, event)
    db["accounts"].delete_one({"_id": gone.account.id})
    db["accounts"].update_one({"_id": disabled.account.id}, {"$set": {"disabled": True}})
    services.accounts.erase_accounts.deletion.delete(left.account.id)
    assert stock(services, event) == [(1, 0, 3)]

    owner.cancel(event.id)

    assert offers(db, gone, disabled, left, last) == [[], [], [], [1]]
    assert stock(services, event) == [(1, 1, 0)]
    assert db["tier_waitlist"].count_documents({"accountId": left.account.id}) == 0


def test_waiting_is_refused_while_tickets_are_left(ada: Member, bob: Member, db: Db) -> None:
    event = store_event(db, new_tier(capacity=1))

    refused = wait(ada, event)
    assert (refused.status, refused.code) == (409, "not_sold_out")
    bob.reserve(event.id)
    assert wait(ada, event).status == 202
    again = wait(ada, event, 2)
    assert (again.status, again.code) == (409, "already_waiting")


def test_person_who_left_may_join_again_at_the_end(
    make_members: MakeMembers, services: wiring.Services, db: Db
) -> None:
    owner, first, second = make_members(3)
    event = store_event(db, new_tier(capacity=1))
    owner.reserve(event.id)
    wait(first, event)
    wait(second, event)

    assert [leave(first, event), leave(first, event)] == [204, 204]
    assert stock(services, event) == [(1, 0, 1)]
    assert wait(first, event).json == {"position": 2}


@pytest.mark.parametrize("quantity", [0, 5, -1, "1", 1.5, True, None, {"$gt": 0}, [1], 10**30])
def test_invalid_quantity_is_refused(quantity: object, ada: Member, db: Db) -> None:
    event = store_event(db)
    path = f"/api/tiers/{event.tiers[0].id}/waitlist"
    body = str({"quantity": quantity}).replace("'", '"').replace("True", "true").replace("None", "null")

    refused = ada.send("POST", path, data=body, headers={"Content-Type": "application/json"})

    assert (refused.status, refused.code) == (400, "validation_failed")
    assert ada.send("POST", path, json={"quantity": 1, "seat": "A1"}).status == 400


def test_unknown_tier_and_closed_sales_are_refused(ada: Member, api: Any, db: Db) -> None:
    event = store_event(db, new_tier(capacity=1))
    past = store_event(db, sales_end=event.created_at)
    calls: Sequence[str] = ("POST", "DELETE")
    for method in calls:
        for tier_id in ("none", "%00", "0" * 32):
            refused = ada.send(method, f"/api/tiers/{tier_id}/waitlist", json={})
            assert (refused.status, refused.code) == (404, "tier_not_found")
        assert api.send(method, f"/api/tiers/{event.tiers[0].id}/waitlist", json={}).code == "not_signed_in"
    assert wait(ada, past).code == "sales_closed"
    db["event_stock"].update_one({"_id": event.tiers[0].id}, {"$set": {"closed": True}})
    assert wait(ada, event).code == "sales_closed"


def test_joining_is_refused_if_the_event_was_deleted_meanwhile(
    ada: Member, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = store_event(db, new_tier(capacity=1))
    monkeypatch.setattr(EventStore, "get_many", lambda *_: {})
    monkeypatch.setattr(Events, "of_tier", lambda *_: (event, event.tiers[0]))

    refused = wait(ada, event)

    assert (refused.status, refused.code) == (404, "tier_not_found")


def test_control_without_the_offer_a_freed_ticket_goes_to_anybody(
    make_members: MakeMembers, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, first, other = make_members(3)
    event = store_event(db, new_tier(capacity=1))
    owner.reserve(event.id)
    wait(first, event)
    monkeypatch.setattr(TicketRecords, "_following", RecordsByKind._following)
    owner.cancel(event.id)

    assert other.reserve(event.id).status == 201
    assert offers(db, first) == [[]]
