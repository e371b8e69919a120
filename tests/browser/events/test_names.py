"""Accessible names of the event pages in Chromium, as a screen reader says them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.events.sample_events import SampleEvents


def test_name_of_a_quantity_has_no_blank_before_a_mark(visit: Visit, sample: SampleEvents) -> None:
    page = visit()
    page.goto(f"/events/{sample.concert.id}")

    expect(page.get_by_role("spinbutton", name="Quantity (VIP)", exact=True)).to_be_visible()
    tree = page.locator("main").aria_snapshot()
    assert " ," not in tree


def test_name_of_a_seat_has_its_state_but_no_mark(visit: Visit, sample: SampleEvents) -> None:
    page = visit(1280)
    page.goto(f"/events/{sample.opera.id}/seats")
    page.get_by_role("button", name="Row B").click()
    page.get_by_role("checkbox", name="B1", exact=True).check()

    rows = page.locator(".seat-rows").aria_snapshot()
    assert '- checkbox "B1" [checked]' in rows
    assert re.search(r'- checkbox "B\d+ \(taken\)" \[disabled\]', rows)


@pytest.mark.parametrize(
    ("language", "one", "five", "chosen"),
    [
        ("en", "Take the best seat", "Take the best 5 seats", "Continue with the chosen seats"),
        ("de", "Den besten Sitz nehmen", "Die besten 5 Sitze nehmen", "Weiter mit den gewählten Sitzen"),
    ],
)
def test_buttons_of_the_seats_name_what_they_take(
    visit: Visit, sample: SampleEvents, language: str, one: str, five: str, chosen: str
) -> None:
    page = visit(1280, locale=language)
    page.goto(f"/events/{sample.opera.id}/seats?tier={sample.opera.tiers[0].id}&seats={sample.opera.tiers[0].id}:B1")
    best = page.locator("#take-best")

    page.locator("#best").select_option("5")
    expect(best).to_have_text(five)
    page.locator("#best").select_option("1")
    expect(best).to_have_text(one)
    expect(page.get_by_role("button", name=chosen, exact=True)).to_be_visible()
