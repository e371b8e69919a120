"""The plots of the back office: one with their tables, with nothing a page's policy forbids, and counted once."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from flask import Flask

from admin.dashboard import chart_data, charts
from admin.dashboard.chart_data import ChartData, Occupancy
from admin.dashboard.daily_counts import FREEZE_AFTER, IncrementalCounter
from booking import mapping
from core.i18n import GERMAN, Language
from core.ids import new_id
from core.mongo.client import Db
from notifications.outbox.model import EmailStatus
from schedules.model import Schedule, Slot
from tests.api.conftest import Clock
from tests.api_client import Api, over_app
from tests.deferred import write_deferred
from tests.factories import ADMIN_KEY, START
from tests.factories import booking as made
from tests.pseudo import bracketed, bracketed_form, leftovers

SVG = "{http://www.w3.org/2000/svg}"
DAY = timedelta(days=1)


def asked(api: Api, width: int = 640, language: str = "") -> dict[str, dict[str, Any]]:
    headers = {"X-Admin-Key": ADMIN_KEY, **({"Accept-Language": language} if language else {})}
    answer = api.send("GET", "/api/admin/plots", query={"width": str(width)}, headers=headers)
    assert answer.status == 200, answer.body
    return {plot["name"]: plot for plot in answer.json["items"]}


def texts(plot: dict[str, Any]) -> list[str]:
    return ["".join(node.itertext()) for node in ElementTree.fromstring(plot["svg"]).iter(f"{SVG}text")]


def test_plot_and_its_table_show_the_state_of_the_event(api: Api, db: Db) -> None:
    slots = api.slots("2026-03-05")
    for _ in range(3):
        assert api.book(slots[1]).status == 201
    for _ in range(4):
        assert api.book(slots[2]).status == 201
    assert api.admin("PATCH", f"/slots/{slots[8]['_id']}", json={"closed": True}).status == 200
    letter = write_deferred(db)["letters"].find_one()
    assert letter
    db["letters"].update_one({"_id": letter["_id"]}, {"$set": {"state": "dead"}, "$unset": {"dueAt": ""}})

    drawn = asked(api)

    fill, days, letters = drawn["fill"], drawn["bookings"], drawn["letters"]
    assert fill["columns"] == ["Date", *(f"{hour:02d}:00" for hour in range(9, 19))]
    assert fill["rows"][2] == ["5 Mar 2026", "\u2013", "0/4", "3/4", "4/4", *["0/4"] * 5, "0/4, closed"]
    assert len(fill["rows"]) == 16
    assert "7 of 544 places are booked, 1 %. 1 of 136 slots are full." in fill["summary"]
    assert texts(fill).count("3/4") == texts(fill).count("4/4") == 1
    assert texts(fill).count("0/4") == 134
    assert re.search(r'class="cell level-0 closed"', fill["svg"])
    assert [len(days["rows"]), days["rows"][-1][1], {row[1] for row in days["rows"][:-1]}] == [28, "7", {"0"}]
    assert days["summary"].startswith("7 bookings were made in 28 days")
    assert letters["rows"] == [["queued", "13"], ["sending", "0"], ["retrying", "0"], ["sent", "0"], ["given up", "1"]]
    assert {"queued 13", "given up 1"} <= set(texts(letters))


def test_plots_and_tables_are_in_the_language_that_is_asked_for(api: Api) -> None:
    slots = api.slots("2026-03-05")
    assert api.book(slots[1]).status == 201
    assert api.admin("PATCH", f"/slots/{slots[2]['_id']}", json={"closed": True, "capacity": 1200}).status == 200

    english, german = asked(api), asked(api, language="de-AT,en;q=0.5")

    fill, days, letters = german["fill"], german["bookings"], german["letters"]
    assert [fill["title"], fill["columns"][0]] == ["Belegung nach Tag und Uhrzeit", "Datum"]
    assert fill["rows"][2][:5] == ["05.03.2026", "\u2013", "0/4", "1/4", "0/1200, geschlossen"]
    assert fill["summary"] == "1 von 1.740 Plätzen sind gebucht, 1\u00a0%. Volle Termine: 0 von 136."
    assert {"5. März", "31. März"} <= set(texts(fill))
    assert "05.03.2026, 11:00: 1/4<" in fill["svg"]
    assert days["summary"].startswith("In 28 Tagen kam 1 Buchung, am ")
    assert [row[0] for row in letters["rows"]][-2:] == ["gesendet", "fehlgeschlagen"]
    assert "wartet 2" in texts(letters)
    assert [english[name]["title"] for name in ("fill", "letters")] == ["Booked by date and hour", "E-mails by state"]
    assert asked(api, language="fr") == english


def test_no_word_of_a_plot_is_outside_the_catalogue() -> None:
    class Pseudo(Language):
        @property
        def translations(self) -> Any:
            return SimpleNamespace(
                gettext=bracketed, ngettext=bracketed_form, pgettext=lambda _, message: bracketed(message)
            )

    no_one = Pseudo(**vars(GERMAN))
    slots = [Slot("slot-1", "2026-05-05", "A", "09:00", "10:00", "09:00-10:00", 4, 1, closed=True)]
    counts = {str(state): 2 for state in EmailStatus}
    drawn = [
        chart_data.occupancy_by_slot(slots, no_one),
        chart_data.bookings_per_day([("2026-05-05", 0)], no_one),
        chart_data.emails_by_status(counts, no_one),
    ]
    drawn += [chart_data.bookings_per_day([("2026-05-05", number)], no_one) for number in (1, 2)]

    said = [
        text
        for figure in drawn
        for text in (figure.title, figure.summary, *figure.columns, *chain(*figure.formatted_rows), *locale_in(figure))
    ]

    assert len(said) > 60
    assert [left for text in said for left in leftovers(text, ["Mai"])] == []


def locale_in(figure: ChartData) -> list[str]:
    return list(ElementTree.fromstring(charts.svg(figure, 640)).itertext())


@pytest.mark.parametrize("width", [1, 280, 343, 700, 1280, 5000])
def test_a_plot_is_an_image_with_a_name_and_nothing_that_a_policy_forbids(quiet: Api, width: int) -> None:
    for plot in asked(quiet, width).values():
        root = ElementTree.fromstring(plot["svg"])
        assert (root.tag, root.get("role")) == (f"{SVG}svg", "img")
        ids = str(root.get("aria-labelledby")).split()
        named = {node.get("id"): node.text for node in root}
        assert [named[id_] for id_ in ids] == [plot["title"], plot["summary"]]
        assert 280 <= int(str(root.get("width"))) <= min(1320, max(280, width))
        for node in root.iter():
            assert node.tag.removeprefix(SVG) in {"svg", "title", "desc", "g", "rect", "path", "text"}
            assert not [name for name in node.attrib if name in ("style", "href") or name.startswith("on")]


@pytest.mark.parametrize("width", ["0", "-1", "x", "", "1e3"])
def test_a_width_that_is_none_is_refused(quiet: Api, width: str) -> None:
    answer = quiet.admin("GET", "/plots", query={"width": width})

    assert (answer.status, set(answer.json["errors"])) == (400, {"width"})


def test_numbers_that_do_not_fit_into_a_cell_are_percents() -> None:
    hours = [f"{hour:02d}:00" for hour in range(8, 20)]
    slots = [
        Slot(f"slot-{n}", "2026-03-05", "A", hour, hour, hour, 1200, 100 * n, closed=False)
        for n, hour in enumerate(hours)
    ]
    figure = chart_data.occupancy_by_slot(slots)

    narrow, wide = (texts({"svg": charts.svg(figure, width)}) for width in (320, 1120))

    assert {"0", "8", "92"} <= set(narrow)
    assert {"0/1200", "100/1200", "1100/1200"} <= set(wide)


@pytest.mark.parametrize(
    ("places", "percent", "level"),
    [
        (Occupancy(0, 4), 0, 0), (Occupancy(1, 1000), 1, 1), (Occupancy(1, 4), 25, 1), (Occupancy(2, 4), 50, 2),
        (Occupancy(3, 4), 75, 3), (Occupancy(999, 1000), 99, 3), (Occupancy(4, 4), 100, 4), (Occupancy(0, 0), 0, 0),
    ],
)  # fmt: skip
def test_only_nothing_is_empty_and_only_all_is_full(places: Occupancy, percent: int, level: int) -> None:
    assert (places.percent, charts.level(places)) == (percent, level)


@pytest.mark.parametrize(
    ("highest", "axis"),
    [(0, [0, 1]), (1, [0, 1]), (4, [0, 1, 2, 3, 4]), (7, [0, 2, 4, 6, 8]), (544, [0, 200, 400, 600]),
     (10**6, [0, 200_000, 400_000, 600_000, 800_000, 1_000_000])],
)  # fmt: skip
def test_an_axis_has_whole_numbers_up_to_the_highest(highest: int, axis: list[int]) -> None:
    assert charts.ticks(highest) == axis


def test_an_event_without_anything_has_plots_too(quiet: Api) -> None:
    drawn = asked(quiet)

    assert drawn["bookings"]["summary"] == "No booking was made in 28 days."
    assert texts(drawn["fill"]).count("0/4") == 136


def test_days_begin_at_midnight_of_the_schedules_zone(services: Any) -> None:
    schedule: Schedule = services.schedules.schedule
    zone = Schedule("x", "x", "America/New_York", "x", schedule.days)

    # The night in which clocks there go forward is an hour shorter.
    days = zone.recent_day_bounds(datetime(2026, 3, 9, 3, 59, tzinfo=UTC), 2)

    assert days == [
        ("2026-03-07", datetime(2026, 3, 7, 5, tzinfo=UTC), datetime(2026, 3, 8, 5, tzinfo=UTC)),
        ("2026-03-08", datetime(2026, 3, 8, 5, tzinfo=UTC), datetime(2026, 3, 9, 4, tzinfo=UTC)),
    ]


def test_bookings_stand_on_the_day_they_were_made(make_app: Callable[..., Flask], clock: Clock, db: Db) -> None:
    api = Api(over_app(make_app(clock=clock)))
    for slot in range(3):
        assert api.book(api.slots()[slot]).status == 201
        clock.pass_by(days=1)

    rows = asked(api)["bookings"]["rows"]

    assert [row[1] for row in rows[-5:]] == ["0", "1", "1", "1", "0"]


def test_cached_daily_count_is_counted_once(clock: Clock) -> None:
    asked_for: list[tuple[datetime, datetime]] = []
    moments = [clock.at - DAY, clock.at - timedelta(minutes=30), clock.at - timedelta(minutes=1)]

    def count(first: datetime, end: datetime) -> int:
        asked_for.append((first, end))
        return sum(first <= moment < end for moment in moments)

    counter, today = IncrementalCounter(count, clock), (clock.at - timedelta(hours=1), clock.at + DAY)
    spans = [(today[0] - 2 * DAY, today[0] - DAY), (today[0] - DAY, today[0]), today]

    assert counter.of(spans) == [0, 1, 2]
    asked_for.clear()
    clock.pass_by(minutes=10)
    moments.append(clock.at)
    assert counter.of(spans) == [0, 1, 3]

    settled = clock.at - FREEZE_AFTER
    assert asked_for == [(settled - timedelta(minutes=10), settled), (settled, today[1])]


def test_counting_bookings_reads_no_booking(services: Any, db: Db) -> None:
    db["bookings"].insert_many(mapping.to_document(made(number)) for number in range(300))
    db.command({"profile": 2})
    try:
        counted = services.booking.store.count_created_between(START, START + timedelta(minutes=200))
    finally:
        db.command({"profile": 0})

    (row,) = db["system.profile"].find({"command.aggregate": "bookings"})
    assert counted == 200
    assert (row["docsExamined"], row["keysExamined"]) <= (0, 201)
    assert row["planSummary"].startswith("COUNT_SCAN") or row["docsExamined"] == 0


def test_a_plot_is_drawn_once_for_the_same_figures() -> None:
    figure = ChartData("bookings", "x", new_id(START), ("Date", "Bookings"), (("2026-03-01", 1),))

    assert charts.svg(figure, 640) is charts.svg(figure, 647)
    assert charts.svg(figure, 640) is not charts.svg(replace(figure, language=GERMAN), 640)


def test_app_import_leaves_no_obsolete_finder() -> None:
    assert [finder for finder in sys.meta_path if not hasattr(finder, "find_spec")] == []
