"""The number of places in the booking form, and what days and hours look like for a party, without scripts."""

from __future__ import annotations

import re

import pytest

from core.mongo.client import Db
from pages.booking.party import for_party, party_size
from pages.booking.view import Level, build, card
from schedules import schedule_file
from schedules.model import DateSummary, Slot
from tests.api.pages.page_browser import DATE, Browser, shown, wrong
from tests.api_client import Api
from tests.conftest import ROOT
from tests.factories import contact

SELECT = re.compile(r'<select id="seats" name="seats".*?</select>', re.DOTALL)


def state_of(page: str, slot_id: str) -> tuple[str, str]:
    """Return the level and the words of a slot's card."""
    found = re.search(rf'<div class="slot slot-(\w+)" data-slot="{slot_id}".*?slot-state">([^<]*)<', page, re.DOTALL)
    assert found
    return found[1], found[2]


def test_form_asks_for_the_number_of_places_only_if_allowed(browser: Browser, visitor: Browser) -> None:
    select = SELECT.search(visitor.page())

    assert not SELECT.search(browser.page())
    assert "data-largest" not in browser.page()
    assert select
    assert re.findall(r"<option>(\d)</option>", select[0]) == ["1", "2", "3"]


def test_form_books_all_places_and_the_pages_name_them(visitor: Browser, party_api: Api, db: Db) -> None:
    client = visitor.app.test_client()
    form = visitor.form(party_api.slots(DATE)[0], seats="3")
    visitor.clock.pass_by(seconds=5)

    done = client.post("/", data=form, follow_redirects=True)

    assert (done.status_code, "<dt>Places</dt><dd>3</dd>" in done.text) == (200, True)
    booking = party_api.admin("GET", "/bookings").json["items"][0]
    assert booking["seats"] == 3
    assert "<dt>Places</dt><dd>3</dd>" in client.get(f"/bookings/{booking['_id']}").text
    assert party_api.slots(DATE)[0]["bookedCount"] == 3


def test_hour_with_too_few_places_is_refused_shown_so_and_waited_for(visitor: Browser, party_api: Api) -> None:
    slot, other = party_api.slots(DATE)[:2]
    party_api.book(slot, seats=2)
    form = visitor.form(slot, seats="3")

    refused = visitor.send(form)
    joined = visitor.send({**form, "action": "wait"})

    reason = "10:00 to 11:00 on Thursday 5 March: 2 places left, too few for you."
    assert (refused.status_code, wrong(refused.text, "slotId")) == (409, reason)
    assert reason in shown(refused)
    assert "<option selected>3</option>" in refused.text
    assert state_of(refused.text, slot["_id"]) == ("full", "2 places left, too few")
    assert state_of(refused.text, other["_id"])[0] == "free"
    assert joined.status_code == 303
    assert party_api.admin("GET", "/slots", query={"date": DATE}).json[0]["waiting"] == 1


def test_other_day_is_shown_as_the_party_sees_it(visitor: Browser, party_api: Api) -> None:
    for slot in party_api.slots(DATE):
        party_api.book(slot, seats=2)

    single = visitor.send({"look": DATE, "seats": "1"}).text
    party = visitor.send({"look": DATE, "seats": "3"}).text

    day = rf'class="day day-(\w+)[^"]*" href="[^"]*" data-day="{DATE}" data-largest="2" data-level="(\w+)"'
    assert re.findall(day, single) == [("free", "free")]
    assert re.findall(day, party) == [("full", "free")]
    assert {state_of(party, slot["_id"]) for slot in party_api.slots(DATE)} == {("full", "2 places left, too few")}


@pytest.mark.parametrize("seats", ["0", "4", "101", "1.5", "two", "²", "-1", "9" * 400])
def test_wrong_number_of_places_is_refused_beside_its_field(visitor: Browser, party_api: Api, seats: str) -> None:
    refused = visitor.send(visitor.form(party_api.slots(DATE)[0], seats=seats))

    assert (refused.status_code, wrong(refused.text, "seats")) == (400, "Choose how many places you need.")
    assert party_api.slots(DATE)[0]["bookedCount"] == 0


def test_entry_of_a_party_shows_its_places(visitor: Browser, party_api: Api) -> None:
    slot = party_api.slots(DATE)[0]
    party_api.book(slot, seats=3)
    form = visitor.form(slot, seats="2", action="wait", **contact())
    client = visitor.app.test_client()
    visitor.clock.pass_by(seconds=5)

    page = client.post("/", data=form, follow_redirects=True).text

    assert "As soon as there are places for all of you" in page
    assert "<dt>Places</dt><dd>2</dd>" in page


def test_party_changes_levels_but_no_numbers() -> None:
    slots = [Slot("a", DATE, "A", "10:00", "11:00", "10:00-11:00", 4, 2, closed=False)]
    schedule = schedule_file.load(ROOT / "schedules/march_2026.toml")
    page = build(schedule, [DateSummary(DATE, "A", 4, 2, largest=2)], slots, DATE)

    fits, short = for_party(page, 2), for_party(page, 3)

    assert [found.level for found in (*page.cards, *fits.cards, *short.cards)] == [Level.FREE, Level.FREE, Level.FULL]
    assert (card(slots[0]).is_short, short.cards[0].is_short, short.cards[0].remaining) == (False, True, 2)


@pytest.mark.parametrize(("text", "size"), [("", 1), ("2", 2), ("0", 1), ("²", 1), ("x", 1), ("9999", 1), ("-2", 1)])
def test_size_of_a_party_is_one_unless_it_is_a_number(text: str, size: int) -> None:
    assert party_size(text) == size
