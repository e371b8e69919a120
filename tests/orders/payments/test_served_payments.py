"""Payments at Stripe's stand-in by a served service: two workers share the rate and the queue."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from core.config.settings import from_env
from core.mongo.client import Client
from devdb.replica_set import ReplicaSet
from tests.api_client import Answer, over_http
from tests.conftest import serving
from tests.event_calls import new_tier, store_event
from tests.fake_stripe.server import FakeStripe, Fault, sign
from tests.members import Member, members

ORDERS = 12
RATE = 4


def test_two_workers_pay_a_rush_at_the_rate(
    replica_set: ReplicaSet, mongo: Client, fake: FakeStripe, tmp_path: Path
) -> None:
    settings = {**fake.environment(), "PAYMENT_RATE": str(RATE)}
    with serving(replica_set.uri, tmp_path, **settings) as served:
        db = mongo[served.environment["MONGODB_DATABASE"]]
        tier = store_event(db, new_tier(capacity=ORDERS)).tiers[0]
        people = members(db, from_env(served.environment), over_http(served.url), ORDERS)
        start = time.monotonic()

        with ThreadPoolExecutor(ORDERS) as pool:
            orders = list(pool.map(lambda person: order(person, tier.id), people))
        end = time.monotonic() + 60
        while db["orders"].count_documents({"state": "paid"}) < ORDERS and time.monotonic() < end:
            time.sleep(0.1)
        assert served.verify()

    # On a slow machine the orders come no faster than the rate, and none queues.
    assert {answer.status for answer in orders} <= {201, 202}
    times = sorted(at for at, path, _ in fake.requests if path == "POST /v1/payment_intents")
    assert len(times) == ORDERS
    # A payment may come later than its turn, also the first one; none comes earlier.
    assert all(at - start > turn / RATE - 0.05 for turn, at in enumerate(times))
    assert fake.ledger.balance() == ORDERS * 2500
    mongo.drop_database(db.name)


def test_event_doubled_on_two_worker_processes_counts_once(
    replica_set: ReplicaSet, mongo: Client, fake: FakeStripe, tmp_path: Path
) -> None:
    with serving(replica_set.uri, tmp_path, **fake.environment()) as served:
        assert len(served.workers()) == 2
        db = mongo[served.environment["MONGODB_DATABASE"]]
        tier = store_event(db, new_tier(capacity=1)).tiers[0]
        (person,) = members(db, from_env(served.environment), over_http(served.url), 1)
        fake.faults.append(Fault.CUT_AFTER)
        assert order(person, tier.id).status == 202
        (body,) = fake.take_events()

        def notify(_: int) -> int:
            headers = {"Stripe-Signature": sign(body)}
            return requests.post(f"{served.url}/api/payments/webhook", body, headers=headers, timeout=30).status_code

        with ThreadPoolExecutor(16) as pool:
            statuses = set(pool.map(notify, range(32)))
        assert served.verify()

    assert statuses == {200}
    assert [ticket["state"] for ticket in db["tickets"].find()] == ["valid"]
    assert db["letters"].count_documents({"template": "order_paid"}) == 1
    mongo.drop_database(db.name)


def order(person: Member, tier_id: str) -> Answer:
    body = {"items": [{"tierId": tier_id, "quantity": 1}], "paymentToken": "pm_card_visa"}
    return person.send("POST", "/api/orders", json=body, headers={"Idempotency-Key": uuid.uuid4().hex})
