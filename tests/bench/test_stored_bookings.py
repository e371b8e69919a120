"""Stored bookings: their form for every version of the service, and their insertion into a database."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

import wiring
from bench.fixtures import SystemDatabase, slot_documents
from bench.load_generators import LoadFailed
from bench.stored_bookings import MEMBERS, booking_line, insert_bookings, recent_bookings
from bench.system_specs import EVENT, EVENT_UNLIMITED, Deployment, planned_slots, service_spec
from bench.systems import System, SystemKind, SystemSpec, Workspace
from core.config.settings import from_env
from core.mongo.client import Client
from devdb.replica_set import ReplicaSet


@pytest.fixture
def workspace(replica_set: ReplicaSet, mongo: Client, tmp_path: Path) -> Workspace:
    """A workspace on the tests' database server."""
    return Workspace(replica_set.uri, mongo, tmp_path)


@pytest.fixture
def system(workspace: Workspace, make_database: Callable[[], str]) -> System:
    """The service's database with the event's slots; the service itself does not run."""
    name = make_database()
    spec = service_spec(workspace, Deployment("stored", EVENT_UNLIMITED))
    spec = replace(spec, environment={**spec.environment, "MONGODB_DATABASE": name})
    database = SystemDatabase(workspace.client[name])
    database.record_collections()
    database.reset(slot_documents(planned_slots(EVENT_UNLIMITED), 1000, with_schedule=True))
    return System(spec, database, cast("Any", None), workspace.folder / "log")


def test_recent_bookings_are_confirmed_with_links_that_have_not_expired() -> None:
    bookings = list(recent_bookings(300, planned_slots(EVENT)))

    now = datetime.now(UTC)
    assert all(now - timedelta(hours=2) < booking.created_at < now for booking in bookings)
    assert {booking.status.value for booking in bookings} == {"confirmed"}
    assert len({booking.slot_id for booking in bookings}) == 136


def test_booking_line_has_the_members_of_every_version() -> None:
    (booking,) = recent_bookings(1, planned_slots(EVENT))

    members = json.loads(booking_line(booking))

    assert tuple(members) == MEMBERS
    assert members["full_name"] == booking.full_name
    assert datetime.fromisoformat(members["created_at"]) == booking.created_at


def test_inserted_bookings_have_indexes_counters_and_valid_links(workspace: Workspace, system: System) -> None:
    indexes = system.database.db.bookings.index_information()
    bookings = recent_bookings(200, planned_slots(EVENT_UNLIMITED))

    stored = insert_bookings(workspace, system, bookings)

    db = system.database.db
    assert stored.size == db.bookings.count_documents({}) == 200
    assert sum(slot["bookedCount"] for slot in db.slots.find()) == 200
    assert db.bookings.index_information() == indexes
    services = wiring.build(from_env(dict(system.spec.environment)))
    for line in stored.links.read_text().splitlines():
        booking_id, token, slot_id = line.split()
        assert services.booking.self_service.get(booking_id, token).slot_id == slot_id
    assert services.booking.find_mismatches.execute() == []
    services.client.close()


def test_inserting_into_modules_of_another_layout_fails(workspace: Workspace, system: System, tmp_path: Path) -> None:
    (tmp_path / "wiring.py").write_text("from booking.elsewhere import nothing\n")
    spec = SystemSpec("old", "service @ 01234567", SystemKind.COMMIT, (), system.spec.environment, tmp_path)
    old = System(spec, system.database, system.process, system.log)

    with pytest.raises(LoadFailed, match=r"service @ 01234567 cannot be filled in bulk, .*: No module named 'booking'"):
        insert_bookings(workspace, old, recent_bookings(1, planned_slots(EVENT_UNLIMITED)))
