"""Field errors: the first wrong field comes into view, and an error goes away while its field is corrected."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.booking_form import BOOK_BUTTON, fill_details, new_email, select_slot
from tests.browser.conftest import Visit
from tests.conftest import Served

DATE = "2026-03-29"
WRONG = {"fullName": "A", "email": "ada@", "phone": "12"}
MIN_AGE_MS = 2_100
CORRECT = {"fullName": "Ada Lovelace", "email": "ada@example.org", "phone": "030 123456"}


def submit_wrong_form(page: Page, site: Served, slot_number: int | None = 3, /, **wrong: str) -> None:
    page.goto(f"/?date={DATE}")
    if slot_number is not None:
        select_slot(page, site.api.slots(DATE)[slot_number]["_id"])
    fill_details(page, **{"email": new_email(), **wrong})
    page.wait_for_timeout(MIN_AGE_MS)
    page.locator(BOOK_BUTTON).click()
    page.locator("#summary").wait_for()


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("name", WRONG)
def test_first_wrong_field_comes_into_view(visit: Visit, site: Served, width: int, scripts: bool, name: str) -> None:
    page = visit(width, java_script_enabled=scripts, refused=["/"])
    submit_wrong_form(page, site, **{name: WRONG[name]})

    expect(page.locator(f"#{name}")).to_be_focused()
    expect(page.locator(f"#{name}")).to_be_in_viewport(ratio=1)
    expect(page.locator(f"#{name}-error")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("width", [375, 1280])
def test_missing_hour_comes_into_view(visit: Visit, site: Served, width: int) -> None:
    page = visit(width, refused=["/"])

    submit_wrong_form(page, site, None, fullName="A")

    expect(page.locator("#hours")).to_be_focused()
    expect(page.locator("#hours")).to_have_accessible_description("Error: Choose an hour.")
    expect(page.locator("#slotId-error")).to_be_in_viewport(ratio=1)


def test_untouched_hour_is_not_invalid(visit: Visit, site: Served) -> None:
    page = visit(1280)
    page.goto(f"/?date={DATE}")

    assert "invalid" not in page.locator("#hours").aria_snapshot()
    assert page.locator("#hours input[type=radio][aria-invalid=false]").count() == 9


def test_error_goes_away_while_its_field_is_corrected(visit: Visit, site: Served) -> None:
    page = visit(refused=["/"])
    submit_wrong_form(page, site, **WRONG)
    expect(page.locator("#summary h2")).to_have_text("Please check these 3 things")

    for left, (name, text) in zip((2, 1, 0), CORRECT.items(), strict=True):
        page.locator(f"#{name}").press_sequentially(text[-2:])
        expect(page.locator(f"#{name}-error")).to_have_count(0)
        expect(page.locator(f"#{name}")).not_to_have_attribute("aria-invalid", "true")
        expect(page.locator("#summary li")).to_have_count(left)
        expect(page.locator(".is-invalid")).to_have_count(left)
        page.locator(f"#{name}").fill(text)
    expect(page.locator("#summary")).to_have_count(0)
    expect(page.locator("#email")).to_have_accessible_description(
        "We send your e-mail here, with the link to change or cancel."
    )
    page.locator("#email").fill(new_email())
    page.locator(BOOK_BUTTON).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked")


def test_summary_counts_the_errors_that_are_left(visit: Visit, site: Served) -> None:
    page = visit(refused=["/"])
    submit_wrong_form(page, site, **WRONG)

    page.locator("#email").fill("ada@example.org")
    expect(page.locator("#summary h2")).to_have_text("Please check these 2 things")
    page.locator("#fullName").fill("Ada Lovelace")

    expect(page.locator("#summary h2")).to_have_text("Please check this")


def test_error_of_the_hour_goes_away_when_one_is_selected(visit: Visit, site: Served) -> None:
    page = visit(refused=["/"])
    submit_wrong_form(page, site, None)

    select_slot(page, site.api.slots(DATE)[4]["_id"])

    expect(page.locator("#slotId-error")).to_have_count(0)
    expect(page.locator("#summary")).to_have_count(0)


@pytest.mark.parametrize("corrected", ["country", "phone"])
def test_country_mismatch_goes_away_with_either_field(visit: Visit, site: Served, corrected: str) -> None:
    page = visit(refused=["/"])
    submit_wrong_form(page, site, phone="+33612345678")
    expect(page.locator("#country-error")).to_contain_text("not from Germany")
    expect(page.locator("#country")).to_be_focused()

    if corrected == "country":
        page.locator("#country").select_option("FR")
    else:
        page.locator("#phone").fill("030 123456")

    expect(page.locator("#country-error")).to_have_count(0)
    expect(page.locator("#summary")).to_have_count(0)


def test_typing_in_a_right_field_keeps_other_errors(visit: Visit, site: Served) -> None:
    page = visit(refused=["/"])
    submit_wrong_form(page, site, email="ada@")

    page.locator("#city").fill("Bonn")

    expect(page.locator("#email-error")).to_be_visible()
    expect(page.locator("#summary li")).to_have_count(1)
