"""Event editor: creates and changes events, and shows each refusal beside its field."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.backoffice.actions import WIDTHS, log_in, query_of
from tests.browser.backoffice.event_actions import (
    SAVE,
    buy_tickets,
    fill_new_event,
    message_of,
    open_editor,
    path_of,
    stored,
)
from tests.browser.conftest import Visit
from tests.browser.keyboard import tab_to
from tests.conftest import Served
from tests.event_calls import create_event, tier_form

EVENTS = "/api/admin/events"
NOT_SAVED = "Not saved. Please check the marked fields."


def open_new(page: Page) -> None:
    log_in(page, "/admin?view=events&event=new")


def created_id(page: Page) -> str:
    """Return the id of the event that was just created, whose page is shown."""
    expect(page.locator("#notice")).to_have_text("The event is created.")
    return query_of(page).rpartition("=")[2]


@pytest.mark.parametrize("width", WIDTHS)
def test_event_is_created_with_its_tiers(visit: Visit, site: Served, width: int) -> None:
    page = visit(width)
    log_in(page, "/admin?view=events")
    page.locator("#event-new").click()
    fill_new_event(page, **{"event-description": "Music.\nFood.", "event-currency": "eur"})
    page.locator("#event-image").fill("/images/fair.jpg")
    page.locator("#event-imageAlt").fill("Stalls under trees")
    page.locator("#event-salesEnd").fill("2033-10-05T12:00")
    page.locator("#tier-add").click()
    expect(page.locator("#tier-1-code")).to_be_focused()
    for name, value in {"code": "VIP", "name": "Front row", "price": "99,50", "capacity": "5"}.items():
        page.locator(f"#tier-1-{name}").fill(value)
    page.locator(SAVE).click()

    event = site.api.admin("GET", f"/events/{created_id(page)}").json
    # Summer time in Berlin.
    assert (event["date"], event["salesEnd"]) == ("2033-10-05T17:30:00.000Z", "2033-10-05T10:00:00.000Z")
    assert (event["title"], event["venue"], event["currency"]) == ("Autumn Fair", "Town Hall", "EUR")
    assert (event["description"], event["status"]) == ("Music.\nFood.", "draft")
    assert (event["image"], event["imageAlt"]) == ("/images/fair.jpg", "Stalls under trees")
    tiers = [(tier["code"], tier["name"], tier["price"], tier["capacity"]) for tier in event["tiers"]]
    assert tiers == [("GA", "General admission", "25.00", 40), ("VIP", "Front row", "99.50", 5)]


def test_event_is_created_by_keyboard_and_published_at_once(visit: Visit, site: Served) -> None:
    page = visit(1280)
    log_in(page, "/admin?view=events")

    tab_to(page, "#event-new")
    page.keyboard.press("Enter")
    page.locator("#event-form").wait_for()
    fill_new_event(page)
    tab_to(page, "#tier-add")
    page.keyboard.press("Enter")
    tab_to(page, "#tier-1-remove")
    page.keyboard.press("Enter")
    expect(page.locator("#tier-add")).to_be_focused()
    page.locator("#event-status").focus()
    page.keyboard.type("Published")
    tab_to(page, SAVE)
    page.keyboard.press("Enter")

    assert site.api.get(f"/api/events/{created_id(page)}").json["totalTickets"] == 40


def test_missing_fields_are_marked_and_the_first_takes_the_focus(visit: Visit) -> None:
    page = visit(375)
    open_new(page)
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)

    page.locator(SAVE).click()

    expect(page.locator("#notice")).to_have_text(NOT_SAVED)
    expect(page.locator("#event-title")).to_be_focused()
    marked = page.locator("#event-form [aria-invalid=true]")
    ids = ["event-title", "event-venue", "event-currency", "event-date", "tier-0-code", "tier-0-name"]
    assert marked.evaluate_all("all => all.map((each) => each.id)") == [*ids, "tier-0-price", "tier-0-capacity"]
    assert posts == []
    fill_new_event(page)
    page.locator("#tier-add").click()
    for name, value in {"code": "GA", "name": "Again", "price": "1", "capacity": "many"}.items():
        page.locator(f"#tier-1-{name}").fill(value)
    page.locator(SAVE).click()
    expect(marked).to_have_count(2)
    expect(message_of(page, "tier-1-code")).to_have_text("Another kind of tickets has this code.")
    expect(message_of(page, "tier-1-capacity")).to_have_text("Enter a whole number from 0 to 1,000,000.")


REFUSALS = [
    ("event-currency", "ABC", "Enter a currency code such as EUR; all prices must have its decimals."),
    ("event-date", "2001-01-01T12:00", "Choose a date and a time in the future."),
    ("event-salesEnd", "2033-10-06T12:00", "Choose a time in the future, not after the date of the event."),
    ("event-image", "http://a.example/b.jpg", "Enter an https:// address, or a path of this site"),
    ("event-title", "Concert\u0007", "Enter a title of at most 200 characters."),
    ("tier-0-price", "25.001", "Enter an amount such as 10.00."),
]


@pytest.mark.parametrize(("control", "value", "message"), REFUSALS)
def test_member_that_the_service_refuses_is_marked(visit: Visit, control: str, value: str, message: str) -> None:
    page = visit(1280, refused={EVENTS})
    open_new(page)
    fill_new_event(page, **{control: value})

    page.locator(SAVE).click()

    expect(page.locator("#notice")).to_have_text(NOT_SAVED)
    expect(message_of(page, control)).to_contain_text(message)
    expect(page.locator(f"#{control}")).to_be_focused()
    expect(page.locator("#event-form [aria-invalid=true]")).to_have_count(1)
    expect(page.locator("#event-venue")).to_have_value("Town Hall")


def test_time_that_the_clocks_skip_is_refused(visit: Visit, site: Served) -> None:
    page = visit(1280)
    open_new(page)
    fill_new_event(page, **{"event-date": "2033-03-27T02:30"})

    page.locator(SAVE).click()
    expect(message_of(page, "event-date")).to_contain_text("The clocks of Europe/Berlin skip this time.")
    page.locator("#event-zone").select_option("UTC")
    page.locator(SAVE).click()

    assert site.api.admin("GET", f"/events/{created_id(page)}").json["date"] == "2033-03-27T02:30:00.000Z"


def test_change_sends_only_what_was_changed(visit: Visit, site: Served) -> None:
    event = create_event(site.api, tiers=[tier_form("GA"), tier_form("VIP", "90.00", 5)], pool=12, maxPerOrder=4)
    page = visit(768)
    open_editor(page, event)
    page.locator("#event-venue").fill("City Hall")
    page.locator("#tier-1-closed").check()

    with page.expect_request(lambda request: request.method == "PATCH") as sent:
        page.locator(SAVE).click()

    expect(page.locator("#notice")).to_have_text("Saved.")
    assert sent.value.post_data_json == {
        "venue": "City Hall",
        "tiers": [{"id": event["tiers"][1]["id"], "closed": True}],
    }
    assert sent.value.headers["if-match"] == '"1"'
    after = stored(site, event)
    assert (after["venue"], after["date"], after["pool"], after["maxPerOrder"]) == ("City Hall", event["date"], 12, 4)
    assert [tier["closed"] for tier in after["tiers"]] == [False, True]


def test_tier_is_added_to_an_event(visit: Visit, site: Served) -> None:
    event = create_event(site.api)
    page = visit(1280)
    open_editor(page, event)
    page.locator("#tier-add").click()
    for name, value in {"code": "VIP", "name": "Front row", "price": "99.50", "capacity": "5"}.items():
        page.locator(f"#tier-1-{name}").fill(value)

    page.locator(SAVE).click()

    expect(page.locator("#notice")).to_have_text("Saved.")
    assert [tier["code"] for tier in stored(site, event)["tiers"]] == ["GA", "VIP"]


def test_unchanged_event_is_not_saved(visit: Visit, site: Served) -> None:
    event = create_event(site.api)
    page = visit(1280)
    open_editor(page, event)

    page.locator(SAVE).click()

    expect(page.locator("#notice")).to_have_text("Nothing was changed, so there is nothing to save.")
    assert stored(site, event)["version"] == 1


def test_capacity_below_what_is_sold_is_refused_beside_it(visit: Visit, site: Served) -> None:
    event = create_event(site.api, tiers=[tier_form("GA"), tier_form("VIP", "90.00", 5)])
    page = visit(375, refused={path_of(event)})
    open_editor(page, event)
    # Sold after the editor was opened.
    buy_tickets(site, event, 3)
    page.locator("#event-title").fill("Other title")
    page.locator("#tier-0-capacity").fill("2")
    page.locator("#tier-1-capacity").fill("4")

    page.locator(SAVE).click()

    expect(message_of(page, "tier-0-capacity")).to_have_text(
        "3 are sold, reserved or held already; the capacity cannot be lower."
    )
    expect(page.locator("#tier-0-capacity")).to_be_focused()
    expect(page.locator("#event-form [aria-invalid=true]")).to_have_count(1)
    assert stored(site, event)["title"] == event["title"]
    page.locator("#tier-0-capacity").fill("3")
    page.locator(SAVE).click()
    expect(page.locator("#notice")).to_have_text("Saved.")
    assert [tier["capacity"] for tier in stored(site, event)["tiers"]] == [3, 4]


def test_currency_of_a_sold_event_is_refused_beside_it(visit: Visit, site: Served) -> None:
    event = create_event(site.api)
    buy_tickets(site, event, 1)
    page = visit(1280, refused={path_of(event)})
    open_editor(page, event)
    page.locator("#event-currency").fill("EUR")

    page.locator(SAVE).click()

    expect(message_of(page, "event-currency")).to_contain_text("Tickets of this event are sold or reserved")
    assert stored(site, event)["currency"] == "USD"


def test_capacity_of_a_numbered_tier_is_read_only(visit: Visit, site: Served) -> None:
    event = create_event(site.api, tiers=[tier_form("HALL", capacity=2, seats=["A1", "A2"])])
    page = visit(1280)
    open_editor(page, event)

    expect(page.locator("#tier-0-capacity")).not_to_be_editable()
    expect(page.locator("#tier-0-capacity-hint")).to_contain_text("as many tickets as seats")
