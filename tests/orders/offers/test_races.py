"""Races of waiting lists in threads: the order of arrival is kept, and a freed ticket is offered once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import wiring
from core.mongo.client import Db
from tests.event_calls import new_tier, store_event
from tests.members import Member
from tests.orders.conftest import MakeMembers


def test_rush_of_joins_and_cancellations_offers_each_freed_ticket_once(
    make_members: MakeMembers, services: wiring.Services, db: Db
) -> None:
    event = store_event(db, new_tier(capacity=6), pool=6)
    owners = make_members(6)
    waiting = make_members(10)
    strangers = make_members(6)
    for member in owners:
        assert member.reserve(event.id).status == 201
    path = f"/api/tiers/{event.tiers[0].id}/waitlist"

    def join(member: Member) -> str:
        answer = member.send("POST", path, json={"quantity": 1})
        return "waits" if answer.status == 202 else answer.code

    calls = [partial(join, member) for member in waiting[:4]]
    assert [call() for call in calls] == ["waits"] * 4
    calls = [partial(join, member) for member in waiting[4:]]
    cancels = [partial(member.cancel, event.id) for member in owners]
    reserves = [partial(member.reserve, event.id) for member in strangers]
    with ThreadPoolExecutor(16) as threads:
        done = [threads.submit(call) for trio in zip(cancels, calls, reserves, strict=True) for call in trio]
        for each in done:
            each.result()

    offered = db["holds"].distinct("accountId", {"kind": "offer", "state": "active"})
    assert {member.account.id for member in waiting[:4]} <= set(offered)
    tier = services.events.get(event.id).tiers[0]
    assert tier.taken == db["reservations"].count_documents({"status": "CONFIRMED"}) + len(offered)
    assert services.orders.find_mismatches.execute() == []
