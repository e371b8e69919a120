"""Page of an event in the back office: sales, publication and cancellation, and what is refused."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.backoffice.actions import WIDTHS
from tests.browser.backoffice.event_actions import (
    buy_tickets,
    change_as_other_editor,
    new_member,
    open_event,
    path_of,
    stored,
)
from tests.browser.conftest import Visit
from tests.conftest import Served
from tests.event_calls import create_event, tier_form
from tests.factories import ADMIN_KEY


@pytest.mark.parametrize("width", WIDTHS)
def test_draft_is_published_only_after_confirming(visit: Visit, site: Served, width: int) -> None:
    event = create_event(site.api, status="draft")
    page = visit(width)
    open_event(page, event)

    page.locator("#event-publish").click()
    expect(page.locator("#confirm")).to_contain_text(event["title"])
    expect(page.locator("#confirm")).to_contain_text("10 tickets are on sale until")
    expect(page.locator("#confirm")).to_contain_text("Nobody gets an e-mail.")
    expect(page.locator("#confirm-no")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#event-publish")).to_be_focused()
    assert stored(site, event)["status"] == "draft"
    page.locator("#event-publish").click()
    page.locator("#confirm-yes").click()

    expect(page.locator("#notice")).to_have_text("Published; tickets are on sale.")
    expect(page.locator("#event-publish")).to_have_count(0)
    expect(page.locator(".chip").first).to_have_text("Published")
    assert site.api.get(f"/api/events/{event['id']}").json["remainingTickets"] == 10


@pytest.mark.parametrize("width", WIDTHS)
def test_event_is_cancelled_after_saying_what_happens(visit: Visit, site: Served, width: int) -> None:
    event = create_event(site.api)
    buyer = buy_tickets(site, event, 2)
    page = visit(width)
    open_event(page, event)

    page.locator("#event-cancel").click()
    expect(page.locator("#confirm")).to_contain_text(
        "2 tickets are sold, reserved or held. Each holder gets an e-mail; all that was paid is refunded"
    )
    expect(page.locator("#confirm")).to_contain_text("This cannot be undone.")
    page.locator("#confirm-no").click()
    assert stored(site, event)["status"] == "published"
    page.locator("#event-cancel").click()
    page.locator("#confirm-yes").click()

    expect(page.locator("#notice")).to_have_text("Cancelled. E-mails and refunds are on their way.")
    expect(page.locator(".chip").first).to_have_text("Cancelled")
    for control in ("#event-edit", "#event-cancel", "#event-publish"):
        expect(page.locator(control)).to_have_count(0)
    assert stored(site, event)["status"] == "cancelled"
    letters = {"template": "event_cancelled", "to": buyer.account.email}
    for _ in range(100):
        if site.db["letters"].find_one(letters):
            return
        page.wait_for_timeout(100)
    pytest.fail("no e-mail for the holder")


def test_cancellation_without_sales_says_so(visit: Visit, site: Served) -> None:
    event = create_event(site.api)
    page = visit(375)
    open_event(page, event)

    page.locator("#event-cancel").click()

    expect(page.locator("#confirm")).to_contain_text("nobody gets an e-mail and nothing is refunded")


def test_event_without_sales_becomes_a_draft_again(visit: Visit, site: Served) -> None:
    event = create_event(site.api)
    page = visit(1280)
    open_event(page, event)

    page.locator("#event-unpublish").click()
    page.locator("#confirm-yes").click()

    expect(page.locator("#notice")).to_have_text("It is a draft again.")
    assert stored(site, event)["status"] == "draft"


def test_event_sold_meanwhile_stays_published(visit: Visit, site: Served) -> None:
    event = create_event(site.api)
    page = visit(1280, refused={path_of(event)})
    open_event(page, event)
    buy_tickets(site, event, 1)

    page.locator("#event-unpublish").click()
    page.locator("#confirm-yes").click()

    expect(page.locator("#notice")).to_contain_text("Tickets of this event are sold or reserved")
    expect(page.locator("#event-unpublish")).to_have_count(0)
    expect(page.locator(".tiers-table")).to_contain_text("9")
    assert stored(site, event)["status"] == "published"


def test_draft_changed_meanwhile_is_shown_and_not_published(visit: Visit, site: Served) -> None:
    event = create_event(site.api, status="draft")
    page = visit(1280, refused={path_of(event)})
    open_event(page, event)
    change_as_other_editor(site, event, venue="City Hall")

    page.locator("#event-publish").click()
    page.locator("#confirm-yes").click()

    expect(page.locator("#notice")).to_contain_text("Somebody else has changed this event meanwhile")
    expect(page.locator(".facts")).to_contain_text("City Hall")
    assert stored(site, event)["status"] == "draft"


def test_unknown_event_is_reported(visit: Visit) -> None:
    unknown = "0" * 32
    page = visit(1280, refused={f"/api/admin/events/{unknown}", f"/api/admin/events/{unknown}/bookings"})
    page.goto(f"/admin?view=events&event={unknown}")
    page.locator("#key").fill(ADMIN_KEY)
    page.keyboard.press("Enter")

    expect(page.locator("#notice")).to_have_text("There is no such event.")


def test_sales_of_an_event_lead_to_its_orders_and_tickets(visit: Visit, site: Served) -> None:
    tiers = [tier_form("VIP", "100.00", 5, seats=["A1", "A2", "A3", "A4", "A5"]), tier_form("GA", "10.00", 50)]
    event = create_event(site.api, title="Chamber Music", tiers=tiers)
    member = new_member(site, name="Grace Hopper")
    items = [{"tierId": event["tiers"][0]["id"], "seats": ["A2"]}, {"tierId": event["tiers"][1]["id"], "quantity": 3}]
    order = member.send(
        "POST", "/api/orders", json={"items": items, "paymentToken": "tok_approve"}, headers={"Idempotency-Key": "k"}
    ).json
    new_member(site, name="Mary Jackson").reserve(event["id"])
    page = visit(1280)
    open_event(page, event)

    expect(page.locator(".totals")).to_contain_text("130.00 USD")
    expect(page.locator(".tiers-table tbody tr").first).to_contain_text("100.00 USD")
    orders = page.locator("section .list tbody tr")
    expect(orders).to_have_count(1)
    for text in ("Grace Hopper", member.account.email, "1 \u00d7 VIP (A2), 3 \u00d7 GA", "130.00 USD", "Paid"):
        expect(orders).to_contain_text(text)
    page.locator("#list-tickets").click()
    expect(page.locator("#result-count")).to_have_text("Tickets found: 4")
    expect(page.locator("section .list")).to_contain_text(order["tickets"][0]["code"])
    expect(page.locator("section .list")).to_contain_text("A2")
    page.locator("#list-reservations").click()
    expect(page.locator("#result-count")).to_have_text("Reservations found: 1")
    expect(page.locator("section .list tbody tr")).to_contain_text("Mary Jackson")
    page.reload()
    expect(page.locator("#list-reservations")).to_have_attribute("aria-current", "true")
