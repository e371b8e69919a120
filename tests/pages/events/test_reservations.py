"""Buttons of an event's page: reservation and waiting list, and each of their refusals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

import wiring
from core.mongo.client import Db
from core.web.context import runtime_of
from events.model import Event, EventStatus
from tests.event_calls import new_tier, store_event
from tests.pages.account.page_browser import PageBrowser, shown


@pytest.fixture
def ada(browser: PageBrowser) -> PageBrowser:
    browser.sign_up()
    return browser


def sell_out(db: Db, event: Event, taken: int | None = None) -> None:
    for tier in event.tiers:
        count = tier.capacity if taken is None else taken
        db.event_stock.update_one({"_id": tier.id}, {"$set": {"taken": count}})


def press(person: PageBrowser, event: Event, button: str, **form: str) -> Any:
    return person.post(f"/events/{event.id}/{button}", form)


def test_reservation_is_made_shown_and_cancelled(ada: PageBrowser, db: Db) -> None:
    event = store_event(db, new_tier(capacity=3))

    answer = press(ada, event, "reserve")

    assert answer.headers["Location"] == f"/events/{event.id}?notice=reserved"
    page = ada.get(answer.headers["Location"])
    assert "Your ticket is reserved" in page.text
    assert "You have a reservation" in page.text
    assert "2 of 3 left" in page.text
    assert "Cancel your reservation?" in page.text

    cancelled = press(ada, event, "cancel")
    again = press(ada, event, "cancel")

    assert cancelled.headers["Location"] == again.headers["Location"] == f"/events/{event.id}?notice=cancelled"
    page = ada.get(cancelled.headers["Location"])
    assert "Your reservation is cancelled" in page.text
    assert "3 of 3 left" in page.text


def test_reservation_of_a_numbered_tier_names_its_seat(ada: PageBrowser, db: Db) -> None:
    event = store_event(db, new_tier(capacity=2, seats=("A1", "A2")))

    press(ada, event, "reserve")

    assert "seat A1" in ada.get(f"/events/{event.id}").text


def refused(answer: Any, status: int, sentence: str) -> None:
    assert answer.status_code == status
    assert sentence in shown(answer)
    assert 'role="alert"' in answer.text


def test_second_reservation_is_refused_on_the_page(ada: PageBrowser, db: Db) -> None:
    event = store_event(db)
    press(ada, event, "reserve")

    refused(press(ada, event, "reserve"), 409, "You have reserved a ticket of this event already.")
    assert db.reservations.count_documents({}) == 1


def test_reservation_of_a_sold_out_event_leads_to_the_waiting_list(ada: PageBrowser, db: Db) -> None:
    event = store_event(db)
    sell_out(db, event)

    answer = press(ada, event, "reserve")

    refused(answer, 409, "You can join the waiting list below.")
    assert "Join the waiting list" in answer.text


def test_reservation_after_the_end_of_sales_leads_to_other_events(ada: PageBrowser, db: Db) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    event = store_event(db, sales_end=now - timedelta(hours=1))

    answer = press(ada, event, "reserve")

    refused(answer, 409, "Sales of this event have ended.")
    assert 'href="/events"' in answer.text


def test_reservation_of_a_cancelled_event_is_refused(ada: PageBrowser, db: Db) -> None:
    event = store_event(db, status=EventStatus.CANCELLED)

    refused(press(ada, event, "reserve"), 409, "This event was cancelled, so nothing more can be reserved.")


def test_cancellation_without_a_reservation_is_refused(ada: PageBrowser, db: Db) -> None:
    event = store_event(db)

    refused(press(ada, event, "cancel"), 404, "You have no reservation of this event.")


@pytest.mark.parametrize("button", ["reserve", "cancel", "wait", "leave"])
@pytest.mark.parametrize("event_id", ["0" * 32, "%00", "%ED%A0%80", "$gt"])
def test_button_of_an_unknown_event_is_a_page(ada: PageBrowser, button: str, event_id: str) -> None:
    answer = ada.post(f"/events/{event_id}/{button}", {"tier": "x"})

    assert answer.status_code == 404
    assert "<h1>" in answer.text


def test_waiting_list_is_joined_shown_and_left(ada: PageBrowser, db: Db) -> None:
    event = store_event(db)
    sell_out(db, event)
    tier = event.tiers[0].id

    joined = press(ada, event, "wait", tier=tier, quantity="2")

    assert joined.headers["Location"] == f"/events/{event.id}?notice=waiting"
    page = ada.get(joined.headers["Location"])
    assert "You are number 1 in line for 2 tickets." in page.text

    left = press(ada, event, "leave", tier=tier)

    assert left.headers["Location"] == f"/events/{event.id}?notice=left"
    assert "You are number" not in ada.get(f"/events/{event.id}").text


def test_position_counts_those_ahead(ada: PageBrowser, app: Flask, db: Db) -> None:
    event = store_event(db)
    sell_out(db, event)
    bob = PageBrowser(app.test_client())
    bob.sign_up(email="bob@example.org")
    press(bob, event, "wait", tier=event.tiers[0].id)

    press(ada, event, "wait", tier=event.tiers[0].id)

    assert "You are number 2 in line for 1 ticket." in ada.get(f"/events/{event.id}").text
    assert "You are number 1 in line for 1 ticket." in bob.get(f"/events/{event.id}").text


def test_offer_of_a_freed_ticket_leads_to_the_cart(ada: PageBrowser, app: Flask, db: Db) -> None:
    event = store_event(db, new_tier(capacity=1))
    bob = PageBrowser(app.test_client())
    bob.sign_up(email="bob@example.org")
    press(bob, event, "reserve")
    press(ada, event, "wait", tier=event.tiers[0].id)

    press(bob, event, "cancel")

    page = ada.get(f"/events/{event.id}")
    assert "1 ticket is held for you until" in page.text
    assert 'href="/cart"' in page.text
    assert "held for you" not in bob.get(f"/events/{event.id}").text


def test_waiting_for_tickets_that_are_left_is_refused(ada: PageBrowser, db: Db) -> None:
    event = store_event(db)

    refused(press(ada, event, "wait", tier=event.tiers[0].id), 409, "Tickets have just come free.")


def test_joining_twice_is_refused(ada: PageBrowser, db: Db) -> None:
    event = store_event(db)
    sell_out(db, event)
    press(ada, event, "wait", tier=event.tiers[0].id)

    refused(press(ada, event, "wait", tier=event.tiers[0].id), 409, "You are on this waiting list already.")


@pytest.mark.parametrize("quantity", ["0", "5", "-1", "two", "1e9", "9" * 400, "\x00", '{"$gt": ""}', "\uff12"])
def test_invalid_quantity_is_refused_on_the_page(ada: PageBrowser, db: Db, quantity: str) -> None:
    event = store_event(db)
    sell_out(db, event)

    refused(press(ada, event, "wait", tier=event.tiers[0].id, quantity=quantity), 400, "Choose one to 4 tickets.")
    assert db.tier_waitlist.count_documents({}) == 0


@pytest.mark.parametrize("button", ["wait", "leave"])
@pytest.mark.parametrize("tier", ["", "x" * 5000, "\x00", '{"$gt": ""}'])
def test_tier_of_no_event_is_refused_on_the_page(ada: PageBrowser, db: Db, button: str, tier: str) -> None:
    event = store_event(db)

    refused(press(ada, event, button, tier=tier), 404, "This kind of ticket is not offered any more.")


def test_tier_of_another_event_is_refused(ada: PageBrowser, db: Db) -> None:
    event = store_event(db)
    other = store_event(db)
    sell_out(db, other)

    refused(press(ada, event, "wait", tier=other.tiers[0].id), 404, "This kind of ticket is not offered any more.")


def test_too_many_attempts_are_refused_on_the_page(make_app: Callable[..., Flask]) -> None:
    app = make_app(RATE_LIMIT_RESERVE="1 per hour")
    event = store_event(runtime_of(app).get(wiring.Services).db)
    person = PageBrowser(app.test_client())
    person.sign_up()
    press(person, event, "reserve")

    answer = press(person, event, "reserve")

    refused(answer, 429, "Too many requests came from your connection.")
    assert int(answer.headers["Retry-After"]) > 0
