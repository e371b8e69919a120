"""Dashboard of a schedule of several months: the occupancy of one of them, and a choice of the others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from devdb.replica_set import ReplicaSet
from tests.browser.accessibility import axe_violations, overflows
from tests.browser.backoffice.actions import WIDTHS, log_in, query_of
from tests.browser.conftest import Visit
from tests.conftest import Served, serving
from tests.schedules.files import schedule_text

DATES = ["2031-01-10", "2031-02-10", "2031-03-10"]


@pytest.fixture(scope="module")
def site(replica_set: ReplicaSet, module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service with a day in each of three months."""
    folder = tmp_path_factory.mktemp("months")
    file = folder / "months.toml"
    file.write_text(schedule_text(dates=DATES), encoding="utf-8")
    with serving(replica_set.uri, folder, MONGODB_DATABASE=module_database, SCHEDULE_FILE=str(file)) as served:
        yield served


@pytest.mark.parametrize("width", WIDTHS)
def test_month_of_the_occupancy_is_chosen(visit: Visit, width: int) -> None:
    page = visit(width)
    log_in(page, "/admin?view=overview")
    expect(page.get_by_role("img", name="Booked by date and hour, January 2031")).to_be_visible()
    expect(page.locator("#month option")).to_have_text(["January 2031", "February 2031", "March 2031"])

    page.locator("#month").focus()
    page.locator("#month").select_option("2031-03")

    expect(page.get_by_role("img", name="Booked by date and hour, March 2031")).to_be_visible()
    expect(page.locator("#month")).to_be_focused()
    assert query_of(page) == "view=overview&month=2031-03"
    assert axe_violations(page) + overflows(page, [width]) == []
    page.go_back()
    expect(page.locator("#month")).to_have_value("2031-01")


def test_german_month_names_are_shown(visit: Visit) -> None:
    page = visit(1280, locale="de-DE")

    log_in(page, "/admin?view=overview&month=2031-03")

    expect(page.get_by_label("Monat der Belegung")).to_have_value("2031-03")
    expect(page.get_by_role("img", name="Belegung nach Tag und Uhrzeit, März 2031")).to_be_visible()
