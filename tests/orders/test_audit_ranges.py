"""FindOrderMismatches by ranges: the database finds just what a comparison of every single order finds."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo.monitoring import CommandListener, CommandStartedEvent

import wiring
from core.ids import new_id
from core.mongo.client import Client, Db, Document
from core.mongo.key_ranges import key_ranges
from orders import claim_count_store, order_audit, order_audit_store
from orders.holds.model import HeldItem
from orders.mapping import order_document, order_of
from orders.model import Order, OrderState, Refund, RefundState
from orders.order_audit import FindOrderMismatches
from orders.order_audit_store import OrderAuditStore, TicketCounts
from tests.orders.shop import Buyer, Shop

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TICKET_STATES = ("valid", "valid", "checked_in", "void", "transferred")


def random_order(rng: random.Random, number: int) -> Order:
    """Return an order that adds up, or has one difference or more."""
    quantity, price = rng.randint(1, 3), rng.choice((0, 500))
    item = HeldItem(
        event_id="e", tier_id="t", code="GA", name="GA", quantity=quantity, price=price, currency="USD", seats=()
    )
    refund = Refund(
        id=f"r{number}",
        payment_id=rng.choice(("p", "p", "another")),
        amount=rng.choice((price, 2 * price * quantity)),
        state=rng.choice(list(RefundState)),
        due_at=NOW,
    )
    moment = NOW + timedelta(seconds=number)
    return Order(
        id=new_id(moment),
        account_id="a",
        name="",
        email="",
        language="en",
        items=[item],
        lines={"t": quantity},
        currency="USD",
        total=price * quantity + rng.choice((0, 0, 0, 1)),
        state=rng.choice(list(OrderState)),
        created_at=moment,
        hold_until=moment,
        busy_until=moment,
        payment_id=rng.choice(("", "p")),
        refunds=[refund] * rng.choice((0, 0, 1, 2)),
    )


def ticket(rng: random.Random, order_id: object, number: int) -> Document:
    return {
        "_id": f"{order_id}-{number}",
        "code": f"{order_id}-{number}",
        "orderId": order_id,
        "eventId": "e",
        "tierId": "t",
        "state": rng.choice(TICKET_STATES),
        "holderId": "a",
    }


@pytest.fixture
def rows(shop: Shop) -> Db:
    """Orders and tickets of every kind, with and without differences."""
    rng = random.Random(1)
    tickets = [ticket(rng, "missing", 0), ticket(rng, "0", 0), ticket(rng, None, 0), ticket(rng, 7, 0)]
    orders = [random_order(rng, number) for number in range(400)]
    for order in orders:
        wanted = sum(item.quantity for item in order.items)
        count = rng.choice((0, wanted, wanted, wanted + 1))
        tickets += [ticket(rng, order.id, number) for number in range(count)]
    shop.db["orders"].insert_many([order_document(order) for order in orders])
    shop.db["tickets"].insert_many(tickets)
    return shop.db


def one_by_one(db: Db) -> Counter[str]:
    """Return the differences that a comparison of every single order finds."""
    usable: Counter[Any] = Counter()
    void: Counter[Any] = Counter()
    for row in db["tickets"].find():
        usable[row["orderId"]] += row["state"] in ("valid", "checked_in")
        void[row["orderId"]] += row["state"] == "void"
    orders = [order_of(row) for row in db["orders"].find()]
    missing = usable.keys() - {order.id for order in orders}
    found = [{"orderId": order_id, "problem": "tickets_without_order"} for order_id in missing]
    for order in orders:
        found += order_audit._mismatches(order, TicketCounts(usable[order.id], void[order.id]))
    return Counter(map(str, found))


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_ranges_find_what_a_comparison_of_each_order_finds(
    shop: Shop, rows: Db, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(order_audit_store, "RANGE", size)
    wanted = one_by_one(rows)

    found = shop.services.orders.purchases.find_mismatches.execute()

    assert Counter(map(str, found)) == wanted
    assert len({row["problem"] for row in found}) == len(
        {"total_of_items", "refunded_more_than_paid", "tickets_of_an_unpaid_order", "number_of_tickets"}
        | {"usable_tickets_of_a_cancelled_order", "tickets_without_order"}
    )


@pytest.mark.parametrize("condition", range(len(order_audit_store.SUSPICIOUS)))
def test_control_without_a_condition_a_difference_is_missed(
    shop: Shop, rows: Db, monkeypatch: pytest.MonkeyPatch, condition: int
) -> None:
    left = [each for number, each in enumerate(order_audit_store.SUSPICIOUS) if number != condition]
    monkeypatch.setattr(order_audit_store, "SUSPICIOUS", left)

    found = shop.services.orders.purchases.find_mismatches.execute()

    assert Counter(map(str, found)) != one_by_one(rows)


@pytest.mark.parametrize("size", [1, 3, 100])
def test_ranges_of_a_key_have_each_row_once(shop: Shop, rows: Db, size: int) -> None:
    keyed = [(rows["orders"], "_id"), (rows["tickets"], "orderId")]
    with shop.services.client.start_session(snapshot=True) as snapshot:
        ranges = list(key_ranges(snapshot, keyed, size))
        for collection, field in keyed:
            seen = [row["_id"] for ids in ranges for row in collection.find({field: ids}, {"_id": 1}, session=snapshot)]
            assert sorted(seen) == sorted(row["_id"] for row in collection.find({}, {"_id": 1}))


class Commands(CommandListener):
    """The aggregations of `flask verify`, with the conditions of their first stage."""

    def __init__(self) -> None:
        self.aggregations: list[tuple[str, Document]] = []

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name == "aggregate":
            self.aggregations.append((event.command["aggregate"], dict(event.command)))

    def succeeded(self, _: object) -> None:
        """Note nothing."""

    def failed(self, _: object) -> None:
        """Note nothing."""


@pytest.fixture
def listened(shop: Shop) -> Iterator[tuple[wiring.Services, Commands]]:
    commands = Commands()
    client: Client = type(shop.services.client)(shop.services.settings.mongodb_uri, event_listeners=[commands])
    yield wiring.build(shop.services.settings, client=client), commands
    client.close()


def test_no_command_of_verify_reads_a_whole_collection(
    shop: Shop, buyer: Buyer, listened: tuple[wiring.Services, Commands], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each ends long before the client's time-out of twenty seconds, also with a million orders."""
    (tier,) = shop.event().tiers
    for _ in range(3):
        buyer.order((tier, 2))
    monkeypatch.setattr(order_audit_store, "RANGE", 2)
    monkeypatch.setattr(claim_count_store, "RANGE", 2)
    services, commands = listened

    assert services.orders.find_mismatches.execute() == []
    assert services.orders.purchases.find_mismatches.execute() == []

    for _, command in commands.aggregations:
        assert "_id" in command["pipeline"][0]["$match"] or command["hint"]
    assert Counter(name for name, _ in commands.aggregations)["orders"] > len(("first range", "last range"))


