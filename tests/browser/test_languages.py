"""German pages: the language switch by keyboard, with and without scripts, and the texts of the scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.booking_form import (
    fill_details,
    new_email,
    select_slot,
    slot_state,
    wait_for_min_age,
)
from tests.browser.conftest import Visit
from tests.browser.keyboard import tab_to
from tests.browser.routing import hold_requests, wait_for_held
from tests.browser.sample_event import book_times
from tests.conftest import Served
from tests.deferred import write_deferred

DAY = "2026-03-27"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_language_switch_by_keyboard_is_remembered(visit: Visit, site: Served, scripts: bool) -> None:
    page = visit(java_script_enabled=scripts)

    page.goto(f"/?date={DAY}")
    expect(page.get_by_role("button", name="English")).to_have_attribute("aria-current", "true")
    fill_details(page, fullName="Ada King")
    select_slot(page, site.api.slots(DAY)[3]["_id"])
    page.locator("a.skip").focus()
    tab_to(page, ".languages button[value=de]")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Platz buchen")
    expect(page.locator("#hours-title")).to_have_text("Freitag, 27. März")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("group", name="Sprache").get_by_role("button", name="Deutsch")).to_have_attribute(
        "aria-current", "true"
    )
    assert page.url.endswith(f"/?date={DAY}")
    expect(page.locator("#fullName")).to_have_value("Ada King")
    expect(page.locator(f"#slot-{site.api.slots(DAY)[3]['_id']}")).to_be_checked()
    page.goto("/nowhere")
    expect(page.get_by_role("heading", level=1)).to_have_text("Diese Seite gibt es nicht")


def test_scripts_use_the_language_of_the_page(visit: Visit, site: Served) -> None:
    page = visit(locale="de-DE", breaks=True)
    slot = site.api.slots(DAY)[0]
    page.clock.install()
    page.goto(f"/?date={DAY}")
    state = slot_state(page, slot)
    select_slot(page, slot["_id"])
    fill_details(page)
    expect(page.locator("#selected-slot")).to_have_text("Freitag, 27. März, 09:00 bis 10:00 Uhr")

    book_times(site.api, slot, 3)
    page.clock.run_for(16_000)
    expect(state).to_have_text("1 Platz frei")
    site.api.book(slot)
    page.clock.run_for(16_000)

    expect(state).to_have_text("Voll: Warteliste")
    expect(page.locator("#selection-changed")).to_contain_text(
        "Ihre gewählte Uhrzeit, 09:00 bis 10:00 Uhr, ist gerade voll geworden."
    )
    expect(page.locator("#alternatives")).to_contain_text("Die nächsten freien Uhrzeiten:")
    held = hold_requests(page, "**/")
    with page.expect_request("**/"):
        page.get_by_role("button", name="Auf die Warteliste").click()
    expect(page.locator("button[value=wait]")).to_have_text("Einen Moment …")
    wait_for_held(page, held)[0].abort()
    expect(page.locator("[data-toast=submit-retry]")).to_contain_text(
        "Wir konnten unser Buchungssystem nicht erreichen"
    )


def test_booking_in_german_enqueues_a_german_email(visit: Visit, site: Served) -> None:
    page = visit(locale="de-AT")
    email = new_email()

    page.goto("/")
    page.get_by_role("link", name="Freitag, 27. März").click()
    select_slot(page, site.api.slots(DAY)[2]["_id"])
    fill_details(page, email=email)
    wait_for_min_age(page)
    page.get_by_role("button", name="Diesen Platz buchen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ihr Platz ist gebucht")
    expect(page.locator(".when")).to_contain_text("Freitag, 27. März 2026")

    (booking,) = site.db["bookings"].find({"email": email})
    outbox_email = write_deferred(site.db)["letters"].find_one({"to": email}) or {}
    assert (booking["language"], outbox_email["facts"]["language"]) == ("de", "de")
