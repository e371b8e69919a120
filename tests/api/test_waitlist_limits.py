"""Limits of waiting lists: length, promotion of a thousand entries, and the cut-off."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import wiring
from core.mongo.client import Db
from tests.api.applications import Make, application, fill_slot
from tests.api.conftest import Clock
from tests.api_client import Api

DATE = "2026-03-05"


def test_waitlist_of_a_thousand_entries_is_full(api: Api, db: Db) -> None:
    slot, _ = fill_slot(api)
    db.slots.update_one({"_id": slot["_id"]}, {"$set": {"waiting": 999, "lastTicket": 999}})

    assert api.wait_for(slot).status == 202
    assert (api.wait_for(slot).status, api.wait_for(slot).code) == (409, "waitlist_full")


def test_raised_capacity_promotes_a_thousand_entries(api: Api, db: Db, services: wiring.Services) -> None:
    slot, _ = fill_slot(api)
    first = api.wait_for(slot).json["entry"]
    row = db.waitlist.find_one({"_id": first["id"]})
    assert row is not None
    db.waitlist.insert_many(
        [{**row, "_id": f"{n:032x}", "ticket": n, "email": f"w{n}@example.org"} for n in range(2, 1001)]
    )
    db.slots.update_one({"_id": slot["_id"]}, {"$set": {"waiting": 1000, "lastTicket": 1000}})

    raised = api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": 1100})

    assert (raised.status, raised.json["bookedCount"], raised.json["waiting"]) == (200, 1004, 0)
    assert services.booking.find_mismatches.execute() == []


def test_join_with_an_unknown_member_is_refused(api: Api) -> None:
    slot, _ = fill_slot(api)

    assert list(api.wait_for(slot, message="Please!").json["errors"]) == ["message"]


def test_join_of_a_slot_closed_after_the_check_is_refused(
    api: Api, services: wiring.Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot, _ = fill_slot(api)
    seen = services.schedules.get_states([slot["_id"]])
    api.admin("PATCH", f"/slots/{slot['_id']}", json={"closed": True})
    monkeypatch.setattr(type(services.schedules), "get_states", lambda *_: seen)

    assert api.wait_for(slot).code == "slot_closed"


def test_seats_freed_by_another_cut_off_are_promoted_within_a_minute(
    make_app: Make, make_database: Callable[[], str], small_schedule: Callable[..., str], clock: Clock
) -> None:
    shared = {"MONGODB_DATABASE": make_database(), "clock": clock}
    api, _ = application(make_app, SCHEDULE_FILE=small_schedule("cutoff_minutes = 60"), **shared)
    slot = api.slots("2031-06-10")[0]
    booking, entry = api.book(slot).json["booking"], api.wait_for(slot).json["entry"]
    clock.at = clock.at.replace(year=2031, month=6, day=10, hour=12, minute=30)  # 08:30 in New York
    api.held("DELETE", booking)

    later, services = application(make_app, SCHEDULE_FILE=small_schedule("cutoff_minutes = 10"), **shared)
    assert [row["slotId"] for row in services.booking.find_mismatches.execute()] == [slot["_id"]]
    services.scheduler.run_once()

    assert later.held("GET", entry).json["status"] == "promoted"
    assert services.booking.find_mismatches.execute() == []
