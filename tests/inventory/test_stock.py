"""Guarded updates: order of the locks, counts of a claim, release and swap."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from functools import partial
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
    statements: list[Any] = stock._statements(lines)
    return [stock_id for where, _ in statements for stock_id in where["_id"]["$in"]]


def test_claim_of_few_lines_locks_in_order_of_id(stock: Stock) -> None:
    lines = {"d": 1, "b": 2, "a": 1, "c": 2}

    assert locked(stock, lines) == ["a", "b", "c", "d"]
    assert locked(stock, dict(reversed(lines.items()))) == ["a", "b", "c", "d"]


def test_claim_of_many_lines_has_one_statement_for_each_count(stock: Stock) -> None:
    lines = {tier: 1 + number % 3 for number, tier in enumerate("abcdefghijkl")}
    assert len(lines) > MAX_ORDERED_LINES

    assert len(stock._statements(lines)) == 3
    assert locked(stock, lines) == ["a", "d", "g", "j", "b", "e", "h", "k", "c", "f", "i", "l"]


@pytest.mark.parametrize("lines", [{"a": 5}, {"a": 5, "b": 1}, dict.fromkeys("abcdefghijkl", 5)])
def test_claim_that_fits_takes_every_line(mongo: Client, stock: Stock, lines: dict[str, int]) -> None:
    assert claim(mongo, stock, lines)

    assert sold(stock) == lines


@pytest.mark.parametrize("lines", [{"a": 6}, {"a": 1, "b": 6}, {"a": 1, "unknown": 1}])
def test_claim_with_a_line_that_does_not_fit_takes_nothing(mongo: Client, stock: Stock, lines: dict[str, int]) -> None:
    assert not claim(mongo, stock, lines)

    assert sold(stock) == {}


def test_release_needs_no_guard_and_returns_the_stock(mongo: Client, stock: Stock) -> None:
    assert claim(mongo, stock, {"a": 5})

    released = transaction(mongo, lambda session: stock.release(session, "a", 2), TIMEOUT)

    assert released is not None
    assert released["sold"] == 3
    assert transaction(mongo, partial(stock.release, stock_id="unknown"), TIMEOUT) is None


def test_swap_moves_one_unit_if_the_other_stock_has_one_left(mongo: Client, stock: Stock) -> None:
    assert claim(mongo, stock, {"a": 1})

    assert transaction(mongo, lambda session: stock.swap(session, "a", "b"), TIMEOUT)

    assert sold(stock) == {"b": 1}


def test_swap_into_full_stock_is_refused(mongo: Client, stock: Stock) -> None:
    assert claim(mongo, stock, {"a": 1, "b": 5})

    assert not transaction(mongo, lambda session: stock.swap(session, "a", "b"), TIMEOUT)
