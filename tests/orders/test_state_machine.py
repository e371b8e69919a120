"""Any sequence of what people can do to the tickets of an event, against a model, and `verify` after each step."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

import wiring
from app import create_app
from core.mongo.client import Client
from core.web.context import runtime_of
from devdb.replica_set import ReplicaSet
from inventory.records import RecordsByKind
from inventory.requests import StockChange
from orders.group_commit import TicketRecords
from orders.offers.offering import Offering, Request
from tests import factories
from tests.api.conftest import Clock
from tests.api_client import over_app
from tests.event_calls import new_tier, store_event
from tests.factories import ADMIN_KEY
from tests.members import Member, members

PEOPLE = 3
SEATS = ["A1", "A2", "A3", "B1"]
COLLECTIONS = (
    *("events", "event_stock", "seats", "reservations", "holds", "tier_waitlist", "letters"),
    *("orders", "tickets"),
)
Labels = st.lists(st.sampled_from(SEATS), min_size=1, max_size=2, unique=True)
Person = st.integers(0, PEOPLE - 1)


class Crowd(RuleBasedStateMachine):
    """Reserves, cancels, waits, holds and buys seats, lets holds expire, raises and lowers the capacity."""

    make: Callable[[], tuple[wiring.Services, Clock, list[Member]]]

    def __init__(self) -> None:
        super().__init__()
        self.services, self.clock, self.people = type(self).make()
        self.db = self.services.db
        for name in COLLECTIONS:
            self.db[name].delete_many({})
        admission = self.services.orders.ticket_group_commit.admission
        admission._sold_out.clear()
        admission._nearly_full.clear()
        self.event = store_event(self.db, new_tier(capacity=len(SEATS), seats=SEATS), pool=1)
        assert self.event.pool
        self.stock_ids = [self.event.tiers[0].id, self.event.pool.id]
        self.pool = 1
        self.reserved: set[int] = set()
        self.waiting: list[int] = []
        self.offered: set[int] = set()
        self.carts: dict[int, int] = {}
        self.bought = 0

    @property
    def taken(self) -> int:
        return len(self.reserved) + len(self.offered) + sum(self.carts.values()) + self.bought

    @property
    def free(self) -> int:
        return self.pool - self.taken

    def offer(self) -> None:
        """Bring the model up to date after tickets came free."""
        while self.free > 0 and self.waiting:
            self.offered.add(self.waiting.pop(0))

    @rule(person=Person)
    def reserve(self, person: int) -> None:
        answer = self.people[person].reserve(self.event.id)
        if person in self.reserved:
            assert answer.code == "already_booked"
        elif person in self.offered or self.free > 0:
            assert answer.status == 201, answer.json
            assert answer.json["seat"] in SEATS
            self.offered.discard(person)
            self.reserved.add(person)
        else:
            assert answer.code == "sold_out"

    @rule(person=Person)
    def cancel(self, person: int) -> None:
        answer = self.people[person].cancel(self.event.id)
        assert answer.status in (200, 404)
        if person in self.reserved:
            assert answer.json["status"] == "CANCELLED"
        self.reserved.discard(person)
        self.offer()

    @precondition(lambda self: self.reserved)
    @rule(pick=Person)
    def cancel_one_of_the_reserved(self, pick: int) -> None:
        self.cancel(sorted(self.reserved)[pick % len(self.reserved)])

    @precondition(lambda self: self.reserved and self.free == 0 and len(self.waiting) < PEOPLE)
    @rule(pick=Person)
    def wait_behind_the_reserved(self, pick: int) -> None:
        others = [person for person in range(PEOPLE) if person not in self.waiting]
        self.wait(others[pick % len(others)])

    @rule(person=Person)
    def wait(self, person: int) -> None:
        path = f"/api/tiers/{self.stock_ids[0]}/waitlist"
        answer = self.people[person].send("POST", path, json={"quantity": 1})
        if person in self.waiting:
            assert answer.code == "already_waiting"
        elif self.free > 0:
            assert answer.code == "not_sold_out"
        else:
            self.waiting.append(person)
            assert answer.json == {"position": len(self.waiting)}

    @rule(person=Person)
    def leave(self, person: int) -> None:
        assert self.people[person].send("DELETE", f"/api/tiers/{self.stock_ids[0]}/waitlist").status == 204
        if person in self.waiting:
            self.waiting.remove(person)
        self.offered.discard(person)
        self.offer()

    @rule()
    def let_offers_expire(self) -> None:
        self.clock.at += timedelta(minutes=30)
        self.services.orders.holds.expire.execute()
        self.offered = set()
        self.carts = {}
        self.offer()

    def seats_of_others(self, person: int) -> set[str]:
        """Return the seats that are taken, but for those of the person's cart."""
        own = self.db["holds"].distinct("_id", {**self.cart_of(person), "state": "active"})
        return set(self.db["seats"].distinct("seat", {"holder": {"$nin": [None, *own]}}))

    def cart_of(self, person: int) -> dict[str, str]:
        return {"accountId": self.people[person].account.id, "kind": "cart"}

    @rule(person=Person, labels=Labels)
    def hold_seats(self, person: int, labels: list[str]) -> None:
        item = {"tierId": self.stock_ids[0], "seats": labels}
        taken = self.seats_of_others(person) & set(labels)
        answer = self.people[person].send("POST", "/api/holds", json={"items": [item]})
        if taken:
            assert set(answer.json["seats"]) == taken
        elif len(labels) - self.carts.get(person, 0) > self.free:
            assert answer.code == "insufficient_stock"
        else:
            assert answer.json["items"][0]["seats"] == labels
            self.carts[person] = len(labels)
            self.offer()

    @rule(person=Person)
    def release_cart(self, person: int) -> None:
        for hold in self.db["holds"].find({**self.cart_of(person), "state": "active"}):
            assert self.people[person].send("DELETE", f"/api/holds/{hold['_id']}").status == 204
        self.carts.pop(person, None)
        self.offer()

    @rule(person=Person, labels=Labels, best=st.booleans(), token=st.sampled_from(["tok_approve", "tok_decline"]))
    def buy(self, person: int, labels: list[str], best: bool, token: str) -> None:
        item: dict[str, Any] = {"tierId": self.stock_ids[0], "seats": labels}
        if best:
            item = {"tierId": self.stock_ids[0], "quantity": len(labels)}
        taken = set(self.db["seats"].distinct("seat", {"holder": {"$ne": None}})) & set(labels)
        body = {"items": [item], "paymentToken": token}
        answer = self.people[person].send(
            "POST", "/api/orders", json=body, headers={"Idempotency-Key": uuid.uuid4().hex}
        )
        if taken and not best:
            assert set(answer.json["seats"]) == taken
        elif len(labels) > self.free:
            assert answer.code == "insufficient_stock"
        elif token == "tok_decline":
            assert answer.status == 402
            self.offer()
        else:
            assert answer.status == 201, answer.json
            self.bought += len(labels)

    @precondition(lambda self: self.bought)
    @rule()
    def refund_a_ticket(self) -> None:
        ticket = self.db["tickets"].find_one({"state": "valid"})
        assert ticket
        path = f"/api/admin/orders/{ticket['orderId']}/refund"
        headers = {"X-Admin-Key": ADMIN_KEY}
        assert self.people[0].send("POST", path, json={"tickets": [ticket["code"]]}, headers=headers).status == 200
        self.bought -= 1
        self.offer()

    @rule(capacity=st.integers(0, len(SEATS)))
    def change_capacity(self, capacity: int) -> None:
        if capacity < self.taken:
            return
        self.db["event_stock"].update_one({"_id": self.stock_ids[1]}, {"$set": {"capacity": capacity}})
        offering: Request = StockChange(Offering(self.stock_ids), dict.fromkeys(self.stock_ids, 0))
        self.services.orders.ticket_group_commit.submit(offering)
        self.pool = capacity
        self.offer()

    @invariant()
    def verified(self) -> None:
        assert self.services.orders.find_mismatches.execute() == []
        assert self.services.orders.purchases.find_mismatches.execute() == []

    @invariant()
    def people_have_what_the_model_says(self) -> None:
        ids = [member.account.id for member in self.people]
        reserved = self.db["reservations"].distinct("accountId", {"status": "CONFIRMED"})
        assert {ids.index(account_id) for account_id in reserved} == self.reserved
        offered = self.db["holds"].distinct("accountId", {"kind": "offer", "state": "active"})
        assert {ids.index(account_id) for account_id in offered} == self.offered
        carts = self.db["holds"].find({"kind": "cart", "state": "active"})
        held = {ids.index(row["accountId"]): row["items"][0]["quantity"] for row in carts}
        assert held == self.carts
        waiting = self.db["tier_waitlist"].find({"state": "waiting"}).sort("queueNumber", 1)
        assert [ids.index(row["accountId"]) for row in waiting] == self.waiting


