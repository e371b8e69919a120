"""Erasure of guests: addresses in any form, interrupted erasures, and anonymised bookings."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import wiring
from core.mongo.client import Db
from notifications.outbox.erasure import OutboxErasure
from tests.api.applications import Make, application, fill_slot
from tests.api.conftest import Clock
from tests.api_client import Api
from tests.deferred import write_deferred

DATE = "2026-03-05"


def test_link_of_a_past_slot_outside_the_schedule_is_expired(
    make_app: Make, make_database: Callable[[], str], small_schedule: Callable[..., str], clock: Clock
) -> None:
    shared = {"MONGODB_DATABASE": make_database(), "clock": clock}
    api, _ = application(make_app, SCHEDULE_FILE=small_schedule(), **shared)
    booking = api.book(api.slots("2031-06-10")[0]).json["booking"]
    clock.at = clock.at.replace(year=2031, month=6, day=12)

    other, services = application(make_app, **shared)

    assert other.held("GET", booking).status == 404
    assert services.booking.erase_person.execute(booking["email"]).bookings == 1
    assert services.db.bookings.count_documents({"status": "cancelled"}) == 0
    assert services.booking.find_mismatches.execute() == []


def test_erasure_finds_an_email_address_in_any_form(api: Api, services: wiring.Services) -> None:
    assert api.book(api.slots(DATE)[0], email="ada@xn--bcher-kva.example").status == 201

    assert services.booking.erase_person.execute("Ada@B\u00fccher.example").bookings == 1


def test_erasing_the_organiser_as_a_guest_keeps_emails_about_others(api: Api, services: wiring.Services) -> None:
    organiser = services.settings.admin_email
    other = api.book(api.slots(DATE)[0]).json["booking"]
    api.book(api.slots(DATE)[0], email=organiser)

    services.booking.erase_person.execute(organiser)

    write_deferred(services.db)
    assert [email.id for email in services.outbox.store.find(None, 10)] == [
        f"{other['id']}-guest",
        f"{other['id']}-admin",
    ]


def test_interrupted_erasure_is_finished_by_the_next(
    make_app: Make, small_schedule: Callable[..., str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, services = application(make_app, SCHEDULE_FILE=small_schedule(), clock=clock)
    slot = api.slots("2031-06-10")[0]
    api.book(slot)
    waiting = api.wait_for(slot).json["entry"]
    clock.at = clock.at.replace(year=2031, month=7, day=20)
    with monkeypatch.context() as broken:
        broken.setattr(OutboxErasure, "erase", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            services.booking.apply_retention.execute(10)
    assert services.outbox.by_subject(waiting["id"]) == []  # withdrawn with the entry, before anything else

    services.booking.apply_retention.execute(10)

    assert services.db.letters.count_documents({}) == services.db.waitlist.count_documents({}) == 0


def test_anonymised_booking_gets_no_email(make_app: Make, small_schedule: Callable[..., str], clock: Clock) -> None:
    api, services = application(make_app, SCHEDULE_FILE=small_schedule(), clock=clock)
    booking = api.book(api.slots("2031-06-10")[0]).json["booking"]
    clock.at = clock.at.replace(year=2031, month=6, day=20)
    services.booking.erase_person.execute(booking["email"])

    assert api.admin("POST", f"/bookings/{booking['id']}/resend").code == "booking_forgotten"
    assert api.admin("POST", f"/bookings/{booking['id']}/cancel").json["status"] == "cancelled"
    assert services.db.letters.count_documents({}) == 0
    erased = api.admin("GET", "/audit", query={"about": "people"}).json["items"]
    assert [(entry["who"], entry["what"], entry["after"]["bookings"]) for entry in erased] == [
        ("operator", "people.erased", 1)
    ]


def test_own_data_has_the_waiting_entry_of_the_booking(api: Api, db: Db, services: wiring.Services) -> None:
    slot, made = fill_slot(api)
    entry = api.wait_for(slot).json["entry"]
    api.held("DELETE", made[0])
    booking = services.booking.store.get(api.held("GET", entry).json["bookingId"])

    manage_url = services.booking.self_service.signed_links.url(booking.id)
    data = api.held("GET", {"id": booking.id, "manageUrl": manage_url}, "/data").json

    assert [row["id"] for row in data["waiting"]] == [entry["id"]]
