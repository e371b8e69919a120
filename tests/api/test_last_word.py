"""What a guest is told last is true, whatever became of the letters before it; and what may not go on without end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask

import wiring
from core.mongo.client import Db
from core.web.context import runtime_of
from notifications.errors import TransientFailure
from notifications.outbox.erasure import OutboxErasure
from notifications.outbox.model import Message
from tests.api.conftest import Clock
from tests.api_client import Api, over_app
from tests.factories import contact

DATE = "2026-03-05"
Make = Callable[..., Flask]


@dataclass
class Post:
    """A mailer that refuses, for now, the letters whose ids end in `refused`; it keeps the subjects of the others."""

    refused: str = "-guest"
    subjects: list[str] = field(default_factory=list)

    def send(self, message: Message) -> str:
        if self.refused and message.key.endswith(self.refused):
            raise TransientFailure("later")
        self.subjects.append(message.subject)
        return ""


def house(make_app: Make, **changes: Any) -> tuple[Api, wiring.Services]:
    app = make_app(**changes)
    return Api(over_app(app)), runtime_of(app).get(wiring.Services)


def let_pass(services: wiring.Services, clock: Clock, minutes: int) -> None:
    for _ in range(minutes):
        clock.pass_by(minutes=1)
        services.worker.send_due()


def filled(api: Api) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    slot = api.slots(DATE)[0]
    return slot, [api.book(slot).json["booking"] for _ in range(4)]


def test_cancellation_email_waits_for_a_failing_confirmation(make_app: Make, clock: Clock) -> None:
    post = Post()
    api, services = house(make_app, clock=clock, mailer=post, MAIL_RATE="100000")
    booking = api.book(api.slots(DATE)[0]).json["booking"]
    let_pass(services, clock, 30)
    api.held("POST", booking, "/reschedule", json={"slotId": api.slots(DATE)[1]["_id"]})
    api.held("DELETE", booking)
    let_pass(services, clock, 30)
    assert len(post.subjects) == 1  # the organiser's

    post.refused = ""
    let_pass(services, clock, 120)

    assert [services.outbox.counts()[state] for state in ("sent", "dead")] == [4, 0]
    assert "cancelled" in post.subjects[-1]


def test_email_blocked_by_a_failed_one_is_sent(make_app: Make, clock: Clock) -> None:
    post = Post()
    api, services = house(make_app, clock=clock, mailer=post, MAIL_RATE="100000")
    booking = api.book(api.slots(DATE)[0]).json["booking"]
    let_pass(services, clock, 5)
    api.held("DELETE", booking)

    for _ in range(26):
        clock.pass_by(hours=1)
        services.worker.send_due()
        services.worker.send_due()

    assert services.outbox.counts()["dead"] == 1
    assert "cancelled" in post.subjects[-1]


def test_promoted_guest_gets_no_later_waiting_email(make_app: Make, clock: Clock) -> None:
    api, services = house(make_app, clock=clock, mailer=Post("nothing"), MAIL_RATE="100000")
    slot, made = filled(api)
    entry = api.wait_for(slot).json["entry"]

    api.held("DELETE", made[0])

    assert services.outbox.by_subject(entry["id"]) == []


def test_outdated_failed_email_is_not_retried(api: Api, db: Db) -> None:
    booking = api.book(api.slots(DATE)[0]).json["booking"]
    db.letters.update_many({}, {"$set": {"state": "dead"}, "$unset": {"dueAt": ""}})
    api.held("DELETE", booking)

    refused = api.admin("POST", f"/letters/{booking['id']}-guest/retry")

    assert (refused.status, refused.code) == (409, "letter_outdated")
    assert db.letters.count_documents({"state": "dead"}) == 2
    assert api.admin("POST", f"/letters/{booking['id']}-admin/retry").status == 200


def test_a_booking_moves_twenty_times_and_no_more(api: Api, db: Db) -> None:
    slots = api.slots(DATE)[:2]
    booking = api.book(slots[0]).json["booking"]

    answers = [
        api.held("POST", booking, "/reschedule", json={"slotId": slots[number % 2]["_id"]}) for number in range(1, 23)
    ]

    assert [answer.status for answer in answers] == [200] * 20 + [409, 200]  # the last asks for where it is
    assert answers[20].code == "moved_too_often"
    assert db.letters.count_documents({"template": "guest_rescheduled"}) == 20


def test_a_list_of_a_thousand_is_full(api: Api, db: Db) -> None:
    slot, _ = filled(api)
    db.slots.update_one({"_id": slot["_id"]}, {"$set": {"waiting": 999, "lastTicket": 999}})

    assert api.wait_for(slot).status == 202
    assert (api.wait_for(slot).status, api.wait_for(slot).code) == (409, "waitlist_full")


def test_a_thousand_who_wait_are_all_promoted_at_once(api: Api, db: Db, services: wiring.Services) -> None:
    slot, _ = filled(api)
    first = api.wait_for(slot).json["entry"]
    row = db.waitlist.find_one({"_id": first["id"]})
    assert row is not None
    db.waitlist.insert_many(
        [{**row, "_id": f"{n:032x}", "ticket": n, "email": f"w{n}@example.org"} for n in range(2, 1001)]
    )
    db.slots.update_one({"_id": slot["_id"]}, {"$set": {"waiting": 1000, "lastTicket": 1000}})

    raised = api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": 1100})

    assert (raised.status, raised.json["bookedCount"], raised.json["waiting"]) == (200, 1004, 0)
    assert services.booking.find_mismatches.execute() == []


def test_a_pending_to_wait_has_no_unknown_members(api: Api) -> None:
    slot, _ = filled(api)

    assert list(api.wait_for(slot, message="Please!").json["errors"]) == ["message"]


def test_a_slot_that_closes_between_looking_and_joining_says_so(
    api: Api, services: wiring.Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot, _ = filled(api)
    seen = services.schedules.get_states([slot["_id"]])
    api.admin("PATCH", f"/slots/{slot['_id']}", json={"closed": True})
    monkeypatch.setattr(type(services.schedules), "get_states", lambda *_: seen)

    assert api.wait_for(slot).code == "slot_closed"


def test_seats_freed_by_another_cut_off_are_promoted_within_a_minute(
    make_app: Make, make_database: Callable[[], str], small_schedule: Callable[..., str], clock: Clock
) -> None:
    shared = {"MONGODB_DATABASE": make_database(), "clock": clock}
    api, _ = house(make_app, SCHEDULE_FILE=small_schedule("cutoff_minutes = 60"), **shared)
    slot = api.slots("2031-06-10")[0]
    booking, entry = api.book(slot).json["booking"], api.wait_for(slot).json["entry"]
    clock.at = clock.at.replace(year=2031, month=6, day=10, hour=12, minute=30)  # 08:30 in New York
    api.held("DELETE", booking)

    later, services = house(make_app, SCHEDULE_FILE=small_schedule("cutoff_minutes = 10"), **shared)
    assert [row["slotId"] for row in services.booking.find_mismatches.execute()] == [slot["_id"]]
    services.scheduler.run_once()

    assert later.held("GET", entry).json["status"] == "promoted"
    assert services.booking.find_mismatches.execute() == []


def test_links_end_also_when_the_schedule_knows_the_slot_no_longer(
    make_app: Make, make_database: Callable[[], str], small_schedule: Callable[..., str], clock: Clock
) -> None:
    shared = {"MONGODB_DATABASE": make_database(), "clock": clock}
    api, _ = house(make_app, SCHEDULE_FILE=small_schedule(), **shared)
    booking = api.book(api.slots("2031-06-10")[0]).json["booking"]
    clock.at = clock.at.replace(year=2031, month=6, day=12)

    turned, services = house(make_app, **shared)

    assert turned.held("GET", booking).status == 404
    assert services.booking.erase_person.execute(booking["email"]).bookings == 1
    assert services.db.bookings.count_documents({"status": "cancelled"}) == 0
    assert services.booking.find_mismatches.execute() == []


def test_replay_after_a_reschedule_gets_the_first_answer(api: Api) -> None:
    slots, guest = api.slots(DATE), contact()
    first = api.book(slots[0], key="a-key", **guest)
    api.held("POST", first.json["booking"], "/reschedule", json={"slotId": slots[1]["_id"]})

    again = api.book(slots[0], key="a-key", **guest)

    assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert again.json == first.json


# Forgetting


def test_an_address_is_erased_however_it_is_written(api: Api, services: wiring.Services) -> None:
    assert api.book(api.slots(DATE)[0], email="ada@xn--bcher-kva.example").status == 201

    assert services.booking.erase_person.execute("Ada@B\u00fccher.example").bookings == 1


def test_erasing_the_organiser_as_a_guest_keeps_emails_about_others(api: Api, services: wiring.Services) -> None:
    organiser = services.settings.admin_email
    other = api.book(api.slots(DATE)[0]).json["booking"]
    api.book(api.slots(DATE)[0], email=organiser)

    services.booking.erase_person.execute(organiser)

    assert [letter.id for letter in services.outbox.store.find(None, 10)] == [
        f"{other['id']}-guest",
        f"{other['id']}-admin",
    ]


def test_erasure_that_broke_off_is_finished_by_the_next(
    make_app: Make, small_schedule: Callable[..., str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, services = house(make_app, SCHEDULE_FILE=small_schedule(), clock=clock)
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
    api, services = house(make_app, SCHEDULE_FILE=small_schedule(), clock=clock)
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


def test_own_data_names_the_waiting_that_led_to_the_booking(api: Api, db: Db, services: wiring.Services) -> None:
    slot, made = filled(api)
    entry = api.wait_for(slot).json["entry"]
    api.held("DELETE", made[0])
    booking = services.booking.store.get(api.held("GET", entry).json["bookingId"])

    manage_url = services.booking.self_service.signed_links.url(booking.id)
    data = api.held("GET", {"id": booking.id, "manageUrl": manage_url}, "/data").json

    assert [row["id"] for row in data["waiting"]] == [entry["id"]]
