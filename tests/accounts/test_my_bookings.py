"""Slot bookings and stored data of the signed-in person."""

from __future__ import annotations

import pytest

import wiring
from core.mongo.client import Db
from tests.accounts.conftest import Device, mailed_token
from tests.api_client import Answer, Api
from tests.factories import person


def book(device: Device, slot: dict[str, str], **changes: str) -> Answer:
    form = {**person(), "date": slot["date"], "slotId": slot["_id"], **changes}
    return device.send("POST", "/api/bookings", json=form)


def my_ids(device: Device) -> list[str]:
    answer = device.send("GET", "/api/me/slots")
    assert answer.status == 200
    return [booking["id"] for booking in answer.json]


def verify(device: Device, db: Db) -> None:
    token = mailed_token(db, "account_verification")
    assert device.send("POST", "/api/auth/verify-email", json={"token": token}).status == 200


def test_bookings_made_with_the_account_are_listed_newest_first(device: Device, api: Api) -> None:
    first, second, third = api.slots()[:3]
    api.book(third)
    device.register()
    made = [book(device, slot).json["booking"] for slot in (first, second)]

    found = device.send("GET", "/api/me/slots").json

    assert found == [made[1], made[0]]


def test_bookings_of_the_address_are_listed_once_it_is_verified(device: Device, api: Api, db: Db) -> None:
    first, second = api.slots()[:2]
    guest = api.book(first, email="ada@example.org").json["booking"]
    device.register()
    mine = book(device, second).json["booking"]

    assert my_ids(device) == [mine["id"]]
    verify(device, db)
    assert my_ids(device) == [mine["id"], guest["id"]]
    device.send("DELETE", f"/api/bookings/{guest['id']}", headers=link_of(guest))
    assert my_ids(device) == [mine["id"], guest["id"]]


def link_of(booking: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {booking['manageUrl'].partition('#token=')[2]}"}


def test_bookings_of_others_are_not_listed(device: Device, other_device: Device, api: Api, db: Db) -> None:
    other_device.register("eve@example.org")
    book(other_device, api.slots()[0])
    api.book(api.slots()[1])
    device.register()
    verify(device, db)

    assert my_ids(device) == []


def test_booking_with_an_invalid_access_token_is_refused(device: Device, api: Api, db: Db) -> None:
    device.access_token = "x.y.z"  # nosec B105 # no token

    assert book(device, api.slots()[0]).code == "not_signed_in"
    assert db.bookings.count_documents({}) == 0


def test_booking_without_an_account_needs_no_token(api: Api, db: Db) -> None:
    assert api.book(api.slots()[0]).status == 201
    assert db.bookings.count_documents({"accountId": {"$exists": True}}) == 0


def test_deleted_account_is_detached_from_its_bookings(device: Device, api: Api, db: Db) -> None:
    device.register()
    assert book(device, api.slots()[0]).status == 201

    assert device.send("DELETE", "/api/auth/me", json={"password": "correct horse 7"}).status == 204

    assert db.bookings.count_documents({"status": "confirmed"}) == 1
    assert db.bookings.count_documents({"accountId": {"$exists": True}}) == 0


def test_erased_booking_is_not_listed(device: Device, api: Api, db: Db, services: wiring.Services) -> None:
    device.register()
    booking = book(device, api.slots()[0]).json["booking"]

    services.booking.erase_person.execute(booking["email"])

    assert my_ids(device) == []


def test_own_data_has_account_sessions_emails_and_bookings(
    device: Device, other_device: Device, api: Api, db: Db
) -> None:
    device.register()
    other_device.login()
    booking = book(device, api.slots()[0]).json["booking"]

    found = device.send("GET", "/api/me/data").json

    assert found["account"]["email"] == "ada@example.org"
    assert len(found["sessions"]) == 2
    assert [letter["template"] for letter in found["letters"]] == ["account_verification"]
    assert [each["reference"] for each in found["bookings"]] == [booking["reference"]]


@pytest.mark.parametrize("secret", ["password_hash", "argon2", "digest", "#token="])
def test_own_data_has_no_secret(device: Device, db: Db, secret: str) -> None:
    device.register()

    body = device.send("GET", "/api/me/data").body.decode()

    assert secret not in body
    assert mailed_token(db, "account_verification") not in body
