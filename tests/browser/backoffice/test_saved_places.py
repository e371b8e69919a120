"""Slots view with parties: places that are saved for the waiting list are shown and explained."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from devdb.replica_set import ReplicaSet
from tests.api.conftest import SMALL
from tests.browser.accessibility import axe_violations, overflows
from tests.browser.backoffice.actions import WIDTHS, log_in
from tests.browser.conftest import Visit
from tests.conftest import Served, serving

DATE = "2031-06-10"
EXPLAINED = {
    "en": "Saved: free places that only the waiting list gets.",
    "de": "Aufgehoben: freie Plätze, die nur die Warteliste bekommt.",
}
HEADINGS = {"en": "Saved", "de": "Aufgehoben"}


@pytest.fixture(scope="module")
def site(replica_set: ReplicaSet, module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service with parties; of four places of its first slot two are booked, and two saved for a party of three."""
    folder = tmp_path_factory.mktemp("saved")
    file = folder / "parties.toml"
    file.write_text(SMALL.format(more="seats_per_booking = 4"), encoding="utf-8")
    with serving(replica_set.uri, folder, MONGODB_DATABASE=module_database, SCHEDULE_FILE=str(file)) as served:
        slot = served.api.slots(DATE)[0]
        assert served.api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": 4}).status == 200
        released = served.api.book(slot, seats=2).json["booking"]
        assert served.api.book(slot, seats=2).status == 201
        assert served.api.wait_for(slot, seats=3).status == 202
        assert served.api.held("DELETE", released).status == 200
        yield served


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("width", WIDTHS)
def test_saved_places_of_slots_are_shown_and_explained(visit: Visit, site: Served, width: int, language: str) -> None:
    slot = site.api.slots(DATE)[0]
    page = visit(width, locale=language)

    log_in(page, f"/admin?view=slots&date={DATE}")

    row = page.locator(".slots-table tbody tr", has=page.locator(f"#capacity-{slot['_id']}"))
    saved = row.locator(f"td[data-label='{HEADINGS[language]}']")
    expect(saved).to_have_text("2")
    expect(page.locator(".slots-table tbody tr").last.locator(f"td[data-label='{HEADINGS[language]}']")).to_have_text(
        "0"
    )
    expect(page.locator("#saved-hint")).to_contain_text(EXPLAINED[language])
    assert axe_violations(page) + overflows(page, [width]) == []


def test_saved_places_follow_a_change_of_the_capacity(visit: Visit, site: Served) -> None:
    slot = site.api.slots(DATE)[0]
    page = visit(1280)
    log_in(page, f"/admin?view=slots&date={DATE}")

    page.locator(f"#capacity-{slot['_id']}").fill("5")
    page.locator(f"#save-{slot['_id']}").click()

    # Three are free then, and the party of three gets them.
    row = page.locator(".slots-table tbody tr", has=page.locator(f"#capacity-{slot['_id']}"))
    expect(row.locator("td[data-label='Saved']")).to_have_text("0")
    expect(row.locator("td[data-label='Waiting']")).to_have_text("0")
    expect(row.locator("td[data-label='Booked']")).to_have_text("5")
