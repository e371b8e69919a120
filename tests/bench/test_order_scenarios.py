"""Scenarios of orders: the lines of their requests, and the checks of a round."""

from __future__ import annotations

import dataclasses
import json

import pytest

from bench.load_generators import LoadResult
from bench.order_fixtures import HoldCounts, OrderCounts
from bench.order_scenarios import (
    Posts,
    check_in_problem,
    holds_problem,
    in_any_order,
    in_fixed_order,
    orders_problem,
    post_lines,
)

TIERS = [["a1", "a2", "a3"], ["b1", "b2", "b3"]]
MONEY = 170_000
ORDERS = OrderCounts(paid=10, unpaid=0, ordered=40, tickets=40, taken=40, oversold=-1, emails=10, total=MONEY)
HOLDS = HoldCounts(active=10, taken=10, oversold=-1)


def loaded(statuses: dict[int, int], unanswered: int = 0) -> LoadResult:
    return LoadResult(10.0, 1.0, 1.0, 2.0, statuses, unanswered, 0)


def test_carts_in_fixed_order_name_the_tiers_of_each_event_in_turn() -> None:
    carts = [[item["tierId"] for item in order["items"]] for order in in_fixed_order(TIERS, 3)]

    assert carts == [TIERS[0], TIERS[1], TIERS[0]]


def test_carts_in_any_order_have_the_same_tickets_in_every_order() -> None:
    carts = [[(item["tierId"], item["quantity"]) for item in order["items"]] for order in in_any_order(TIERS, 12)]

    assert len({tuple(cart) for cart in carts}) == 12
    assert {tuple(sorted(cart)) for cart in carts} == {
        (("a1", 1), ("a2", 1), ("a3", 2)),
        (("b1", 1), ("b2", 1), ("b3", 2)),
    }


def test_post_lines_have_one_body_without_blanks_for_each_person() -> None:
    orders = list(in_fixed_order(TIERS, 3))
    lines = [line.split(" ") for line in post_lines("run1", ["t1", "t2"], Posts("/x", orders)).splitlines()]

    assert [line[:3] for line in lines] == [["run1-0", "t1", "/x"], ["run1-1", "t2", "/x"], ["run1-2", "t1", "/x"]]
    assert [json.loads(line[3]) for line in lines] == orders


@pytest.mark.parametrize(("created", "unanswered"), [(10, 0), (9, 1), (9, 3)])
def test_rounds_that_agree_with_the_responses_pass(created: int, unanswered: int) -> None:
    load = loaded({201: created}, unanswered)

    assert orders_problem(ORDERS, MONEY, load) == ""
    assert holds_problem(HOLDS, load) == ""
    assert check_in_problem(10, loaded({200: created}, unanswered)) == ""


@pytest.mark.parametrize(
    ("stored", "statuses", "problem"),
    [
        (ORDERS, {201: 10, 503: 1}, "expected only 201"),
        (ORDERS, {201: 11}, "10 orders paid"),
        (ORDERS, {201: 8}, "10 orders paid"),
        (dataclasses.replace(ORDERS, unpaid=1), {201: 10}, "1 orders not paid"),
        (dataclasses.replace(ORDERS, tickets=39), {201: 10}, "40 tickets ordered, but 39 issued"),
        (dataclasses.replace(ORDERS, taken=41), {201: 10}, "40 tickets issued, but 41 taken"),
        (dataclasses.replace(ORDERS, oversold=2), {201: 10}, "a tier is oversold by 2"),
        (dataclasses.replace(ORDERS, emails=9), {201: 10}, "10 orders paid, but 9 e-mails written"),
        (dataclasses.replace(ORDERS, total=1), {201: 10}, "the orders cost 1, but 170000 was paid"),
    ],
)
def test_orders_that_contradict_the_responses_fail(stored: OrderCounts, statuses: dict[int, int], problem: str) -> None:
    assert orders_problem(stored, MONEY, loaded(statuses, 1)).startswith(f"{problem}; ")


@pytest.mark.parametrize(
    ("stored", "statuses", "problem"),
    [
        (HOLDS, {201: 10, 500: 1}, "expected only 201"),
        (HOLDS, {201: 8}, "10 holds stored"),
        (dataclasses.replace(HOLDS, taken=11), {201: 10}, "10 tickets held, but 11 taken"),
        (dataclasses.replace(HOLDS, oversold=1), {201: 10}, "a tier is oversold by 1"),
    ],
)
def test_holds_that_contradict_the_responses_fail(stored: HoldCounts, statuses: dict[int, int], problem: str) -> None:
    assert holds_problem(stored, loaded(statuses, 1)).startswith(f"{problem}; ")


@pytest.mark.parametrize(
    ("checked_in", "statuses", "problem"),
    [(10, {200: 10, 409: 1}, "expected only 200"), (12, {200: 10}, "12 tickets checked in")],
)
def test_check_ins_that_contradict_the_responses_fail(checked_in: int, statuses: dict[int, int], problem: str) -> None:
    assert check_in_problem(checked_in, loaded(statuses, 1)).startswith(f"{problem}; ")
