"""The pages in German in a real browser: the switch by keys, with and without scripts, and what scripts say."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Visit
from tests.browser.journeys import age, choose, fill_in, somebody, tab_to
from tests.browser.test_journeys import booked
from tests.conftest import Served

DAY = "2026-03-27"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_switch_is_pressed_by_keys_and_remembered(visit: Visit, site: Served, scripts: bool) -> None:
    page = visit(java_script_enabled=scripts)

    page.goto(f"/?date={DAY}")
    expect(page.get_by_role("button", name="English")).to_have_attribute("aria-current", "true")
    fill_in(page, fullName="Ada King")
    choose(page, site.api.slots(DAY)[3]["_id"])
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


def test_scripts_speak_the_language_of_the_page(visit: Visit, site: Served) -> None:
    page, slot = visit(locale="de-DE", breaks=True), site.api.slots(DAY)[0]
    page.clock.install()
    page.goto(f"/?date={DAY}")
    state = page.locator(f".slot[data-slot='{slot['_id']}'] .slot-state")
    choose(page, slot["_id"])
    fill_in(page)
    expect(page.locator("#selected-slot")).to_have_text("Freitag, 27. März, 09:00 bis 10:00 Uhr")

    for _ in range(3):
        site.api.book(slot)
    page.clock.run_for(16_000)
    expect(state).to_have_text("1 Platz frei")
    site.api.book(slot)
    page.clock.run_for(16_000)

    expect(state).to_have_text("Voll: Warteliste")
    expect(page.locator("#selection-changed")).to_contain_text(
        "Ihre gewählte Uhrzeit, 09:00 bis 10:00 Uhr, ist gerade voll geworden."
    )
    expect(page.locator("#alternatives")).to_contain_text("Die nächsten freien Uhrzeiten:")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/", hold)
    with page.expect_request("**/"):
        page.get_by_role("button", name="Auf die Warteliste").click()
    expect(page.locator("button[value=wait]")).to_have_text("Einen Moment …")
    held[0].abort()
    expect(page.locator("[data-toast=submit-retry]")).to_contain_text(
        "Wir konnten unser Buchungssystem nicht erreichen"
    )


def test_a_guest_books_in_german_and_is_written_to_in_german(visit: Visit, site: Served) -> None:
    page, email = visit(locale="de-AT"), somebody()

    page.goto("/")
    page.get_by_role("link", name="Freitag, 27. März").click()
    choose(page, site.api.slots(DAY)[2]["_id"])
    fill_in(page, email=email)
    age(page)
    page.get_by_role("button", name="Diesen Platz buchen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ihr Platz ist gebucht")
    expect(page.locator(".when")).to_contain_text("Freitag, 27. März 2026")

    (booking,) = booked(site, email)
    letter = site.db["letters"].find_one({"to": email}) or {}
    assert (booking["language"], letter["facts"]["language"]) == ("de", "de")
