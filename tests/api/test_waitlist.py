"""Waiting for a full slot: in order, once for a guest, and a place that comes free goes to the first in line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

import wiring
from core.mongo.client import Db
from core.mongo.transactions import Session
from schedules.store import SlotStore
from tests.api.conftest import Clock
from tests.api_client import Api, over_app
from tests.factories import contact
from waitlist.join import JoinRequest
from waitlist.model import NewEntry, WaitlistEntry
from waitlist.store import WaitlistStore

DATE = "2026-03-05"


def full_slot(api: Api, number: int = 0) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Fill a slot; return it and its bookings."""
    slot = api.slots(DATE)[number]
    made = [api.book(slot).json["booking"] for _ in range(slot["capacity"])]
    return slot, made


def queue(api: Api, slot: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """Let `count` people join; return their entries in order."""
    answers = [api.wait_for(slot) for _ in range(count)]
    assert [answer.status for answer in answers] == [202] * count, answers[0].body
    return [answer.json["entry"] for answer in answers]


def standing(api: Api, number: int = 0) -> tuple[int, int, int]:
    """Return a slot's booked places, free places and how many wait."""
    slot = api.admin("GET", "/slots", query={"date": DATE}).json[number]
    return slot["bookedCount"], slot["remaining"], slot["waiting"]


def pending() -> NewEntry:
    """Return the wish of somebody who has not been here before."""
    form = contact()
    return NewEntry(form["fullName"], form["email"], form["phone"], form["country"])


def as_sent(new: NewEntry) -> dict[str, str]:
    return {"fullName": new.full_name, "email": new.email, "phone": new.phone, "country": new.country}


def states(api: Api, entries: list[dict[str, Any]]) -> list[str]:
    return [api.held("GET", entry).json["status"] for entry in entries]


def test_joining_reports_the_position_and_emails_a_letter(api: Api, db: Db) -> None:
    slot, _ = full_slot(api)
    first = api.wait_for(slot)
    second = api.wait_for(slot, fullName="Ada Lovelace")

    assert (first.status, first.json["entry"]["position"], second.json["entry"]["position"]) == (202, 1, 2)
    entry = second.json["entry"]
    assert (entry["fullName"], entry["slotId"], entry["date"], entry["slot"]) == (
        "Ada Lovelace", slot["_id"], DATE, slot["label"],
    )  # fmt: skip
    assert api.held("GET", entry).json == entry
    letter = db.letters.find_one({"about": entry["id"]})
    assert letter is not None
    assert (letter["template"], letter["to"], letter["facts"]["leaveUrl"]) == (
        "guest_waiting", entry["email"], entry["manageUrl"],
    )  # fmt: skip


def test_a_cancelled_place_goes_to_the_first_in_line_at_once(api: Api, db: Db, services: wiring.Services) -> None:
    slot, made = full_slot(api)
    entries = queue(api, slot, 3)

    assert api.held("DELETE", made[1]).status == 200

    assert standing(api) == (4, 0, 2)
    assert states(api, entries) == ["promoted", "waiting", "waiting"]
    assert [api.held("GET", entry).json["position"] for entry in entries] == [0, 1, 2]
    booking = db.bookings.find_one({"_id": api.held("GET", entries[0]).json["bookingId"]})
    assert booking is not None
    assert (booking["email"], booking["slotId"], booking["status"]) == (entries[0]["email"], slot["_id"], "confirmed")
    assert [row["template"] for row in db.letters.find({"about": booking["_id"]}).sort("createdAt")] == [
        "admin_booking", "guest_promoted",
    ]  # fmt: skip
    assert api.book(slot).code == "slot_full"
    assert services.booking.find_mismatches.execute() == []


def test_a_raised_capacity_promotes_as_many_as_fit_in_order(api: Api, services: wiring.Services) -> None:
    slot, _ = full_slot(api)
    entries = queue(api, slot, 3)

    raised = api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": 6})

    assert (raised.json["bookedCount"], raised.json["remaining"], raised.json["waiting"]) == (6, 0, 1)
    assert states(api, entries) == ["promoted", "promoted", "waiting"]
    assert api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": 9}).json["remaining"] == 2
    assert standing(api) == (7, 2, 0)
    assert services.booking.find_mismatches.execute() == []


def test_a_closed_slot_promotes_no_one_until_it_opens_again(api: Api, services: wiring.Services) -> None:
    slot, made = full_slot(api)
    entries = queue(api, slot, 2)
    api.admin("PATCH", f"/slots/{slot['_id']}", json={"closed": True})

    api.held("DELETE", made[0])
    assert (standing(api), states(api, entries)) == ((3, 0, 2), ["waiting", "waiting"])
    assert api.wait_for(slot).code == "slot_closed"

    api.admin("PATCH", f"/slots/{slot['_id']}", json={"closed": False})
    assert (standing(api), states(api, entries)) == ((4, 0, 1), ["promoted", "waiting"])
    assert services.booking.find_mismatches.execute() == []


def test_no_one_is_promoted_after_the_cut_off(
    make_app: Callable[..., Flask], small_schedule: Callable[..., str], clock: Clock
) -> None:
    api = Api(over_app(make_app(SCHEDULE_FILE=small_schedule("cutoff_minutes = 60"), clock=clock)))
    slot = api.slots("2031-06-10")[0]
    made = api.book(slot).json["booking"]
    entry = api.wait_for(slot).json["entry"]
    clock.at = clock.at.replace(year=2031, month=6, day=10, hour=12, minute=30)  # 08:30 in New York

    assert api.held("DELETE", made).status == 200

    assert api.held("GET", entry).json["status"] == "waiting"
    assert api.wait_for(slot).code == "slot_closed"


def test_leave_frees_the_queue_position_and_is_idempotent(api: Api) -> None:
    slot, made = full_slot(api)
    entries = queue(api, slot, 2)

    first, again = api.held("DELETE", entries[0]), api.held("DELETE", entries[0])

    assert (first.status, first.json["status"], again.json) == (200, "left", first.json)
    assert standing(api) == (4, 0, 1)
    api.held("DELETE", made[0])
    assert states(api, entries) == ["left", "promoted"]
    assert api.held("DELETE", entries[1]).json["status"] == "promoted"
    assert standing(api) == (4, 0, 0)


def test_anyone_has_found_a_place_meanwhile_gives_up_the_turn(api: Api, db: Db, services: wiring.Services) -> None:
    slot, made = full_slot(api)
    guest = contact()
    waiting = api.wait_for(slot, **guest).json["entry"]
    other = api.wait_for(slot).json["entry"]
    # No door leads here: a place is made behind the waiting list's back.
    db.slots.update_one({"_id": slot["_id"]}, {"$set": {"capacity": 5}})
    assert api.book(slot, **guest).status == 201

    assert api.held("DELETE", made[0]).status == 200

    assert states(api, [waiting, other]) == ["left", "promoted"]
    assert standing(api) == (5, 0, 0)
    assert services.booking.find_mismatches.execute() == []


def test_one_entry_for_a_guest_and_slot(api: Api) -> None:
    slot, made = full_slot(api)
    other, _ = full_slot(api, 1)
    guest = contact()

    assert api.wait_for(slot, **guest).status == 202
    assert api.wait_for(slot, **{**guest, "email": guest["email"].upper()}).code == "already_waiting"
    assert api.wait_for(other, **guest).status == 202
    assert api.wait_for(slot, email=made[0]["email"]).code == "duplicate_booking"
    assert standing(api) == (4, 0, 1)


def test_join_replayed_after_leaving_gets_the_first_entry(api: Api, db: Db, services: wiring.Services) -> None:
    slot, _ = full_slot(api)
    other, _ = full_slot(api, 1)
    guest, somebody = pending(), pending()

    def join(slot_id: str, guest: NewEntry, key: str) -> tuple[WaitlistEntry, int]:
        return services.waitlist.join.execute(slot_id, JoinRequest(guest, key))

    queue(api, slot, 1)
    made, position = join(slot["_id"], guest, key="a-form")
    assert (position, join(slot["_id"], guest, key="a-form")) == (2, (made, 2))

    left = services.waitlist.entries.leaving.execute(made.id)

    assert join(slot["_id"], guest, key="a-form") == (left, 0)
    assert standing(api) == (4, 0, 1)
    assert db.letters.count_documents({"to": guest.email, "about": {"$ne": made.id}}) == 0
    # The key is the guest's own, for one slot; and who has left may join again, by another form or without a key.
    assert join(slot["_id"], somebody, key="a-form")[1] == 2
    assert join(other["_id"], guest, key="a-form")[1] == 1
    repeat, position = join(slot["_id"], guest, key="another-form")
    assert (position, repeat.id != made.id) == (3, True)
    services.waitlist.entries.leaving.execute(repeat.id)
    assert [api.wait_for(slot, **as_sent(guest)).status for _ in range(2)] == [202, 409]
    assert services.booking.find_mismatches.execute() == []


def joined_and_left_meanwhile(
    services: wiring.Services, slot_id: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[WaitlistEntry, tuple[WaitlistEntry, int]]:
    """Join while another process carries out the same request and the guest leaves again; return both outcomes."""
    guest = pending()
    gone: list[Any] = []
    request = JoinRequest(guest, "a-form")
    others = replace(services.booking.group_commit)  # with a queue of its own
    join_elsewhere = replace(services.waitlist.join, group_commit=others)
    leave_elsewhere = replace(services.waitlist.entries.leaving, group_commit=others)
    draw = SlotStore.join_queue

    def held_up(store: SlotStore, session: Session, joining: Mapping[str, Sequence[int]]) -> bool:
        if not gone:
            gone.append("now")  # The other one draws a ticket, too.
            entry, _ = join_elsewhere.execute(slot_id, request)
            gone[:] = [leave_elsewhere.execute(entry.id)]
        return draw(store, session, joining)

    monkeypatch.setattr(SlotStore, "join_queue", held_up)
    answer = services.waitlist.join.execute(slot_id, request)
    return gone[0], answer


def look_at_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away that a transaction looks whether its key has been used."""
    monkeypatch.setattr(WaitlistStore, "known", lambda *_: set())


@pytest.mark.parametrize("looks", [True, False])
@pytest.mark.parametrize("is_unique", [True, False])
def test_concurrent_duplicate_join_is_made_once_and_control_makes_two(
    api: Api, db: Db, services: wiring.Services, monkeypatch: pytest.MonkeyPatch, looks: bool, is_unique: bool
) -> None:
    slot, _ = full_slot(api)
    if not looks:
        look_at_no_key(monkeypatch)
    if not is_unique:
        db.waitlist.drop_index("one_entry_per_request")

    left, answer = joined_and_left_meanwhile(services, slot["_id"], monkeypatch)

    if looks or is_unique:
        assert answer == (left, 0)
        assert (db.waitlist.count_documents({}), standing(api)) == (1, (4, 0, 0))
    else:
        assert (db.waitlist.count_documents({}), standing(api)) == (2, (4, 0, 1))
    assert services.booking.find_mismatches.execute() == []


def test_a_slot_with_places_has_no_list(api: Api) -> None:
    slot = api.slots(DATE)[0]

    assert (api.wait_for(slot).status, api.wait_for(slot).code) == (409, "slot_has_places")
    assert api.send("POST", "/api/slots/no-such-slot-anywhere/waitlist", json=contact()).code == "slot_not_found"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"fullName": "A"}, "fullName"),
        ({"email": "nobody"}, "email"),
        ({"phone": "0415 555 0123"}, "phone"),
        ({"country": "DE"}, "country"),
        ({"country": "us"}, "country"),
    ],
)
def test_a_pending_to_wait_is_validated_like_a_booking(api: Api, changes: dict[str, str], field: str) -> None:
    slot, _ = full_slot(api)

    answer = api.wait_for(slot, **changes)

    assert (answer.status, answer.code, list(answer.json["errors"])) == (400, "validation_failed", [field])


def test_a_token_of_the_list_opens_nothing_else(api: Api) -> None:
    slot, made = full_slot(api)
    entry = api.wait_for(slot).json["entry"]
    token = entry["manageUrl"].partition("#token=")[2]
    wrong = {"Authorization": f"Bearer {token}"}

    assert api.get(f"/api/bookings/{made[0]['id']}", headers=wrong).status == 404
    answers = [
        api.send(method, f"/api/waitlist/{entry_id}", headers={"Authorization": f"Bearer {given}"})
        for method in ("GET", "DELETE")
        for entry_id, given in ((entry["id"], "wrong"), ("0" * 32, token), (entry["id"], ""), ("nobody", "x"))
    ]
    assert {(answer.status, answer.code) for answer in answers} == {(404, "entry_not_found")}
    assert standing(api) == (4, 0, 1)


def test_the_page_behind_the_link_leaves_on_a_click_alone(api: Api) -> None:
    slot, _ = full_slot(api)
    entry = api.wait_for(slot, fullName="Ada <b>Lovelace").json["entry"]
    path, _, token = entry["manageUrl"].partition("127.0.0.1:8000")[2].partition("#token=")

    door = api.get(path)
    opened = api.send("POST", f"{path}/open", data={"token": token})
    cookie = {"Cookie": opened.headers["Set-Cookie"].partition(";")[0]}
    page = api.get(path, headers=cookie)

    assert (door.status, opened.status, page.status) == (200, 303, 200)
    assert "number 1" in page.body.decode()
    assert "<b>" not in page.body.decode()
    assert standing(api) == (4, 0, 1)
    left = api.send("POST", f"{path}/leave", headers=cookie)
    assert (left.status, left.headers["Location"]) == (303, path)
    assert "You have left" in api.get(path, headers=cookie).body.decode()
    assert standing(api) == (4, 0, 0)
    assert api.send("POST", f"{path}/open", data={"token": "wrong"}).status == 404
    assert api.send("POST", f"{path}/leave").status == 404


def test_control_the_count_of_those_who_wait_is_verified(api: Api, db: Db, services: wiring.Services) -> None:
    slot, _ = full_slot(api)
    queue(api, slot, 2)
    assert services.booking.find_mismatches.execute() == []

    db.slots.update_one({"_id": slot["_id"]}, {"$set": {"waiting": 1}})
    assert [row["slotId"] for row in services.booking.find_mismatches.execute()] == [slot["_id"]]

    db.slots.update_one({"_id": slot["_id"]}, {"$set": {"waiting": 2, "capacity": 5}})
    assert [row["slotId"] for row in services.booking.find_mismatches.execute()] == [
        slot["_id"]
    ]  # a free place, and people wait
