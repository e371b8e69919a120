"""Parties on the waiting list of a slot: all of their places at once, in order, and saved until they are enough."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

import wiring
from booking.waitlist_order import WaitlistOrder
from core.web.context import runtime_of
from schedules.model import SAVING_ENDS
from tests.api.booking_requests import refused
from tests.api.conftest import Clock
from tests.api_client import Answer, Api, over_app
from tests.deferred import write_deferred

DATE = "2031-06-10"
SAVING = datetime(2031, 6, 1, 12, tzinfo=UTC)
Waiting = tuple[Api, wiring.Services]


@pytest.fixture
def clock() -> Clock:
    return Clock(SAVING)


@pytest.fixture
def party(make_app: Callable[..., Flask], small_schedule: Callable[..., str], clock: Clock) -> Waiting:
    """An application whose first slot has four places, three of which are booked one by one."""
    app = make_app(SCHEDULE_FILE=small_schedule("seats_per_booking = 4"), clock=clock)
    api = Api(over_app(app))
    assert api.admin("PATCH", f"/slots/{api.slots(DATE)[0]['_id']}", json={"capacity": 4}).status == 200
    return api, runtime_of(app).get(wiring.Services)


def slot_of(api: Api) -> dict[str, Any]:
    slot: dict[str, Any] = api.admin("GET", "/slots", query={"date": DATE}).json[0]
    return slot


def state(api: Api) -> tuple[int, int, int, int]:
    """Return the booked, saved and open places of the slot, and the number of waiting entries."""
    slot = slot_of(api)
    return slot["bookedCount"], slot["saved"], slot["remaining"], slot["waiting"]


def book(api: Api, *parties: int) -> list[dict[str, Any]]:
    return [api.book(slot_of(api), seats=seats).json["booking"] for seats in parties]


def join(api: Api, seats: int, **changes: Any) -> dict[str, Any]:
    answer = api.wait_for(slot_of(api), seats=seats, **changes)
    assert answer.status == 202, answer.body
    entry: dict[str, Any] = answer.json["entry"]
    return entry


def cancel(api: Api, booking: dict[str, Any]) -> Answer:
    return api.held("DELETE", booking)


def status(api: Api, *entries: dict[str, Any]) -> list[str]:
    return [api.held("GET", entry).json["status"] for entry in entries]


def test_party_gets_its_places_once_all_are_free(party: Waiting) -> None:
    api, services = party
    made = book(api, 1, 1, 1, 1)
    two, one = join(api, 2), join(api, 1)
    assert (two["seats"], two["position"], one["position"]) == (2, 1, 2)

    cancel(api, made[0])
    assert (state(api), status(api, two, one)) == ((3, 1, 0, 2), ["waiting", "waiting"])
    assert api.book(slot_of(api)).code == "slot_full"
    cancel(api, made[1])
    assert (state(api), status(api, two, one)) == ((4, 0, 0, 1), ["promoted", "waiting"])
    cancel(api, made[2])

    assert (state(api), status(api, one)) == ((4, 0, 0, 0), ["promoted"])
    promoted = services.db.bookings.find_one({"email": two["email"]})
    assert promoted is not None
    assert promoted["seats"] == 2
    assert services.booking.find_mismatches.execute() == []


def test_places_saved_for_a_party_that_leaves_go_to_those_behind(party: Waiting) -> None:
    api, services = party
    made = book(api, 1, 1, 1, 1)
    three, one = join(api, 3), join(api, 1)
    cancel(api, made[0])
    cancel(api, made[1])
    assert state(api) == (2, 2, 0, 2)

    assert api.held("DELETE", three).status == 200

    assert (state(api), status(api, one)) == ((3, 0, 1, 0), ["promoted"])
    assert services.booking.find_mismatches.execute() == []


def test_party_that_joins_blocks_no_free_places(party: Waiting) -> None:
    api, services = party
    book(api, 2)
    join(api, 3)

    assert state(api) == (2, 0, 2, 1)
    assert api.book(slot_of(api), seats=2).status == 201
    assert services.booking.find_mismatches.execute() == []


def test_added_places_are_saved_for_the_party(party: Waiting) -> None:
    api, services = party
    book(api, 4)
    join(api, 3)

    api.admin("PATCH", f"/slots/{slot_of(api)['_id']}", json={"capacity": 6})
    assert state(api) == (4, 2, 0, 1)
    api.admin("PATCH", f"/slots/{slot_of(api)['_id']}", json={"capacity": 5})
    assert state(api) == (4, 1, 0, 1)
    api.admin("PATCH", f"/slots/{slot_of(api)['_id']}", json={"capacity": 7})

    assert state(api) == (7, 0, 0, 0)
    assert services.booking.find_mismatches.execute() == []


def test_party_larger_than_a_lowered_capacity_is_passed_over(party: Waiting) -> None:
    api, services = party
    made = book(api, 1, 1, 1, 1)
    four, one = join(api, 4), join(api, 1)
    cancel(api, made[0])
    assert state(api) == (3, 1, 0, 2)

    api.admin("PATCH", f"/slots/{slot_of(api)['_id']}", json={"capacity": 3})
    cancel(api, made[1])

    assert (state(api), status(api, four, one)) == ((3, 0, 0, 1), ["waiting", "promoted"])
    assert services.booking.find_mismatches.execute() == []


def test_saved_places_are_given_up_a_day_before(party: Waiting, clock: Clock) -> None:
    api, services = party
    made = book(api, 1, 1, 1, 1)
    three, two, one = join(api, 3), join(api, 2), join(api, 1)
    cancel(api, made[0])
    clock.at = services.schedules.get_plan(slot_of(api)["_id"]).starts_at - SAVING_ENDS
    assert state(api) == (3, 1, 0, 3)

    assert services.booking.reconcile_waitlists.execute() == 1

    assert (state(api), status(api, three, two, one)) == ((4, 0, 0, 2), ["waiting", "waiting", "promoted"])
    cancel(api, made[1])
    assert state(api) == (3, 0, 1, 2)
    assert api.book(slot_of(api)).status == 201
    assert services.booking.reconcile_waitlists.execute() == 0
    assert services.booking.find_mismatches.execute() == []


def test_places_released_while_closed_are_for_those_who_wait(party: Waiting) -> None:
    api, services = party
    made = book(api, 1, 3)
    two = join(api, 2)
    path = f"/slots/{slot_of(api)['_id']}"
    api.admin("PATCH", path, json={"closed": True})
    cancel(api, made[0])
    assert state(api) == (3, 1, 0, 1)

    api.admin("PATCH", path, json={"closed": False})
    assert (state(api), status(api, two)) == ((3, 1, 0, 1), ["waiting"])
    cancel(api, made[1])

    assert (state(api), status(api, two)) == ((2, 0, 2, 0), ["promoted"])
    assert services.booking.find_mismatches.execute() == []


@pytest.mark.parametrize("seats", [0, 5, "2", 1.5, True, None, {"$gt": ""}, [2]])
def test_wrong_party_of_an_entry_is_refused_with_its_field(party: Waiting, seats: Any) -> None:
    api, _ = party
    book(api, 4)

    refused(api.wait_for(slot_of(api), seats=seats), "seats")


def test_party_that_fits_or_never_fits_cannot_wait(party: Waiting) -> None:
    api, _ = party
    book(api, 2)

    assert api.wait_for(slot_of(api), seats=2).code == "slot_has_places"
    api.admin("PATCH", f"/slots/{slot_of(api)['_id']}", json={"capacity": 3})
    assert api.wait_for(slot_of(api), seats=4).code == "party_too_large"


def test_recount_notices_places_saved_without_need(party: Waiting) -> None:
    api, services = party
    book(api, 2)
    services.db.slots.update_one({"_id": slot_of(api)["_id"]}, {"$set": {"saved": 2}})

    (row,) = services.booking.find_mismatches.execute()

    assert row["saved"] == 2


def wait_and_book(api: Api) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return a booking of half of the slot, an entry whose guest then books the other half, and one behind it."""
    (made,) = book(api, 2)
    three = join(api, 3, email="both@example.org")
    assert api.book(slot_of(api), seats=2, email="both@example.org").status == 201
    return made, three, join(api, 1)


