"""What the organiser does on the back office's page, and an event with something of everything on it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from playwright.sync_api import Page, expect

from booking import mapping
from booking.model import Status
from core.clock import now
from core.mongo.client import Db
from tests.api_client import Api
from tests.factories import ADMIN_KEY
from tests.factories import booking as made

HOSTILE = {"html": "<img src=x onerror=alert(1)>", "formula": "=HYPERLINK(1)", "rtl": "\u05e9\u05dc\u05d5\u05dd Cohen"}
HOSTILE_DATE = "2026-03-21"
CALM_DATE = "2026-03-23"
LIVELY_DATE = "2026-03-13"
PEOPLE = [
    ("Ada Lovelace", "GB", "+442079460958"),
    ("Amina Khal\u00edl", "EG", "+201001234567"),
    ("Bruno M\u00fcller", "DE", "+4930123456"),
    ("Chen Wei", "CN", "+8613812345678"),
    ("Fatou Diop", "SN", "+221771234567"),
    ("Ingrid S\u00f8rensen", "DK", "+4532123456"),
    ("Jos\u00e9 Ruiz", "ES", "+34612345678"),
    ("Keiko Tanaka", "JP", "+81312345678"),
    ("Priya Sharma", "IN", "+919876543210"),
]


def enter(page: Page, path: str = "/admin") -> None:
    """Open the page and sign in."""
    page.goto(path)
    page.locator("#key").fill(ADMIN_KEY)
    page.keyboard.press("Enter")
    page.locator("#view h1").wait_for()


def look_at(page: Page, view: str) -> None:
    """Go to a view by its link."""
    page.locator(f"[data-view={view}]").click()
    expect(page.locator(f"[data-view={view}]")).to_have_attribute("aria-current", "page")


def busy(api: Api, db: Db) -> None:
    """Give an event a past: bookings of weeks, hostile names, a letter that was given up, another capacity."""
    kinds = [made(n, id=_id(n), status=Status.CANCELLED, slot_id="long-ago-0001") for n in range(60)]
    db["bookings"].insert_many(mapping.to_document(each) for each in kinds)
    slots = api.slots(HOSTILE_DATE)
    for slot, name in zip(slots, HOSTILE.values(), strict=False):
        assert api.book(slot, fullName=name, message="Two of us,\nwith a wheelchair.").status == 201
    places = [slot for slot in api.slots(LIVELY_DATE)[:4] for _ in range(slot["remaining"])]
    for slot, (name, country, phone) in zip(places[::2], PEOPLE, strict=False):
        email = f"guest.{country.lower()}@example.org"
        assert api.book(slot, fullName=name, country=country, phone=phone, email=email).status == 201
    calm = api.slots(CALM_DATE)[0]
    mine = api.book(calm, fullName="Grace Hopper", phone="+442079460123", country="GB").json["booking"]
    assert api.admin("PATCH", f"/slots/{calm['_id']}", json={"capacity": 6}).status == 200
    give_up(db, f"{mine['id']}-guest")


def give_up(db: Db, letter: str) -> None:
    """Let a letter have failed for good."""
    failed = {"state": "dead", "attempts": 7, "lastError": "mail server: 550 no such user"}
    done = db["letters"].update_one({"_id": letter}, {"$set": failed, "$unset": {"dueAt": "", "lease": ""}})
    assert done.matched_count == 1


def shown(page: Page) -> list[str]:
    """Return the references in the listing, in their order."""
    return page.locator(".bookings-table .link-button").all_text_contents()


def listed(api: Api, **query: Any) -> list[dict[str, Any]]:
    """Return what the API lists."""
    answer = api.admin("GET", "/bookings", query={"limit": "25", **query})
    assert answer.status == 200, answer.body
    items: list[dict[str, Any]] = answer.json["items"]
    return items


def _id(number: int) -> str:
    """Return the id of a booking made some days ago, more of them of late."""
    at = now() - timedelta(days=1 + number * number % 27, minutes=number)
    return f"{int(at.timestamp() * 1000):012x}{number:020x}"
