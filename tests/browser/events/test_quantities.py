"""Quantities of the tiers in Chromium: the focus and the words at both ends, and while tickets sell out."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.account.actions import new_email, sign_up
from tests.browser.conftest import Visit
from tests.browser.events.sample_events import SampleEvents, take
from tests.conftest import Served


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


def test_choice_without_a_ticket_stays_on_the_page(visit: Visit, sample: SampleEvents) -> None:
    page = visit()
    page.goto(f"/events/{sample.concert.id}")

    page.get_by_role("button", name="Continue to the cart").press("Enter")

    expect(page.locator("#cart-sum")).to_have_text("Choose at least one ticket.")
    expect(page.locator("[data-quantity]").first).to_be_focused()
    expect(page).to_have_url(f"{page.url.split('/events')[0]}/events/{sample.concert.id}")


@pytest.mark.parametrize(
    ("language", "sold_out", "free"),
    [
        (
            "en",
            "VIP has just sold out; you can join the waiting list.",
            "Tickets of VIP have just come free.",
        ),
        (
            "de",
            "VIP ist gerade ausverkauft; Sie können auf die Warteliste gehen.",
            "Für VIP sind gerade Tickets frei geworden.",
        ),
    ],
)
def test_focus_and_words_follow_a_tier_that_sells_out(
    visit: Visit, site: Served, sample: SampleEvents, language: str, sold_out: str, free: str
) -> None:
    vip = sample.concert.tiers[1]
    page = visit(locale=language)
    page.goto(f"/events/{sample.concert.id}")
    page.locator(f"#quantity-{vip.id}").focus()

    take(site.db, vip.id, 100)
    expect(page.locator("#tier-news")).to_have_text(sold_out)
    expect(page.locator(f"#tier-{vip.id} .button-wait")).to_be_focused()
    take(site.db, vip.id, 95)
    expect(page.locator("#tier-news")).to_have_text(free)
    expect(page.locator(f"#quantity-{vip.id}")).to_be_focused()


def test_focus_elsewhere_stays_while_a_tier_sells_out(visit: Visit, site: Served, sample: SampleEvents) -> None:
    general, vip, _front = sample.concert.tiers
    page = visit()
    page.goto(f"/events/{sample.concert.id}")
    page.locator(f"#quantity-{general.id}").focus()

    take(site.db, vip.id, 100)

    expect(page.locator(f"#tier-{vip.id} .button-wait")).to_be_visible()
    expect(page.locator(f"#quantity-{general.id}")).to_be_focused()
    take(site.db, vip.id, 95)


def test_reservation_goes_with_the_last_ticket_and_comes_back(visit: Visit, site: Served, sample: SampleEvents) -> None:
    general = sample.concert.tiers[0]
    page = visit()
    sign_up(page, new_email())
    page.goto(f"/events/{sample.concert.id}")
    reserve = page.get_by_role("button", name="Reserve one ticket")
    reserve.focus()

    take(site.db, general.id, 500)
    expect(page.locator("#reservation .hint")).to_be_focused()
    expect(reserve).to_have_count(0)
    take(site.db, general.id, 320)

    expect(reserve).to_be_focused()
