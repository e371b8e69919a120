"""Events in the back office as an organiser edits them, and people who buy their tickets."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Locator, Page, expect

from core.config.settings import from_env
from tests.browser.backoffice.actions import log_in
from tests.conftest import Served
from tests.members import Member, members

SAVE = "#event-save"


def open_event(page: Page, event: Mapping[str, Any], query: str = "") -> None:
    """Log in and open the page of an event."""
    log_in(page, f"/admin?view=events&event={event['id']}{query}")
    expect(page.get_by_role("heading", level=1)).to_have_text(event["title"])


def open_editor(page: Page, event: Mapping[str, Any]) -> None:
    """Log in and open the editor of an event."""
    log_in(page, f"/admin?view=events&event={event['id']}&edit=1")
    expect(page.locator("#event-title")).to_have_value(event["title"])


def fill_new_event(page: Page, **changes: str) -> None:
    """Fill in the form of a new event with one kind of tickets; `changes` are values by control id."""
    values = {
        "event-title": "Autumn Fair",
        "event-venue": "Town Hall",
        "event-currency": "EUR",
        "event-date": "2033-10-05T19:30",
        "tier-0-code": "GA",
        "tier-0-name": "General admission",
        "tier-0-price": "25",
        "tier-0-capacity": "40",
    }
    for control, value in {**values, **changes}.items():
        page.locator(f"#{control}").fill(value)


def message_of(page: Page, control: str) -> Locator:
    """Return the message beside a control, which also describes it."""
    described = page.locator(f"#{control}[aria-describedby~='{control}-message']")
    expect(described).to_have_count(1)
    return page.locator(f"#{control}-message")


def stored(site: Served, event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event as it is stored now."""
    found: dict[str, Any] = site.api.admin("GET", f"/events/{event['id']}").json
    return found


def change_as_other_editor(site: Served, event: Mapping[str, Any], **changes: Any) -> None:
    """Change an event as somebody else does meanwhile."""
    answer = site.api.admin("PATCH", f"/events/{event['id']}", json=changes)
    assert answer.status == 200, answer.body


def new_member(site: Served, **changes: Any) -> Member:
    """Return a signed-in person of the site."""
    return members(site.db, from_env(site.environment), site.api.send, 1, **changes)[0]


def buy_tickets(site: Served, event: Mapping[str, Any], quantity: int, **changes: Any) -> Member:
    """Buy tickets of the first kind; returns the buyer."""
    member = new_member(site, **changes)
    body = {"items": [{"tierId": event["tiers"][0]["id"], "quantity": quantity}], "paymentToken": "tok_approve"}
    answer = member.send("POST", "/api/orders", json=body, headers={"Idempotency-Key": uuid.uuid4().hex})
    assert answer.status == 201, answer.body
    return member


def path_of(event: Mapping[str, Any]) -> str:
    """Return the address of an event in the API."""
    return f"/api/admin/events/{event['id']}"