def test_entry_of_a_guest_who_has_booked_leaves_the_list(party: Waiting) -> None:
    api, services = party
    made, three, one = wait_and_book(api)
    assert services.booking.reconcile_waitlists.execute() == 0

    cancel(api, made)

    assert (state(api), status(api, three, one)) == ((3, 0, 1, 0), ["left", "promoted"])
    assert services.booking.find_mismatches.execute() == []


def test_control_entry_of_a_guest_who_has_booked_blocks_the_list(
    party: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, _ = party
    made, three, one = wait_and_book(api)
    monkeypatch.setattr(WaitlistOrder, "_booked", lambda *_: [])

    cancel(api, made)

    assert (state(api), status(api, three, one)) == ((2, 2, 0, 2), ["waiting", "waiting"])


def test_reconciliation_drops_the_entry_of_a_guest_who_has_booked(
    party: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, services = party
    made, three, one = wait_and_book(api)
    with monkeypatch.context() as patch:
        patch.setattr(WaitlistOrder, "_booked", lambda *_: [])
        cancel(api, made)
    assert services.booking.find_mismatches.execute() == []

    assert services.booking.reconcile_waitlists.execute() == 1

    assert (state(api), status(api, three, one)) == ((3, 0, 1, 0), ["left", "promoted"])
    assert services.booking.reconcile_waitlists.execute() == 0


def test_reconciliation_opens_places_saved_without_a_waiting_list(party: Waiting) -> None:
    api, services = party
    book(api, 2)
    services.db.slots.update_one({"_id": slot_of(api)["_id"]}, {"$set": {"saved": 2}})

    assert services.booking.reconcile_waitlists.execute() == 1

    assert state(api) == (2, 0, 2, 0)
    assert services.booking.reconcile_waitlists.execute() == 0


def test_emails_name_the_number_of_places(party: Waiting) -> None:
    api, services = party
    made = book(api, 4)
    entry = join(api, 3)
    waiting = services.db.letters.find_one({"about": entry["id"]})
    assert waiting is not None
    assert (waiting["template"], waiting["facts"]["seats"]) == ("guest_waiting", "3")

    cancel(api, made[0])
    write_deferred(services.db)

    facts = {(row["template"], row["facts"]["email"]): row["facts"].get("seats") for row in services.db.letters.find()}
    assert facts["guest_promoted", entry["email"]] == "3"
    assert facts["admin_booking", entry["email"]] == "3"
    assert facts["guest_booking", made[0]["email"]] == "4"
    assert facts["guest_cancellation", made[0]["email"]] == "4"


def test_guest_who_waits_and_joins_with_another_party_keeps_the_entry(party: Waiting) -> None:
    api, services = party
    book(api, 4)
    two, one = join(api, 2, email="ada@example.org"), join(api, 1)

    for seats in (1, 3, 2):
        answer = api.wait_for(slot_of(api), seats=seats, email="ada@example.org")
        assert (answer.status, answer.code) == (409, "already_waiting")

    entry = api.held("GET", two).json
    assert (entry["seats"], entry["position"], entry["status"]) == (2, 1, "waiting")
    assert api.held("GET", one).json["position"] == 2
    assert services.booking.find_mismatches.execute() == []
