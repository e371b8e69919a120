"""Idempotency keys within bookings: unique, expired and swept; keys of older versions count until they expire."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

import wiring
from booking.idempotency_store import IdempotencyStore
from booking.model import NewBooking
from core.idempotency import KEY_LIFETIME
from core.mongo.client import Db
from core.web.context import runtime_of
from tests.api_client import Api, over_app
from tests.factories import person

DAY = timedelta(days=1)


class MovedClock:
    """The present time, moved by hours."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        moved = datetime.now(UTC) + self.ahead
        return moved.replace(microsecond=moved.microsecond // 1000 * 1000)


@pytest.fixture
def moved() -> MovedClock:
    """A clock that starts now."""
    return MovedClock()


@pytest.fixture
def service(make_app: Callable[..., Flask], moved: MovedClock) -> tuple[Api, wiring.Services]:
    """The verbs and the services of an application with this clock."""
    app = make_app(clock=moved)
    return Api(over_app(app)), runtime_of(app).get(wiring.Services)


def keys(db: Db) -> list[str]:
    return sorted(row["idempotencyKey"]["id"] for row in db.bookings.find({"idempotencyKey": {"$exists": True}}))


def sweep(services: wiring.Services, moved: MovedClock) -> int:
    return services.booking.idempotency_keys.sweep(moved())


def test_key_is_stored_in_the_booking_and_nowhere_else(service: tuple[Api, wiring.Services]) -> None:
    api, services = service

    api.book(api.slots()[0], key="key-1")
    api.book(api.slots()[0])

    assert (keys(services.db), services.db.bookings.count_documents({})) == (["key-1"], 2)
    assert services.db.idempotency_keys.count_documents({}) == 0


def test_index_refuses_a_second_booking_with_the_key(service: tuple[Api, wiring.Services]) -> None:
    api, services = service
    first, second, *_ = api.slots()
    api.book(first, key="key-1")

    assert api.book(second, key="key-1").code == "idempotency_key_reused"

    assert services.db.bookings.count_documents({}) == 1


def test_control_without_the_index_a_key_makes_two_bookings(service: tuple[Api, wiring.Services]) -> None:
    api, services = service
    first, second, *_ = api.slots()
    services.db.bookings.drop_index("idempotency_key")
    api.book(first, key="key-1")

    assert api.book(second, key="key-1").status == 201

    assert keys(services.db) == ["key-1", "key-1"]


def test_sweep_removes_expired_keys_and_no_booking(service: tuple[Api, wiring.Services], moved: MovedClock) -> None:
    api, services = service
    api.book(api.slots()[0], key="old")
    moved.ahead = KEY_LIFETIME / 2
    api.book(api.slots()[0], key="young")
    before = sweep(services, moved)
    moved.ahead = KEY_LIFETIME + timedelta(minutes=1)

    swept = sweep(services, moved)

    assert (before, swept, keys(services.db)) == (0, 1, ["young"])
    assert services.db.bookings.count_documents({"status": "confirmed"}) == 2
    moved.ahead = 2 * KEY_LIFETIME
    assert (sweep(services, moved), sweep(services, moved), keys(services.db)) == (1, 0, [])
    assert services.db.bookings.count_documents({"status": "confirmed"}) == 2


def test_sweep_of_a_new_process_removes_keys_of_any_age(
    service: tuple[Api, wiring.Services], moved: MovedClock
) -> None:
    api, services = service
    api.book(api.slots()[0], key="old")
    moved.ahead = 30 * DAY

    assert IdempotencyStore(services.db).sweep(moved()) == 1


def test_scheduler_sweeps_keys(service: tuple[Api, wiring.Services], moved: MovedClock) -> None:
    api, services = service
    api.book(api.slots()[0], key="old")
    moved.ahead = KEY_LIFETIME + timedelta(seconds=1)

    services.scheduler.run_once()

    assert (keys(services.db), services.db.bookings.count_documents({})) == ([], 1)


def test_no_index_of_bookings_deletes_documents(db: Db) -> None:
    assert not any("expireAfterSeconds" in index for index in db.bookings.index_information().values())


def test_expired_key_makes_another_booking_before_it_is_swept(
    service: tuple[Api, wiring.Services], moved: MovedClock
) -> None:
    api, services = service
    first = api.book(api.slots()[0], key="key-1")
    moved.ahead = KEY_LIFETIME

    again = api.book(api.slots()[0], key="key-1")

    assert (again.status, "Idempotency-Replayed" in again.headers) == (201, False)
    assert services.db.bookings.count_documents({}) == 2
    assert keys(services.db) == ["key-1"]
    assert services.booking.store.get(first.json["booking"]["id"])


def of_an_older_version(api: Api, services: wiring.Services, form: dict[str, str], expires_in: timedelta) -> str:
    """Book as an older version did, with the key `key-1` in a collection of its own; return the booking's id."""
    slot = api.slots()[0]
    made = api.book(slot, **form).json["booking"]
    new = NewBooking(**{**_fields(form), "date": slot["date"], "slot_id": slot["_id"]})
    services.db.idempotency_keys.create_index("expiresAt", expireAfterSeconds=0)
    services.db.idempotency_keys.insert_one(
        {
            "_id": "key-1",
            "fingerprint": new.fingerprint,
            "bookingId": made["id"],
            "expiresAt": services.schedules.clock() + expires_in,
        }
    )
    return str(made["id"])


def _fields(form: dict[str, str]) -> dict[str, str]:
    names = {"fullName": "full_name"}
    return {"message": "", "city": "", **{names.get(name, name): value for name, value in form.items()}}


def test_key_of_an_older_version_is_replayed(service: tuple[Api, wiring.Services]) -> None:
    api, services = service
    form = person()
    made = of_an_older_version(api, services, form, DAY)

    again = api.book(api.slots()[0], key="key-1", **form)

    assert (again.status, again.json["booking"]["id"]) == (201, made)
    assert again.headers["Idempotency-Replayed"] == "true"


def test_key_of_an_older_version_with_another_body_is_422(service: tuple[Api, wiring.Services]) -> None:
    api, services = service
    of_an_older_version(api, services, person(), DAY)

    refused = api.book(api.slots()[1], key="key-1")

    assert (refused.status, refused.code) == (422, "idempotency_key_reused")
    assert services.db.bookings.count_documents({}) == 1


def test_expired_key_of_an_older_version_does_not_count(service: tuple[Api, wiring.Services]) -> None:
    api, services = service
    of_an_older_version(api, services, person(), -timedelta(seconds=1))

    assert api.book(api.slots()[1], key="key-1").status == 201

    assert services.db.idempotency_keys.count_documents({}) == 0
    assert keys(services.db) == ["key-1"]


def test_erasure_deletes_keys_of_both_kinds(service: tuple[Api, wiring.Services]) -> None:
    api, services = service
    form = person()
    of_an_older_version(api, services, form, DAY)
    api.book(api.slots()[1], key="key-2", **form)

    services.booking.erase_person.execute(form["email"])

    assert (keys(services.db), services.db.idempotency_keys.count_documents({})) == ([], 0)
