"""A crowd meets few places: exactly as many succeed as there are, and what keeps it so is shown by taking it out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from flask import Flask

import inventory.stock
import wiring
from core.mongo.client import Client, Db
from core.web.context import runtime_of
from devdb.replica_set import ReplicaSet
from tests import factories
from tests.api_client import Answer, Api, over_app
from tests.conftest import Served, serving
from tests.faults.concurrency import (
    active_ids,
    assert_consistent,
    booked_ids,
    count_outcomes,
    outcome,
    run_concurrently,
)

Call = Callable[[], Answer]


@pytest.fixture(scope="module")
def service(
    replica_set: ReplicaSet, module_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """The service with two workers, for all tests here: each takes a date of its own."""
    folder = tmp_path_factory.mktemp("service")
    with serving(replica_set.uri, folder, MONGODB_DATABASE=module_database) as running:
        yield running


@pytest.fixture
def stored(service: Served, mongo: Client) -> Db:
    """The served service's database."""
    return mongo[service.environment["MONGODB_DATABASE"]]


def test_four_hundred_guests_fill_four_slots_exactly(service: Served, stored: Db) -> None:
    slots = service.api.slots("2026-03-05")
    four, noise = slots[:4], slots[5]
    assert service.api.book(noise).status == 201

    answers = run_concurrently([book(service.api, four[number % 4]) for number in range(400)])

    assert count_outcomes(answers) == {(201, "booked"): 16, (409, "slot_full"): 384}
    assert {len(answer.json["booking"]["reference"]) for answer in answers if answer.status == 201} == {9}
    standing = service.api.slots("2026-03-05")
    assert [slot["remaining"] for slot in standing[:6]] == [0, 0, 0, 0, 4, 3]
    assert_agrees(service, stored, answers)


def test_ten_guests_for_two_places_get_exactly_two(service: Served, stored: Db) -> None:
    slot = service.api.slots("2026-03-07")[0]
    patched = service.api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": 2})
    assert patched.status == 200, patched.body

    answers = run_concurrently([book(service.api, slot) for _ in range(10)])

    assert count_outcomes(answers) == {(201, "booked"): 2, (409, "slot_full"): 8}
    assert_agrees(service, stored, answers)


def test_replays_and_duplicates_under_load_take_no_place(service: Served, stored: Db) -> None:
    slots = service.api.slots("2026-03-09")[:6]
    crowd: list[Call] = []
    for slot in slots:
        eager, careful = factories.person(), factories.person()
        crowd += [book(service.api, slot, form=eager) for _ in range(8)]
        crowd += [book(service.api, slot, form=careful, key=f"careful-{slot['_id']}") for _ in range(8)]
        crowd += [book(service.api, slot, key=f"one-{slot['_id']}-{number}") for number in range(2)]

    answers = run_concurrently([crowd[number * 37 % len(crowd)] for number in range(len(crowd))])

    # Four different people for four places: a repeated request is refused as a duplicate, and no other one is.
    assert {outcome(answer) for answer in answers} <= {
        (201, "booked"), (201, "replayed"), (409, "duplicate_booking"), (409, "slot_full"),
    }  # fmt: skip
    assert count_outcomes(answers)[201, "booked"] == len(booked_ids(answers)) == 24
    assert [slot["remaining"] for slot in service.api.slots("2026-03-09")[:6]] == [0] * 6
    assert_agrees(service, stored, answers)


def test_last_place_is_sold_though_duplicates_arrive_first(service: Served, stored: Db) -> None:
    slots = service.api.slots("2026-03-11")[:8]
    crowd: list[Call] = []
    for slot in slots:
        guest = factories.person()
        assert service.api.book(slot, **guest).status == 201
        assert [service.api.book(slot).status for _ in range(2)] == [201, 201]
        crowd += [book(service.api, slot, form=guest) for _ in range(6)]
        crowd += [book(service.api, slot) for _ in range(3)]

    answers = run_concurrently(crowd)

    assert count_outcomes(answers)[201, "booked"] == 8
    assert [slot["remaining"] for slot in service.api.slots("2026-03-11")[:8]] == [0] * 8
    assert_agrees(service, stored, answers)


def test_places_released_under_load_are_sold_again(service: Served, stored: Db) -> None:
    slot = service.api.slots("2026-03-13")[0]
    first = [service.api.book(slot).json["booking"]["id"] for _ in range(4)]
    cancellations = [cancel(service.api, booking_id) for booking_id in first for _ in range(2)]
    crowd = [book(service.api, slot) for _ in range(60)]

    answers = run_concurrently(crowd[:20] + cancellations + crowd[20:])

    assert {outcome(answer) for answer in answers if answer.status != 200} <= {(201, "booked"), (409, "slot_full")}
    made = booked_ids(answers)
    left = 4 - len(made)
    assert left >= 0
    # A place may come free after the last of the crowd: later guests take exactly what is left. Those who bring a key
    # are never refused from memory.
    late = [service.api.book(slot, key=f"late-{number}") for number in range(left + 3)]
    assert [answer.status for answer in late] == [201] * left + [409] * 3
    assert active_ids(stored).issuperset(made | booked_ids(late))
    assert_agrees(service, stored, [])


def test_control_slots_without_guard_and_validator_are_oversold(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, db = unguarded(make_app, monkeypatch)
    db.command({"collMod": "slots", "validator": {}})

    answers = rush(app)

    assert count_outcomes(answers)[201, "booked"] > 4
    assert any(slot["bookedCount"] > slot["capacity"] for slot in db.slots.find())


def test_control_slots_without_guard_are_protected_by_the_validator(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, db = unguarded(make_app, monkeypatch)

    rush(app)

    assert_consistent(db)


def unguarded(make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> tuple[Flask, Db]:
    """Return an application that claims places without asking whether there are any."""
    app = make_app()
    db = runtime_of(app).get(wiring.Services).db
    monkeypatch.setattr(inventory.stock, "capacity_guard", lambda _fields, _count: {})
    return app, db


def rush(app: Flask) -> list[Answer]:
    """Return what forty people were told who all wanted one slot of four places."""
    slot = Api(over_app(app)).slots()[0]
    return run_concurrently([book(Api(over_app(app)), slot) for _ in range(40)])


def book(api: Api, slot: Mapping[str, Any], *, key: str | None = None, form: dict[str, Any] | None = None) -> Call:
    """Return a call that books `slot`, for somebody new unless a form is given."""
    person = form or factories.person()
    return lambda: api.book(slot, key=key, **person)


def cancel(api: Api, booking_id: str) -> Call:
    """Return a call that cancels a booking from the back office."""
    return lambda: api.admin("POST", f"/bookings/{booking_id}/cancel")


def assert_agrees(service: Served, db: Db, answers: list[Answer]) -> None:
    """Fail unless all that was acknowledged is stored, and everything stored is whole."""
    assert booked_ids(answers) <= active_ids(db)
    assert_consistent(db)
    assert "agrees" in service.verify()