def test_verify_reads_one_snapshot_while_orders_are_paid(
    shop: Shop, buyer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tier,) = shop.event().tiers
    buyer.order((tier, 1))
    monkeypatch.setattr(order_audit_store, "RANGE", 1)
    find = shop.services.orders.purchases.find_mismatches
    suspects = OrderAuditStore._suspect_counts

    def sell_first(store: OrderAuditStore, snapshot: Any, ids: Document) -> dict[str, TicketCounts]:
        buyer.order((tier, 1))
        return suspects(store, snapshot, ids)

    monkeypatch.setattr(OrderAuditStore, "_suspect_counts", sell_first)

    assert find.execute() == []


def test_control_without_the_snapshot_a_sale_is_a_difference(
    shop: Shop, buyer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tier,) = shop.event().tiers
    buyer.order((tier, 1))
    find = shop.services.orders.find_mismatches
    stock = claim_count_store.ClaimCountStore.stock

    def sell_first(store: claim_count_store.ClaimCountStore, _: Any) -> Any:
        buyer.order((tier, 1))
        return stock(store, None)  # type: ignore[arg-type]

    monkeypatch.setattr(claim_count_store.ClaimCountStore, "stock", sell_first)

    assert find.execute() != []
    assert isinstance(shop.services.orders.purchases.find_mismatches, FindOrderMismatches)
