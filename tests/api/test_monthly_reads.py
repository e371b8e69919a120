"""Whole schedules are read month by month: dates, totals, the occupancy chart, and all slots of the back office."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import wiring
from core.web.context import runtime_of
from schedules.model import Slot
from schedules.service import Schedules
from schedules.store import SlotStore
from tests.api.conftest import Clock
from tests.api_client import Answer, Api, over_app
from tests.schedules.files import schedule_text

DATES = [f"2031-{month:02}-{day:02}" for month in (1, 2, 3) for day in (1, 2, 28)]
SLOTS_IN_MONTH = 6


@pytest.fixture
def app(make_app: Callable[..., Flask], clock: Clock, tmp_path: Path) -> Flask:
    """A schedule of three months with three days each, of two hours with two places; all slots are stored."""
    file = tmp_path / "three_months.toml"
    file.write_text(schedule_text(dates=DATES), encoding="utf-8")
    app = make_app(SCHEDULE_FILE=str(file), clock=clock)
    schedules = runtime_of(app).get(Schedules)
    schedules.store.ensure(schedules.schedule.slot_by_id.values())
    return app


@pytest.fixture
def api(app: Flask) -> Api:
    return Api(over_app(app))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many slots each read of several days returned."""
    counts: list[int] = []
    read = SlotStore.between

    def counted(store: SlotStore, *span: str) -> list[Slot]:
        found = read(store, *span)
        counts.append(len(found))
        return found

    monkeypatch.setattr(SlotStore, "between", counted)
    return counts


def plots(api: Api, month: str = "") -> Answer:
    return api.admin("GET", "/plots", query={"month": month} if month else None)


def fill_month(api: Api, month: str) -> None:
    """Book every place of a month."""
    for date in DATES:
        if date.startswith(month):
            for slot in api.slots(date):
                for _ in range(2):
                    assert api.book(slot, date=date).status == 201


@pytest.mark.parametrize(
    ("call", "months"),
    [
        (lambda api: api.get("/api/dates"), 3),
        (lambda api: api.admin("GET", "/stats"), 3),
        (lambda api: api.admin("GET", "/slots"), 3),
        (lambda api: plots(api, "2031-02"), 1),
    ],
    ids=["dates", "stats", "slots", "plots"],
)
def test_reads_of_a_schedule_hold_one_month(
    api: Api, reads: list[int], call: Callable[[Api], Answer], months: int
) -> None:
    reads.clear()

    assert call(api).status == 200

    assert reads == [SLOTS_IN_MONTH] * months


def test_reconciliation_reads_one_month_at_a_time(app: Flask, reads: list[int]) -> None:
    services = runtime_of(app).get(wiring.Services)

    services.booking.reconcile_waitlists.execute()

    assert reads == [SLOTS_IN_MONTH] * 3


def test_all_slots_are_those_of_the_dates_in_order(api: Api) -> None:
    first = api.slots(DATES[0])[0]
    assert api.book(first, date=DATES[0]).status == 201

    everything = api.admin("GET", "/slots")

    expected = [slot for date in DATES for slot in api.admin("GET", "/slots", query={"date": date}).json]
    assert everything.json == expected
    assert everything.headers["Content-Type"] == "application/json"
    assert everything.json[0]["bookedCount"] == 1


def test_totals_sum_up_all_months(api: Api) -> None:
    fill_month(api, "2031-01")
    late = api.slots(DATES[-1])[1]
    assert api.book(late, date=DATES[-1]).status == 201
    assert api.admin("PATCH", f"/slots/{late['_id']}", json={"closed": True}).status == 200

    stats = api.admin("GET", "/stats").json

    assert (stats["seats"], stats["booked"], stats["remaining"]) == (36, 13, 22)
    assert [day["date"] for day in stats["byDay"]] == DATES
    assert [day["booked"] for day in stats["byDay"]] == [4, 4, 4, 0, 0, 0, 0, 0, 1]
    hours = [(hour["hour"], hour["seats"], hour["booked"]) for hour in stats["byHour"]]
    assert hours == [("10:00", 18, 6), ("11:00", 18, 7)]


def chart(answer: Answer) -> dict[str, Any]:
    found: dict[str, Any] = answer.json["items"][0]
    return found


def test_occupancy_is_that_of_the_asked_month(api: Api) -> None:
    fill_month(api, "2031-01")

    default = plots(api)
    asked = plots(api, "2031-01")

    # The first month with places.
    assert (default.json["month"], asked.json["month"]) == ("2031-02", "2031-01")
    assert chart(default)["title"] == "Booked by date and hour, February 2031"
    assert "0 of 12 places are booked" in chart(default)["summary"]
    assert "12 of 12 places are booked" in chart(asked)["summary"]
    assert [row[0] for row in chart(asked)["rows"]] == ["1 Jan 2031", "2 Jan 2031", "28 Jan 2031"]


@pytest.mark.parametrize("month", ["2031-04", "2031-1", "x", "2031-01-01", "0000-00"])
def test_month_without_slots_is_refused_with_its_field(api: Api, month: str) -> None:
    answer = plots(api, month)

    assert (answer.status, answer.code, list(answer.json["errors"])) == (400, "validation_failed", ["month"])
