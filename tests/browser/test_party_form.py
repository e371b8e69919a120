"""The booking form with parties in a browser: hours and days follow the number of places that is chosen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from core.mongo.client import Client
from devdb.replica_set import ReplicaSet
from tests.browser.booking_form import (
    BOOK_BUTTON,
    DATE,
    WAITLIST_BUTTON,
    open_filled_form,
    slot_state,
    wait_for_min_age,
)
from tests.browser.conftest import Visit
from tests.conftest import ROOT, Served, serving


@pytest.fixture(scope="module")
def site(replica_set: ReplicaSet, mongo: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service with up to three places a booking."""
    folder = tmp_path_factory.mktemp("party")
    march = (ROOT / "schedules" / "march_2026.toml").read_text(encoding="utf-8")
    path = folder / "party.toml"
    path.write_text(march.replace("# seats_per_booking = 4", "seats_per_booking = 3"), encoding="utf-8")
    with serving(replica_set.uri, folder, SCHEDULE_FILE=str(path)) as served:
        yield served
        mongo.drop_database(served.environment["MONGODB_DATABASE"])


def test_hours_follow_the_size_of_the_party_and_live_changes(site: Served, visit: Visit) -> None:
    slot, other = site.api.slots(DATE)[:2]
    assert site.api.book(slot, seats=2).status == 201
    page = open_filled_form(visit(1280), slot)
    card = page.locator(f".hours .slot[data-slot='{slot['_id']}']")

    page.locator("#seats").select_option("3")
    expect(card).to_have_class("slot slot-full")
    expect(slot_state(page, slot)).to_have_text("2 places left, too few")
    expect(page.locator(WAITLIST_BUTTON)).to_be_visible()
    page.locator("#seats").select_option("2")
    expect(card).to_have_class("slot slot-free")
    expect(slot_state(page, slot)).to_have_text("2 places left")
    expect(page.locator(BOOK_BUTTON)).to_be_visible()

    assert site.api.book(other, seats=3).status == 201
    expect(slot_state(page, other)).to_have_text("1 place left, too few")
    page.get_by_role("link", name="Saturday 7 March").click()
    expect(page.locator("#seats")).to_have_value("2")


def test_party_is_booked_with_scripts(site: Served, visit: Visit) -> None:
    slot = site.api.slots("2026-03-09")[0]
    page = open_filled_form(visit(375), slot)
    page.locator("#seats").select_option("3")
    wait_for_min_age(page)

    page.locator(BOOK_BUTTON).click()

    expect(page.locator("dt", has_text="Places")).to_be_visible()
    assert site.api.slots("2026-03-09")[0]["bookedCount"] == 3


@pytest.mark.parametrize("width", [375, 1280])
def test_party_waits_for_a_full_hour_with_the_chosen_places(site: Served, visit: Visit, width: int) -> None:
    date = {375: "2026-03-11", 1280: "2026-03-13"}[width]
    slot = site.api.slots(date)[0]
    for seats in (3, 1):
        assert site.api.book(slot, date=date, seats=seats).status == 201
    page = open_filled_form(visit(width, refused={"/"}), slot)
    wait_for_min_age(page)

    page.locator("#seats").select_option("2")
    page.locator(WAITLIST_BUTTON).click()
    page.wait_for_url("**/waitlist/*")

    expect(page.get_by_role("heading", level=1)).to_have_text("You are number 1 on the waiting list")
    expect(page.locator(".facts")).to_contain_text("Places2")