def machine(replica_set: ReplicaSet, mongo: Client) -> type[Crowd]:
    made = factories.settings(replica_set.uri)
    wiring.prepare_database(mongo[made.mongodb_database])
    clock = Clock(datetime.now(UTC).replace(microsecond=0))
    app = create_app(made, client=mongo, clock=clock)
    services = runtime_of(app).get(wiring.Services)
    people = members(services.db, made, over_app(app), PEOPLE)

    class Bound(Crowd):
        @staticmethod
        def make() -> tuple[wiring.Services, Clock, list[Member]]:
            clock.at = datetime.now(UTC).replace(microsecond=0)
            return services, clock, people

    return Bound


def run(bound: type[Crowd], examples: int) -> None:
    checks = settings(
        max_examples=examples,
        stateful_step_count=25,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    run_state_machine_as_test(bound, settings=checks)


def test_sequences_of_reservations_and_offers_agree_with_the_model(replica_set: ReplicaSet, mongo: Client) -> None:
    run(machine(replica_set, mongo), 20)


def test_control_without_offers_the_machine_finds_a_difference(
    replica_set: ReplicaSet, mongo: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound = machine(replica_set, mongo)
    monkeypatch.setattr(TicketRecords, "_following", RecordsByKind._following)

    with pytest.raises(AssertionError):
        run(bound, 20)
