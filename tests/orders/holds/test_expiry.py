"""Expiry of holds: where their stock is claimed, by the scheduler, and once under concurrency."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.errors import Unavailable
from core.mongo.failures import DatabaseError
from core.mongo.transactions import transaction
from inventory.group_commit import GroupCommit
from orders.deadline_expiry import EXPIRY_INTERVAL, EarliestDeadline
from orders.holds.claims import TicketClaims
from orders.holds.expiry import ExpireHolds
from orders.holds.model import Hold, HoldState
from orders.holds.store import HoldStore
from orders.holds.tickets import HeldTickets
from tests.orders.conftest import ManualClock
from tests.orders.shop import Buyer, Shop, TierPlan


def test_expired_hold_gives_way_to_a_claim_of_its_stock(shop: Shop, buyer: Buyer, clock: ManualClock) -> None:
    event = shop.event(TierPlan("A", 100, 2), TierPlan("B", 100, 2), pool=2)
    one, two = event.tiers
    assert buyer.hold((one, 2)).status == 201
    other = shop.buyer()

    clock.advance(seconds=599)
    refused = other.hold((one, 1))
    clock.advance(seconds=1)
    by_the_pool = other.hold((two, 2))

    assert refused.code == "insufficient_stock"
    assert by_the_pool.status == 201
    assert (shop.stock(one.id), shop.stock(two.id)) == ((0, 0), (2, 2))


def test_claim_is_repeated_if_another_process_ended_the_hold(
    shop: Shop, buyer: Buyer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tier,) = shop.event(TierPlan(capacity=2)).tiers
    assert buyer.hold((tier, 2)).status == 201
    other = shop.buyer()
    clock.advance(seconds=600)
    end = ExpireHolds._end

    def end_twice(expire: ExpireHolds, found: Sequence[Hold]) -> int:
        end(expire, found)  # as another process does
        return end(expire, found)

    monkeypatch.setattr(ExpireHolds, "_end", end_twice)

    assert other.hold((tier, 1)).status == 201


def test_control_claims_without_expiry_stay_refused(
    shop: Shop, buyer: Buyer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tier,) = shop.event(TierPlan(capacity=2)).tiers
    assert buyer.hold((tier, 2)).status == 201
    clock.advance(seconds=600)
    other = shop.buyer()

    with monkeypatch.context() as patch:
        patch.setattr(TicketClaims, "submit", lambda claims, request: claims.group_commit.submit(request))
        assert other.hold((tier, 1)).code == "insufficient_stock"
    assert other.hold((tier, 1)).status == 201


def test_scheduler_ends_expired_holds_alone(shop: Shop, buyer: Buyer, clock: ManualClock) -> None:
    (tier,) = shop.event().tiers
    other = shop.buyer()
    first = buyer.hold((tier, 2)).json["id"]
    clock.advance(seconds=300)
    second = other.hold((tier, 3)).json["id"]
    clock.advance(seconds=300)

    shop.services.scheduler.tick()

    assert shop.stock(tier.id) == (3, 3)
    states = {row["_id"]: row["state"] for row in shop.db["holds"].find()}
    assert states == {first: "expired", second: "active"}


def test_overdue_holds_are_ended_without_the_lease(shop: Shop, buyer: Buyer, clock: ManualClock) -> None:
    (tier,) = shop.event().tiers
    buyer.hold((tier, 2))
    expire = shop.services.orders.holds.expire

    clock.advance(seconds=600.3)
    assert expire.execute_overdue() == 0
    clock.advance(seconds=0.1)
    assert expire.execute_overdue() == 1
    assert shop.stock(tier.id) == (0, 0)


def test_idle_process_reads_the_earliest_deadline_once_a_second(
    shop: Shop, buyer: Buyer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer.hold((shop.event().tiers[0], 2))
    expire = shop.services.orders.holds.expire
    reads: list[str] = []
    for name in ("first_deadline", "expired"):
        count_calls(monkeypatch, name, reads)

    for _ in range(30):
        expire.execute_due()
        expire.execute_overdue()
        clock.advance(seconds=0.1)

    assert reads == ["first_deadline"] * 3


def count_calls(monkeypatch: pytest.MonkeyPatch, name: str, calls: list[str]) -> None:
    method = getattr(HoldStore, name)

    def counted(*arguments: Any) -> Any:
        calls.append(name)
        return method(*arguments)

    monkeypatch.setattr(HoldStore, name, counted)


@pytest.mark.parametrize("run", ["execute_due", "execute_overdue"])
def test_hold_of_another_process_ends_within_a_second(shop: Shop, buyer: Buyer, clock: ManualClock, run: str) -> None:
    (tier,) = shop.event().tiers
    expire = replace(shop.services.orders.holds.expire, earliest=EarliestDeadline())
    clock.advance(milliseconds=300)
    assert getattr(expire, run)() == 0

    clock.advance(milliseconds=1)
    buyer.hold((tier, 2))
    made = clock.at
    while not getattr(expire, run)():
        clock.advance(seconds=EXPIRY_INTERVAL)

    assert clock.at - made <= timedelta(seconds=601)
    assert shop.stock(tier.id) == (0, 0)


def test_hold_that_cannot_end_does_not_keep_the_others(
    shop: Shop, buyer: Buyer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tier,) = shop.event().tiers
    bad = buyer.hold((tier, 2)).json["id"]
    shop.buyer().hold((tier, 3))
    clock.advance(seconds=600)
    submit = GroupCommit.submit

    def refuse_one(commit: GroupCommit, request: Any) -> Any:
        if bad in {hold.id for hold in request.detail.holds}:
            raise Unavailable
        return submit(commit, request)

    monkeypatch.setattr(GroupCommit, "submit", refuse_one)

    assert shop.services.orders.holds.expire.execute() == 1
    assert shop.stock(tier.id) == (2, 2)


def test_concurrent_ends_of_a_hold_release_it_once(shop: Shop, clock: ManualClock) -> None:
    (tier,) = shop.event(TierPlan(capacity=40)).tiers
    for _ in range(10):
        assert shop.buyer().hold((tier, 2)).status == 201
    keeper = shop.buyer()
    clock.advance(seconds=600)
    assert keeper.hold((tier, 5)).status == 201
    expire = shop.services.orders.holds.expire

    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(lambda _: expire.execute(), range(8)))

    assert sum(ended) == 10
    assert shop.stock(tier.id) == (5, 5)


def test_control_end_without_the_state_in_the_filter_releases_twice(
    shop: Shop, buyer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tier,) = shop.event().tiers
    made = buyer.hold((tier, 2)).json["id"]
    shop.buyer().hold((tier, 2))
    release = shop.services.orders.holds.release
    hold = release.holds.get_of(buyer.id, made)
    monkeypatch.setattr("orders.holds.store.ACTIVE", {})
    monkeypatch.setattr(HeldTickets, "end", lambda *_: None)

    release.execute(buyer.id, made)
    release.execute(buyer.id, made)

    assert hold.state is HoldState.ACTIVE
    assert shop.stock(tier.id)[0] == 0


def test_held_count_below_zero_is_refused_by_the_database(shop: Shop) -> None:
    (tier,) = shop.event().tiers
    store = shop.services.events.store

    with pytest.raises(DatabaseError):
        transaction(shop.services.client, lambda session: store.count_held(session, {tier.id: -1}), 5)


def test_crowd_at_sold_out_stock_looks_for_expired_holds_once(
    shop: Shop, buyer: Buyer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tier,) = shop.event(TierPlan(capacity=1)).tiers
    buyer.hold((tier, 1))
    expire = shop.services.orders.holds.expire
    assert not expire.end_expired_of([tier.id])
    monkeypatch.setattr(HoldStore, "expired_of", lambda *_: pytest.fail("read again"))

    clock.advance(seconds=59)
    assert not expire.end_expired_of([tier.id])
