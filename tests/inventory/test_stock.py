"""Guarded updates: order of the locks, counts of a claim, release and swap."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from core.mongo.client import Client
from core.mongo.transactions import Session, transaction
from inventory.stock import MAX_ORDERED_LINES, Stock
from tests.inventory.tier_orders import FIELDS

TIMEOUT = 5.0


@pytest.fixture
def stock(mongo: Client) -> Iterator[Stock]:
    """Twelve tiers `a` to `l` of five each."""
    db = mongo[f"inventory-{uuid.uuid4().hex[:12]}"]
    db["tiers"].insert_many([{"_id": tier, "quota": 5, "sold": 0, "withdrawn": False} for tier in "abcdefghijkl"])
    yield Stock(db["tiers"], FIELDS)
    mongo.drop_database(db.name)


def claim(mongo: Client, stock: Stock, lines: Mapping[str, int]) -> bool:
    """Claim in a transaction of its own, which is aborted if a line does not fit."""

    class Aborted(Exception):
        pass

    def work(session: Session) -> None:
        if not stock.claim(session, lines):
            raise Aborted

    try:
        transaction(mongo, work, TIMEOUT)
    except Aborted:
        return False
    return True


def sold(stock: Stock) -> dict[str, int]:
    return {tier["_id"]: tier["sold"] for tier in stock._collection.find({"sold": {"$ne": 0}})}


def locked(stock: Stock, lines: Mapping[str, int]) -> list[str]:
    """Return the ids in the order in which the statements of a claim write them."""
    statements: list[Any] = stock._claims(lines)
    return [stock_id for where, _ in statements for stock_id in where["_id"]["$in"]]


def test_claim_of_few_lines_locks_in_order_of_id(stock: Stock) -> None:
    lines = {"d": 1, "b": 2, "a": 1, "c": 2}

    assert locked(stock, lines) == ["a", "b", "c", "d"]
    assert locked(stock, dict(reversed(lines.items()))) == ["a", "b", "c", "d"]


def test_claim_of_many_lines_has_one_statement_for_each_count(stock: Stock) -> None:
    lines = {tier: 1 + number % 3 for number, tier in enumerate("abcdefghijkl")}
    assert len(lines) > MAX_ORDERED_LINES

    assert len(stock._claims(lines)) == 3
    assert locked(stock, lines) == ["a", "d", "g", "j", "b", "e", "h", "k", "c", "f", "i", "l"]


@pytest.mark.parametrize("lines", [{"a": 5}, {"a": 5, "b": 1}, dict.fromkeys("abcdefghijkl", 5)])
def test_claim_that_fits_takes_every_line(mongo: Client, stock: Stock, lines: dict[str, int]) -> None:
    assert claim(mongo, stock, lines)

    assert sold(stock) == lines


@pytest.mark.parametrize("lines", [{"a": 6}, {"a": 1, "b": 6}, {"a": 1, "unknown": 1}])
def test_claim_with_a_line_that_does_not_fit_takes_nothing(mongo: Client, stock: Stock, lines: dict[str, int]) -> None:
    assert not claim(mongo, stock, lines)

    assert sold(stock) == {}


def change(mongo: Client, stock: Stock, claims: Mapping[str, int], releases: Mapping[str, int]) -> bool:
    """Change in a transaction of its own, which is aborted if a line does not fit."""

    class Aborted(Exception):
        pass

    def work(session: Session) -> None:
        if not stock.change(session, claims, releases):
            raise Aborted

    try:
        transaction(mongo, work, TIMEOUT)
    except Aborted:
        return False
    return True


def test_release_needs_no_guard_and_returns_the_stock(mongo: Client, stock: Stock) -> None:
    assert claim(mongo, stock, {"a": 5, "b": 3, "c": 2})
    stock._collection.update_one({"_id": "a"}, {"$set": {"withdrawn": True, "quota": 0}})

    assert change(mongo, stock, {}, {"a": 2, "b": 3, "c": 2})

    assert sold(stock) == {"a": 3}


def test_release_of_unknown_stock_changes_nothing(mongo: Client, stock: Stock) -> None:
    assert claim(mongo, stock, {"a": 5})

    assert not change(mongo, stock, {"b": 1}, {"a": 2, "unknown": 1})

    assert sold(stock) == {"a": 5}


def test_claims_and_releases_change_together(mongo: Client, stock: Stock) -> None:
    assert claim(mongo, stock, {"a": 5, "b": 1})

    assert change(mongo, stock, {"b": 4, "c": 1}, {"a": 2})

    assert sold(stock) == {"a": 3, "b": 5, "c": 1}


def test_claim_never_uses_what_the_same_call_releases(mongo: Client, stock: Stock) -> None:
    """A queue of the stock may be entitled to it."""
    assert claim(mongo, stock, {"a": 5})

    assert not change(mongo, stock, {"a": 1}, {"a": 1})
    assert change(mongo, stock, {}, {"a": 1})
    assert change(mongo, stock, {"a": 1}, {"a": 3})

    assert sold(stock) == {"a": 2}


def test_change_of_nothing_succeeds(mongo: Client, stock: Stock) -> None:
    assert change(mongo, stock, {}, {})
