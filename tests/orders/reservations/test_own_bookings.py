"""What is one's own: cancelling by id with the access token, the stored data, and the list of the back office."""

from __future__ import annotations

import pytest

from core.mongo.client import Db
from events.store import EventStore
from tests.api_client import Api
from tests.event_calls import new_tier, store_event
from tests.factories import person
from tests.members import Member
from tests.orders.conftest import MakeMembers


def test_reservation_is_cancelled_by_its_id_once(ada: Member, db: Db) -> None:
    event = store_event(db)
    made = ada.reserve(event.id).json

    first = ada.send("DELETE", f"/api/bookings/{made['id']}")
    again = ada.send("DELETE", f"/api/bookings/{made['id']}")

    assert (first.status, first.json["status"], first.json["event"]["id"]) == (200, "CANCELLED", event.id)
    assert (again.status, again.json["updatedAt"]) == (200, first.json["updatedAt"])
    assert EventStore(db).get(event.id).tiers[0].taken == 0


def test_reservation_of_another_and_an_unknown_one_are_not_found(ada: Member, bob: Member, db: Db) -> None:
    made = bob.reserve(store_event(db).id).json

    for booking_id in (made["id"], "0" * 32, "none"):
        refused = ada.send("DELETE", f"/api/bookings/{booking_id}")
        assert (refused.status, refused.code) == (404, "booking_not_found")
    assert [booking["status"] for booking in bob.bookings("all").json] == ["CONFIRMED"]


def test_slot_booking_of_the_account_is_cancelled_by_its_access_token(ada: Member, bob: Member, api: Api) -> None:
    slot = api.slots()[0]
    form = {**person(), "date": slot["date"], "slotId": slot["_id"]}
    made = ada.send("POST", "/api/bookings", json=form).json["booking"]
    assert bob.send("DELETE", f"/api/bookings/{made['id']}").code == "booking_not_found"

    for _ in range(2):
        cancelled = ada.send("DELETE", f"/api/bookings/{made['id']}")
        assert (cancelled.status, cancelled.json["status"]) == (200, "cancelled")
    assert api.slots()[0]["bookedCount"] == 0


def test_slot_booking_without_an_account_needs_its_link(ada: Member, api: Api) -> None:
    made = api.book(api.slots()[0]).json["booking"]

    assert ada.send("DELETE", f"/api/bookings/{made['id']}").code == "booking_not_found"
    assert api.held("DELETE", made).status == 200


@pytest.mark.parametrize("token", ["a.b.c", "..", "eyJhbGciOiJub25lIn0.e30."])
def test_invalid_access_token_is_not_signed_in(token: str, ada: Member, api: Api, db: Db) -> None:
    made = ada.reserve(store_event(db).id).json

    refused = api.send("DELETE", f"/api/bookings/{made['id']}", headers={"Authorization": f"Bearer {token}"})

    assert (refused.status, refused.code) == (401, "not_signed_in")


def test_own_data_has_the_reservations(ada: Member, bob: Member, db: Db) -> None:
    event = store_event(db, title="Concert")
    made = ada.reserve(event.id).json
    bob.reserve(event.id)
    ada.cancel(event.id)

    data = ada.send("GET", "/api/me/data")

    assert data.status == 200
    (reservation,) = data.json["reservations"]
    assert (reservation["id"], reservation["status"], reservation["event"]) == (made["id"], "CANCELLED", "Concert")


def test_back_office_lists_the_reservations_of_an_event(make_members: MakeMembers, api: Api, db: Db) -> None:
    event = store_event(db, new_tier(capacity=5))
    people = make_members(3)
    for member in people:
        member.reserve(event.id)
    people[0].cancel(event.id)
    db["accounts"].delete_one({"_id": people[1].account.id})

    listed = api.admin("GET", f"/events/{event.id}/bookings", query={"limit": 2}).json
    rest = api.admin("GET", f"/events/{event.id}/bookings", query={"limit": 2, "page": 2}).json

    assert {name: listed[name] for name in ("total", "page", "limit", "totalPages")} == {
        "total": 3, "page": 1, "limit": 2, "totalPages": 2
    }  # fmt: skip
    names = [(item["email"], item["status"]) for item in (*listed["items"], *rest["items"])]
    assert names == [
        (people[2].account.email, "CONFIRMED"),
        (None, "CONFIRMED"),
        (people[0].account.email, "CANCELLED"),
    ]


def test_back_office_list_is_refused_without_its_rights(ada: Member, api: Api, db: Db) -> None:
    path = f"/api/admin/events/{store_event(db).id}/bookings"

    assert api.get(path).status == 401
    assert ada.send("GET", path).status == 403
    assert api.admin("GET", "/events/none/bookings").code == "event_not_found"
    for query in ({"page": "0"}, {"limit": "x"}, {"status": "all"}):
        assert api.admin("GET", path.removeprefix("/api/admin"), query=query).status == 400
