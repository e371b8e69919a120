"""The slots that full ones offer instead: read once, and without the places that were claimed since."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.concurrency.ttl_cache import TTLCache
from schedules import schedule_file
from schedules.model import PlannedSlot
from schedules.occupancy import OpenSlots
from tests.conftest import ROOT

PLANS: list[PlannedSlot] = list(schedule_file.load(ROOT / "schedules/march_2026.toml").slot_by_id.values())[:5]


@pytest.fixture
def open_slots() -> OpenSlots:
    """Five slots of one day with one place each."""
    return OpenSlots([replace(plan.initial_slot(), capacity=1) for plan in PLANS])


def labels(open_slots: OpenSlots) -> list[str]:
    """Return the hours that the first slot offers."""
    return [slot.label for slot in open_slots.near(PLANS[0])]


def test_claimed_slot_is_not_offered_any_more(open_slots: OpenSlots) -> None:
    assert labels(open_slots) == [plan.label for plan in PLANS[1:4]]

    open_slots.claim({PLANS[2].id: 1, "of another schedule": 1})

    assert labels(open_slots) == [PLANS[1].label, PLANS[3].label, PLANS[4].label]


def test_offered_slot_shows_what_is_left_of_it() -> None:
    open_slots = OpenSlots([plan.initial_slot() for plan in PLANS])
    assert open_slots.near(PLANS[0])[0].remaining == 4

    open_slots.claim({PLANS[1].id: 3})

    assert open_slots.near(PLANS[0])[0].remaining == 1


def test_cached_value_is_returned_without_a_read_until_it_is_invalid() -> None:
    reads: list[str] = []
    cache = TTLCache[str, datetime](lambda key: reads.append(key) or datetime.now(UTC), 60.0)  # type: ignore[func-returns-value]
    assert cache.cached("a") is None

    value = cache("a")

    assert cache.cached("a") is value
    cache.invalidate()
    assert cache.cached("a") is None
    assert reads == ["a"]
