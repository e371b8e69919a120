"""Quantities of the tiers in Chromium: the focus and the words at both ends, and while tickets sell out."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.events.sample_events import SampleEvents


@pytest.mark.parametrize(("language", "none"), [("en", "No tickets chosen"), ("de", "Keine Tickets gewählt")])
def test_button_without_effect_keeps_the_focus(visit: Visit, sample: SampleEvents, language: str, none: str) -> None:
    page = visit(locale=language)
    page.goto(f"/events/{sample.concert.id}")
    vip = page.locator(f"#tier-{sample.concert.tiers[1].id}")
    fewer, more = vip.locator(".stepper button").all()
    expect(page.locator("#cart-sum")).to_be_empty()

    more.focus()
    for _press in range(6):
        page.keyboard.press("Enter")
    expect(more).to_be_focused()
    expect(more).to_have_attribute("aria-disabled", "true")
    expect(vip.locator("input")).to_have_value("5")
    fewer.focus()
    for _press in range(6):
        page.keyboard.press("Enter")

    expect(fewer).to_be_focused()
    expect(fewer).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#cart-sum")).to_have_text(none)
