"""Events with tickets in a test database, and people who buy them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Flask

import wiring
from core.ids import new_id
from core.mongo.client import Db
from core.mongo.transactions import Session, transaction
from core.web.context import runtime_of
from events.model import Event, EventStatus, TicketStock, Tier
from events.seat_store import SeatStore
from events.seats import seats_of
from tests.api_client import Answer, Api, over_app
from tests.members import members

# A number of tickets, or the labels of seats.
Wanted = int | list[str]


@dataclass(frozen=True)
class TierPlan:
    """A tier to be made; the price is in minor units."""

    code: str = "GA"
    price: int = 1000
    capacity: int = 10
    seats: Sequence[str] = ()


@dataclass
class Shop:
    """An application, its services, and events in its database."""

    app: Flask
    services: wiring.Services = field(init=False)
    api: Api = field(init=False)

    def __post_init__(self) -> None:
        self.services = runtime_of(self.app).get(wiring.Services)
        self.api = Api(over_app(self.app))

    @property
    def db(self) -> Db:
        return self.services.db

    @property
    def now(self) -> datetime:
        return self.services.events.clock()

    def forget_events(self) -> None:
        """Drop the cached events, as a second does."""
        self.services.orders.purchases.place.price.cache.clear()

    def event(self, *plans: TierPlan, pool: int | None = None, **changes: Any) -> Event:
        """Insert a published event with the tiers of `plans`, one of ten tickets by default."""
        now = self.now
        event_id = new_id(now)
        tiers = [_tier(event_id, position, plan, now) for position, plan in enumerate(plans or [TierPlan()])]
        values: dict[str, Any] = {
            "id": event_id,
            "title": "Limited Concert",
            "description": "Music.",
            "date": now + timedelta(days=30),
            "venue": "Town Hall",
            "currency": "USD",
            "status": EventStatus.PUBLISHED,
            "max_per_order": 20,
            "sales_end": now + timedelta(days=30),
            "created_at": now,
            "updated_at": now,
            "version": 1,
            "tiers": tiers,
            "pool": None if pool is None else TicketStock(id=new_id(now), event_id=event_id, capacity=pool),
        }
        event = Event(**(values | changes))
        labels = [plan.seats for plan in plans or [TierPlan()]]

        def store(session: Session) -> None:
            self.services.events.store.insert(session, event)
            for tier, given in zip(tiers, labels, strict=True):
                if given:
                    SeatStore(self.db).insert(session, seats_of(event.id, tier.id, given))

        transaction(self.services.client, store, 5)
        return event

    def seats(self, tier: Tier) -> dict[str, str]:
        """Return the status of each seat of a tier as the API shows it."""
        answer = self.api.get(f"/api/events/{tier.event_id}/seats", query={"tierId": tier.id})
        return {row["seat"]: row["status"] for row in answer.json["data"]}

    def verify(self) -> None:
        """Fail if a count, a seat, a ticket or money is wrong."""
        assert self.services.orders.find_mismatches.execute() == []
        assert self.services.orders.purchases.find_mismatches.execute() == []

    def stock(self, stock_id: str) -> tuple[int, int]:
        """Return the taken and the held count of a tier or pool."""
        row = self.db["event_stock"].find_one({"_id": stock_id})
        assert row
        return row["taken"], row["held"]

    def buyer(self, name: str = "Ada Lovelace", **changes: Any) -> Buyer:
        """Store an account and sign it in."""
        (member,) = members(self.db, self.services.settings, self.api.send, 1, name=name, **changes)
        return Buyer(self.api, member.token, member.account.id, member.account.email)


@dataclass(frozen=True)
class Buyer:
    """A signed-in account."""

    api: Api
    token: str
    id: str
    email: str

    def send(self, method: str, path: str, **options: Any) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return self.api.send(method, path, headers=headers, **options)

    def hold(self, *items: tuple[Tier, Wanted]) -> Answer:
        return self.send("POST", "/api/holds", json={"items": lines(items)})

    def order(self, *items: tuple[Tier, Wanted], key: str = "", **members: Any) -> Answer:
        """Place an order of items, or with `holdId` among `members`; the default token is approved."""
        body: dict[str, Any] = {"paymentToken": "tok_approve", **members}
        if items:
            body["items"] = lines(items)
        headers = {"Idempotency-Key": key or uuid.uuid4().hex}
        return self.send("POST", "/api/orders", json=body, headers=headers)


def lines(items: Sequence[tuple[Tier, Wanted]]) -> list[Mapping[str, Any]]:
    """Return the items of a cart as the API takes them."""
    return [_line(tier, wanted) for tier, wanted in items]


def _line(tier: Tier, wanted: Wanted) -> Mapping[str, Any]:
    if isinstance(wanted, int):
        return {"tierId": tier.id, "quantity": wanted}
    return {"tierId": tier.id, "seats": wanted}


def _tier(event_id: str, position: int, plan: TierPlan, now: datetime) -> Tier:
    return Tier(
        id=new_id(now),
        event_id=event_id,
        position=position,
        code=plan.code,
        name=plan.code.title(),
        price=plan.price,
        capacity=len(plan.seats) or plan.capacity,
        numbered=bool(plan.seats),
    )
