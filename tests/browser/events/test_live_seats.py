"""Seats that others take while a person chooses, in Chromium: the words, the choice, the sum and the focus."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from core.mongo.client import Db
from events.model import Event
from tests.browser.conftest import Visit
from tests.browser.events.sample_events import take
from tests.conftest import Served
from tests.event_calls import new_tier, store_event

LABELS = tuple(f"{row}{number}" for row in "AB" for number in range(1, 7))


@pytest.fixture
def hall(site: Served) -> Event:
    return store_event(site.db, new_tier("HALL", 4200, len(LABELS), seats=LABELS, name="Hall"))


def sell(db: Db, event: Event, *labels: str) -> None:
    """Sell seats to somebody else."""
    sold = {"$set": {"holder": "other", "sold": True}}
    db.seats.update_many({"tierId": event.tiers[0].id, "seat": {"$in": list(labels)}}, sold)
    take(db, event.tiers[0].id, db.seats.count_documents({"tierId": event.tiers[0].id, "sold": True}))


@pytest.mark.parametrize(
    ("language", "words", "nothing"),
    [
        (
            "en",
            "Seat A3 was taken by somebody else. You have A4.",
            "Seat A4 was taken by somebody else. You have no seat.",
        ),
        (
            "de",
            "Sitz A3 wurde von jemand anderem genommen. Sie haben A4.",
            "Sitz A4 wurde von jemand anderem genommen. Sie haben keinen Sitz.",
        ),
    ],
)
def test_chosen_seat_that_is_taken_is_given_up_aloud(
    visit: Visit, site: Served, hall: Event, language: str, words: str, nothing: str
) -> None:
    page = visit(1280, locale=language)
    page.goto(f"/events/{hall.id}/seats")
    page.locator(".row-button").first.click()
    for label in ("A3", "A4"):
        page.get_by_role("checkbox", name=label, exact=True).check()

    sell(site.db, hall, "A3")
    expect(page.get_by_role("status").filter(has_text=words)).to_have_count(1)
    expect(page.locator("#chosen-sum")).to_contain_text("A4 ·")
    expect(page.locator(".seats-chosen rect")).to_have_count(1)
    sell(site.db, hall, "A4")

    expect(page.get_by_role("status").filter(has_text=nothing)).to_have_count(1)
    expect(page.locator("[name=seats]:checked")).to_have_count(0)


def test_taken_seat_under_the_focus_keeps_it(visit: Visit, site: Served, hall: Event) -> None:
    page = visit(1280)
    page.goto(f"/events/{hall.id}/seats")
    page.get_by_role("button", name="Row A").click()
    page.get_by_role("checkbox", name="A1", exact=True).focus()

    sell(site.db, hall, "A1", "A2")

    taken = page.get_by_role("checkbox", name="A1 (taken)", exact=True)
    expect(taken).to_be_focused()
    expect(taken).to_have_attribute("aria-disabled", "true")
    expect(page.get_by_role("checkbox", name="A2 (taken)", exact=True)).to_be_disabled()
    expect(page.locator(".lead")).to_contain_text("10 of 12 seats free")
    expect(page.get_by_text("Seat A1 was taken by somebody else.")).to_be_visible()
    page.keyboard.press("Space")
    expect(taken).not_to_be_checked()


def test_seat_that_comes_free_can_be_chosen(visit: Visit, site: Served, hall: Event) -> None:
    sell(site.db, hall, "A2", "B1")
    page = visit(1280)
    page.goto(f"/events/{hall.id}/seats")
    page.get_by_role("button", name="Row A").click()
    expect(page.get_by_role("checkbox", name="A2 (taken)")).to_be_disabled()

    free = {"$set": {"holder": None, "sold": False}}
    site.db.seats.update_one({"tierId": hall.tiers[0].id, "seat": "A2"}, free)
    take(site.db, hall.tiers[0].id, 1)

    page.get_by_role("checkbox", name="A2", exact=True).check()
    expect(page.locator("#chosen-sum")).to_contain_text("A2 ·")
