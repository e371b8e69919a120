"""Alternatives to a full slot when only distant days have places, and how many slots are read for near ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from core.web.context import runtime_of
from schedules.model import Slot
from schedules.service import ENOUGH_OPEN, Schedules
from schedules.store import SlotStore
from tests.api.conftest import Clock
from tests.api_client import Api, over_app
from tests.schedules.files import schedule_text

DATES = [f"2030-{month:02}-{day:02}" for month in (1, 2, 3) for day in range(1, 29)]


@pytest.fixture
def app(make_app: Callable[..., Flask], clock: Clock, tmp_path: Path) -> Flask:
    """A schedule of 84 days with eight hours each."""
    file = tmp_path / "three_months.toml"
    file.write_text(schedule_text(dates=DATES, start="10:00", end="18:00"))
    return make_app(SCHEDULE_FILE=str(file), clock=clock, RATE_LIMIT_BOOKINGS="1000 per hour")


def test_alternatives_are_found_on_the_only_day_with_places(app: Flask) -> None:
    api = Api(over_app(app))
    schedules = runtime_of(app).get(Schedules)
    schedules.store.ensure(schedules.schedule.slot_by_id.values())
    for date in DATES[:-1]:
        for slot in schedules.schedule.day_by_date[date].slots:
            assert api.admin("PATCH", f"/slots/{slot.id}", json={"closed": True}).status == 200
    full = schedules.schedule.day_by_date[DATES[0]].slots[0]

    assert {slot.date for slot in schedules.alternatives(full)} == {DATES[-1]}


def test_alternatives_near_a_slot_read_the_days_near_it(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    schedules = runtime_of(app).get(Schedules)
    schedules.store.ensure(schedules.schedule.slot_by_id.values())
    read: list[Slot] = []
    between = SlotStore.between

    def counted(store: SlotStore, *span: str) -> list[Slot]:
        found = between(store, *span)
        read.extend(found)
        return found

    monkeypatch.setattr(SlotStore, "between", counted)
    full = schedules.schedule.day_by_date[DATES[40]].slots[0]

    assert len(schedules.alternatives(full)) == 3
    assert len(read) < 4 * ENOUGH_OPEN
    read.clear()
    assert len(schedules.dates_in("2030-02")) == 28
    assert len(read) == 28 * 8


def test_full_slots_of_a_small_schedule_share_one_read(
    make_app: Callable[..., Flask], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedules = runtime_of(make_app(clock=clock)).get(Schedules)
    reads: list[tuple[str, ...]] = []
    between = SlotStore.between

    def counted(store: SlotStore, *span: str) -> list[Slot]:
        reads.append(span)
        return between(store, *span)

    monkeypatch.setattr(SlotStore, "between", counted)
    monkeypatch.setattr("core.concurrency.ttl_cache.monotonic", lambda: 1000.0)

    assert all(len(schedules.alternatives(day.slots[0])) == 3 for day in schedules.schedule.days)

    assert len(reads) == 1
