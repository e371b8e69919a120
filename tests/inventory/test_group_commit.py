"""Exact fill of tiers by carts of several lines, under threads, with two group commits as two processes have."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

import inventory.stock
from core.mongo.client import Client, Db
from inventory.group_commit import GroupCommit, Limits
from inventory.stock import Stock
from tests.inventory.tier_orders import FIELDS, Cart, OrderRecords, SoldOut

QUOTAS = {"balcony": 31, "floor": 40, "standing": 57}


@pytest.fixture
def db(mongo: Client) -> Iterator[Db]:
    db = mongo[f"inventory-{uuid.uuid4().hex[:12]}"]
    db.create_collection("orders")
    db["tiers"].insert_many(
        [{"_id": tier, "quota": quota, "sold": 0, "withdrawn": False} for tier, quota in QUOTAS.items()]
    )
    yield db
    mongo.drop_database(db.name)


def group_commit(db: Db) -> GroupCommit:
    return GroupCommit(db.client, Stock(db["tiers"], FIELDS), OrderRecords(db), Limits(max_queue=1000))


def random_carts(count: int) -> list[Cart]:
    """Return carts of one to three lines, named in any order."""
    chance = random.Random(7)  # a repeatable draw
    tiers = sorted(QUOTAS)
    return [
        Cart({tier: chance.randint(1, 3) for tier in chance.sample(tiers, chance.randint(1, 3))}) for _ in range(count)
    ]


def submit_all(commits: Sequence[GroupCommit], carts: Sequence[Cart]) -> list[str | None]:
    """Return the buyer of each accepted cart, and None for each that was sold out."""

    def submit(number: int) -> str | None:
        try:
            return commits[number % len(commits)].submit(carts[number])
        except SoldOut:
            return None

    with ThreadPoolExecutor(64) as threads:
        return list(threads.map(submit, range(len(carts))))


def sold(db: Db) -> dict[str, int]:
    return {tier["_id"]: tier["sold"] for tier in db["tiers"].find()}


def ordered(db: Db) -> Counter[str]:
    total: Counter[str] = Counter()
    for order in db["orders"].find():
        total.update(order["lines"])
    return total


def test_tiers_are_filled_exactly_by_carts_of_several_lines(db: Db) -> None:
    carts = random_carts(240)
    commits = [group_commit(db), group_commit(db)]

    answers = submit_all(commits, carts)

    accepted = {answer for answer in answers if answer}
    assert accepted == {order["_id"] for order in db["orders"].find()}
    assert ordered(db) == Counter(sold(db))
    assert all(count <= QUOTAS[tier] for tier, count in sold(db).items())
    # Every unit that is left can still be sold, and not one more.
    late = [Cart({tier: 1}) for tier, quota in QUOTAS.items() for _ in range(quota - sold(db)[tier] + 2)]
    submit_all([group_commit(db)], late)
    assert sold(db) == QUOTAS
    assert ordered(db) == Counter(QUOTAS)


def test_cart_with_one_short_line_claims_nothing(db: Db) -> None:
    commit = group_commit(db)

    with pytest.raises(SoldOut) as refused:
        commit.submit(Cart({"floor": 1, "balcony": 32}))

    assert refused.value.extra == {"tierId": "balcony", "remaining": 31}
    assert set(sold(db).values()) == {0}
    assert commit.submit(Cart({"floor": 1, "balcony": 31}))


def test_sold_out_cache_refuses_only_larger_counts_until_invalidated(db: Db) -> None:
    commit = group_commit(db)
    with pytest.raises(SoldOut):
        commit.submit(Cart({"floor": 41}))

    assert commit.admission.cached_shortage({"floor": 41}) is not None
    assert commit.admission.cached_shortage({"floor": 40}) is None
    commit.admission.invalidate_unclaimed({"floor": -1, "balcony": 1})
    assert commit.admission.cached_shortage({"floor": 41}) is None


def test_cart_that_was_ordered_before_is_answered_again(db: Db) -> None:
    commit = group_commit(db)
    cart = Cart({"floor": 2})

    assert [commit.submit(cart), commit.submit(Cart({"floor": 2}, buyer=cart.buyer))] == [cart.buyer] * 2
    assert sold(db)["floor"] == 2


def test_withdrawn_tier_is_never_claimed(db: Db) -> None:
    db["tiers"].update_one({"_id": "floor"}, {"$set": {"withdrawn": True, "quota": 0}})

    with pytest.raises(SoldOut):
        group_commit(db).submit(Cart({"floor": 1, "balcony": 1}))

    assert set(sold(db).values()) == {0}


def test_control_tiers_without_the_guard_are_oversold(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory.stock, "capacity_guard", lambda _fields, _count: {})

    submit_all([group_commit(db), group_commit(db)], random_carts(240))

    assert any(count > QUOTAS[tier] for tier, count in sold(db).items())
