"""Orders of the systems of the benchmark: each buys, holds and checks in what the fixtures have stored."""

from __future__ import annotations

from typing import Any

import pytest

from bench.event_fixtures import access_tokens
from bench.order_fixtures import (
    HoldCounts,
    OrderCounts,
    count_checked_in,
    count_holds,
    count_orders,
    store_three_tier_events,
    store_tickets,
)
from bench.order_scenarios import in_any_order
from bench.payment_gateway import paid_amount
from bench.systems import System
from tests.api_client import Answer, Transport
from tests.bench.conftest import PAYMENT_KEY

CART_TOTAL = 10_000 + 5000 + 2 * 1000
ADMIN_KEY = "test-admin-key-0001"

pytestmark = pytest.mark.parametrize("name", ["service", "peer"])


def post(send: Transport, path: str, body: Any, token: str, key: str = "") -> Answer:
    headers = {"Authorization": f"Bearer {token}", "X-Admin-Key": ADMIN_KEY}
    if key:
        headers["Idempotency-Key"] = key
    return send("POST", path, json=body, headers=headers)


def system_named(name: str, request: pytest.FixtureRequest) -> tuple[System, Transport]:
    found: tuple[System, Transport] = request.getfixturevalue(name)
    return found


def test_orders_agree_with_tickets_and_money(name: str, request: pytest.FixtureRequest, payment_api: str) -> None:
    system, send = system_named(name, request)
    tiers = store_three_tier_events(system, 2, capacity=7)
    tokens = access_tokens(system, 4)

    answers = [
        post(send, "/api/orders", body, tokens[number % 4], key=f"key-{number}")
        for number, body in enumerate(in_any_order(tiers, 8))
    ]

    statuses = [answer.status for answer in answers]
    assert statuses == [201] * 6 + [409] * 2
    assert answers[0].json["totalAmount"] == "170.00"
    assert len(answers[0].json["tickets"]) == 4
    total = 6 * CART_TOTAL
    assert count_orders(system) == OrderCounts(
        paid=6, unpaid=0, ordered=24, tickets=24, taken=24, oversold=-1, emails=6, total=total
    )
    assert paid_amount(payment_api, PAYMENT_KEY) == total


def test_holds_are_counted_once_for_each_account(name: str, request: pytest.FixtureRequest) -> None:
    system, send = system_named(name, request)
    ((tier, *_),) = store_three_tier_events(system, 1, capacity=2)
    body = {"items": [{"tierId": tier, "quantity": 1}]}
    tokens = access_tokens(system, 3)

    statuses = [post(send, "/api/holds", body, token).status for token in [tokens[0], *tokens]]

    assert statuses == [201, 201, 201, 409]
    assert count_holds(system) == HoldCounts(active=2, taken=2, oversold=0)


def test_stored_tickets_are_checked_in_once(name: str, request: pytest.FixtureRequest) -> None:
    system, send = system_named(name, request)
    codes = store_tickets(system, 8)
    (token,) = access_tokens(system, 1)

    statuses = [post(send, "/api/admin/checkin", {"code": code}, token).status for code in [*codes[:3], codes[0]]]

    assert (len(codes), statuses) == (8, [200, 200, 200, 409])
    assert count_checked_in(system) == 3
