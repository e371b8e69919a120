"""Two editors of an event: neither overwrites the other's changes, and nothing that was typed is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.backoffice.actions import log_in
from tests.browser.backoffice.event_actions import (
    SAVE,
    change_as_other_editor,
    fill_new_event,
    message_of,
    open_editor,
    path_of,
    stored,
)
from tests.browser.conftest import Visit
from tests.conftest import Served
from tests.event_calls import create_event, tier_form

MEANWHILE = "Somebody else has changed this event meanwhile, so nothing was saved."


@pytest.mark.parametrize("width", [375, 1280])
def test_changes_of_two_editors_are_joined(visit: Visit, site: Served, width: int) -> None:
    event = create_event(site.api, tiers=[tier_form("GA"), tier_form("VIP", "90.00", 5)])
    vip = event["tiers"][1]["id"]
    page = visit(width, refused={path_of(event)})
    open_editor(page, event)
    page.locator("#event-title").fill("My title")
    page.locator("#tier-0-capacity").fill("12")
    change_as_other_editor(
        site, event, venue="City Hall", tiers=[{"id": vip, "price": "80.00"}, tier_form("KIDS", "1.00", 3)]
    )

    page.locator(SAVE).click()

    expect(page.locator("#notice")).to_contain_text(MEANWHILE)
    expect(message_of(page, "event-venue")).to_contain_text(
        "Changed meanwhile by somebody else; this is the new value."
    )
    expect(page.locator("#event-venue")).to_have_value("City Hall")
    expect(page.locator("#event-venue")).to_be_focused()
    expect(page.locator("#event-title")).to_have_value("My title")
    expect(page.locator("#tier-1-price")).to_have_value("80.00")
    expect(page.locator("#tier-2-name")).to_have_value("Kids")
    assert stored(site, event)["title"] == event["title"]
    page.locator(SAVE).click()
    expect(page.locator("#notice")).to_have_text("Saved.")
    after = stored(site, event)
    assert (after["title"], after["venue"], after["version"]) == ("My title", "City Hall", 3)
    tiers = [(tier["code"], tier["price"], tier["capacity"]) for tier in after["tiers"]]
    assert tiers == [("GA", "25.00", 12), ("VIP", "80.00", 5), ("KIDS", "1.00", 3)]


def test_field_that_both_changed_shows_both_values(visit: Visit, site: Served) -> None:
    event = create_event(site.api)
    page = visit(1280, refused={path_of(event)})
    open_editor(page, event)
    page.locator("#event-title").fill("My title")
    page.locator("#event-date").fill("2033-05-01T20:00")
    page.locator("#tier-0-price").fill("30")
    tier = {"id": event["tiers"][0]["id"], "price": "20.00"}
    change_as_other_editor(site, event, title="Their title", date="2033-05-01T16:00:00Z", tiers=[tier])

    page.locator(SAVE).click()

    expect(message_of(page, "event-title")).to_have_text("Changed meanwhile by somebody else to: Their title")
    expect(message_of(page, "event-date")).to_contain_text("1 May 2033, 18:00")
    expect(message_of(page, "tier-0-price")).to_have_text("Changed meanwhile by somebody else to: 20.00")
    expect(page.locator("#event-title")).to_have_value("My title")
    assert stored(site, event)["title"] == "Their title"
    page.locator(SAVE).click()
    expect(page.locator("#notice")).to_have_text("Saved.")
    after = stored(site, event)
    assert (after["title"], after["price"], after["date"]) == ("My title", "30.00", "2033-05-01T18:00:00.000Z")


def test_event_cancelled_meanwhile_is_not_changed(visit: Visit, site: Served) -> None:
    event = create_event(site.api)
    page = visit(1280, refused={path_of(event)})
    open_editor(page, event)
    page.locator("#event-title").fill("My title")
    site.api.admin("POST", f"/events/{event['id']}/cancel")

    for _ in range(2):
        page.locator(SAVE).click()
        expect(page.locator("#notice")).to_have_text("This event was cancelled, so it cannot be changed any more.")

    expect(page.locator("#event-title")).to_have_value("My title")
    assert stored(site, event)["title"] == event["title"]


def test_event_deleted_meanwhile_is_reported(visit: Visit, site: Served) -> None:
    event = create_event(site.api)
    page = visit(1280, refused={path_of(event)})
    open_editor(page, event)
    page.locator("#event-title").fill("My title")
    site.api.admin("DELETE", f"/events/{event['id']}")

    page.locator(SAVE).click()

    expect(page.locator("#notice")).to_have_text("There is no such event.")
    expect(page.locator("#event-title")).to_have_value("My title")


def lose_answer(route: Route) -> None:
    """Forward the request, and drop the answer."""
    if route.request.method == "GET":
        route.continue_()
        return
    route.fetch()
    route.abort()


def refuse_as_unavailable(route: Route) -> None:
    """Answer as the service does while its database is unavailable."""
    if route.request.method == "GET":
        route.continue_()
        return
    route.fulfill(status=503, json={"code": "unavailable", "message": "x"})


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (lose_answer, "so it is not known whether this was done. Please look before you repeat it."),
        (refuse_as_unavailable, "The service is briefly unavailable. Please try again."),
    ],
)
def test_typed_values_stay_when_saving_fails(
    visit: Visit, site: Served, failure: Callable[[Route], None], message: str
) -> None:
    page = visit(1280, breaks=True, refused={"/api/admin/events"})
    log_in(page, "/admin?view=events&event=new")
    fill_new_event(page, **{"event-title": "Spring Fair"})
    page.route("**/api/admin/events", failure)

    page.locator(SAVE).click()

    expect(page.locator("#notice")).to_contain_text(message)
    expect(page.locator("#event-title")).to_have_value("Spring Fair")
    expect(page.locator("#tier-0-capacity")).to_have_value("40")


def test_change_with_a_lost_answer_is_not_made_twice(visit: Visit, site: Served) -> None:
    event = create_event(site.api)
    page = visit(1280, breaks=True, refused={path_of(event)})
    open_editor(page, event)
    page.locator("#event-title").fill("My title")
    page.route(f"**{path_of(event)}", lose_answer, times=1)

    page.locator(SAVE).click()
    expect(page.locator("#notice")).to_contain_text("not known whether this was done")
    page.locator(SAVE).click()
    expect(page.locator("#notice")).to_contain_text(MEANWHILE)
    page.locator(SAVE).click()

    expect(page.locator("#notice")).to_have_text("Nothing was changed, so there is nothing to save.")
    assert (stored(site, event)["title"], stored(site, event)["version"]) == ("My title", 2)
