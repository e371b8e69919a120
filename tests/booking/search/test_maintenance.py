"""Maintenance of the search segments: appending, repair, erasure."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

import wiring
from booking import mapping
from booking.model import Booking
from booking.search.maintenance import COMMIT_DELAY, MaintainSearch
from core.mongo.client import Db
from tests.api_client import Api
from tests.booking.search.conftest import PEOPLE
from tests.factories import START
from tests.factories import booking as made

SEGMENTS = "booking_search_segments"


def texts(db: Db) -> str:
    return str(list(db[SEGMENTS].find()))


def found(api: Api, q: str) -> list[str]:
    return [item["_id"] for item in api.admin("GET", "/bookings", query={"q": q}).json["items"]]


def test_bookings_get_a_segment_once_their_transactions_have_ended(
    db: Db, people: list[str], maintain: MaintainSearch
) -> None:
    last = START + timedelta(minutes=3)
    maintain.clock = lambda: last + COMMIT_DELAY
    maintain.execute()
    assert maintain.segments.count() == 0

    maintain.clock = lambda: last + COMMIT_DELAY + timedelta(milliseconds=1)
    maintain.execute()
    maintain.execute()

    assert [(row["start"], row["_id"], row["count"]) for row in db[SEGMENTS].find()] == [("", people[3], 4)]


def test_run_stops_after_its_budget_and_the_next_continues(people: list[str], maintain: MaintainSearch) -> None:
    maintain.budget = 0.0
    maintain.execute()
    assert maintain.segments.count() == 0

    maintain.budget = 5.0
    maintain.execute()
    assert maintain.segments.count() == 2


def test_rebuild_stops_at_the_end_of_the_budget_and_the_next_run_continues(
    db: Db, people: list[str], maintain: MaintainSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    maintain.execute()
    maintain.segments.mark_dirty(people[:8])
    assert db[SEGMENTS].count_documents({"dirty": True}) == 2
    rebuild = maintain.segments._rebuild

    def use_up_the_budget(end: str) -> None:
        rebuild(end)
        time.sleep(maintain.budget)

    maintain.budget = 2.0
    monkeypatch.setattr(maintain.segments, "_rebuild", use_up_the_budget)
    maintain.execute()
    monkeypatch.undo()
    assert db[SEGMENTS].count_documents({"dirty": True}) == 1

    maintain.execute()

    assert db[SEGMENTS].count_documents({"dirty": True}) == 0


def test_late_booking_is_added_to_its_segment(api: Api, db: Db, people: list[str], maintain: MaintainSearch) -> None:
    maintain.execute()
    late = made(1, id=f"{people[1][:-1]}f", full_name="Late Comer", email="late@example.org", reference="LATE-0001")
    db["bookings"].insert_one(mapping.to_document(late))
    assert found(api, "late comer") == []

    maintain.execute()

    assert found(api, "late comer") == [late.id]


def test_older_segments_are_checked_in_turn(
    api: Api, db: Db, store: Callable[[Sequence[Booking]], None], maintain: MaintainSearch
) -> None:
    bookings = [made(number, full_name=f"Guest {number}") for number in range(40)]
    store(bookings)
    maintain.execute()
    late = made(1, id=f"{bookings[1].id[:-1]}f", full_name="Late Comer", email="late@example.org", reference="L")
    db["bookings"].insert_one(mapping.to_document(late))

    for _ in range(10):
        maintain.execute()

    assert found(api, "late comer") == [late.id]


def test_erasure_removes_a_person_from_the_segments(
    api: Api, db: Db, services: wiring.Services, people: list[str], maintain: MaintainSearch
) -> None:
    maintain.execute()
    assert "muller" in texts(db)

    services.booking.erase_person.execute(PEOPLE[1][1])

    for secret in ("muller", "amm1987", "4915123456780"):
        assert secret not in texts(db)
    assert found(api, "muller") == []
    assert found(api, "lovelace") == [people[0]]


def test_retention_removes_everybody_from_the_segments(
    db: Db, services: wiring.Services, people: list[str], maintain: MaintainSearch
) -> None:
    db["bookings"].update_many({}, {"$set": {"date": "2020-01-01"}})
    maintain.execute()

    services.booking.apply_retention.execute(0)

    for name, email, phone in PEOPLE[:8]:
        assert name.split()[0].casefold() not in texts(db)
        assert email not in texts(db)
        assert phone[1:] not in texts(db)


def test_interrupted_erasure_is_finished_by_the_next_run(
    db: Db, services: wiring.Services, people: list[str], maintain: MaintainSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    maintain.execute()
    monkeypatch.setattr(maintain.segments, "rebuild_dirty", lambda _end: None)
    monkeypatch.setattr(services.booking.erase_person.deletion.segments, "rebuild_dirty", lambda: None)
    services.booking.erase_person.execute(PEOPLE[1][1])
    assert "muller" in texts(db)
    monkeypatch.undo()

    maintain.execute()

    assert "muller" not in texts(db)


def test_segment_marked_during_its_rebuild_stays_dirty(
    db: Db, people: list[str], maintain: MaintainSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    maintain.execute()
    maintain.segments.mark_dirty(people[:1])
    read = maintain.segments._rows

    def read_and_erase(*args: object) -> object:
        rows = read(*args)  # type: ignore[arg-type]
        db["bookings"].update_one({"_id": people[1]}, {"$set": {"fullName": "", "email": "x", "phone": ""}})
        maintain.segments.mark_dirty(people[1:2])
        return rows

    monkeypatch.setattr(maintain.segments, "_rows", read_and_erase)
    maintain.segments.rebuild_dirty()
    monkeypatch.undo()
    assert "muller" in texts(db)

    maintain.segments.rebuild_dirty()

    assert "muller" not in texts(db)
    assert db[SEGMENTS].count_documents({"dirty": True}) == 0


def test_booking_erased_during_the_write_of_its_segment_is_not_in_it(
    db: Db, people: list[str], maintain: MaintainSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = maintain.segments._rows
    erased = False

    def read_and_erase(*args: object) -> object:
        nonlocal erased
        rows = read(*args)  # type: ignore[arg-type]
        if not erased:
            erased = True
            db["bookings"].update_one({"_id": people[1]}, {"$set": {"fullName": "", "email": "x", "phone": ""}})
            maintain.segments.mark_dirty(people[1:2])
        return rows

    monkeypatch.setattr(maintain.segments, "_rows", read_and_erase)
    maintain.execute()

    assert db[SEGMENTS].count_documents({}) > 0
    assert "muller" not in texts(db)


def test_booking_writes_no_search_keys(services: wiring.Services, db: Db, api: Api) -> None:
    api.book(api.slots()[0])

    stored = db["bookings"].find_one() or {}
    indexed = {field for index in db["bookings"].index_information().values() for field, _ in index["key"]}

    assert db[SEGMENTS].count_documents({}) == 0
    assert not indexed & {"fullName", "nameFolded", "phone", "nameParts", "phoneParts"}
    assert not stored.keys() & {"nameParts", "phoneParts"}
