"""Forgetting people, and showing them what is kept: nothing names them afterwards, and every count stays right."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

import wiring
from core.mongo.client import Db
from core.web.context import runtime_of
from notifications.outbox.model import Message
from tests.api.conftest import Clock
from tests.api_client import Api, over_app
from tests.deferred import write_deferred
from waitlist.store import WaitlistStore

DATE = "2026-03-05"
ADA = {
    "fullName": "Zerubbabel Quisling",
    "email": "zerubbabel@quisling.example",
    "phone": "+14155550123",
    "city": "Quisby",
    "message": "My secret message",
}
TRACES = ("zerubbabel", "quisling", "4155550123", "quisby", "secret message")


def recorded(db: Db) -> str:
    """Return everything the database holds, as text."""
    names = db.list_collection_names()
    return json.dumps([row for name in names for row in db[name].find()], default=str).lower()


def stays(db: Db) -> list[str]:
    return [trace for trace in TRACES if trace in recorded(db)]


def test_own_data_shows_everything_kept_with_a_booking(api: Api) -> None:
    booking = api.book(api.slots(DATE)[0], **ADA).json["booking"]

    data = api.held("GET", booking, "/data")

    assert data.status == 200
    assert {name: data.json["booking"][name] for name in ("id", "fullName", "email", "phone", "message")} == {
        "id": booking["id"], **{name: ADA[name] for name in ("fullName", "email", "phone", "message")},
    }  # fmt: skip
    assert [letter["template"] for letter in data.json["letters"]] == ["guest_booking"]
    assert api.get(f"/api/bookings/{booking['id']}/data").status == 404


def test_erasing_leaves_no_trace_and_frees_what_is_to_come(
    make_app: Callable[..., Flask], small_schedule: Callable[..., str], clock: Clock
) -> None:
    app = make_app(SCHEDULE_FILE=small_schedule(), clock=clock)
    services = runtime_of(app).get(wiring.Services)
    api, db = Api(over_app(app)), services.db
    slots = api.slots("2031-06-10")
    api.book(slots[0], key="a-key", **ADA)
    waits = api.wait_for(slots[0]).json["entry"]
    other = api.book(slots[1]).json["booking"]
    api.wait_for(slots[1], **{name: ADA[name] for name in ("fullName", "email", "phone")})
    api.admin("POST", f"/bookings/{other['id']}/cancel")
    assert db.bookings.count_documents({"idempotencyKey": {"$exists": True}}) == 1
    assert stays(db) == list(TRACES)

    done = services.booking.erase_person.execute(" Zerubbabel@Quisling.example ")

    assert stays(db) == []
    assert (done.bookings, done.entries) == (2, 1)
    assert db.bookings.count_documents({"idempotencyKey": {"$exists": True}}) == 0
    assert api.held("GET", waits).json["status"] == "promoted"
    assert [slot["bookedCount"] for slot in api.slots("2031-06-10")] == [1, 0, 0]
    assert services.booking.find_mismatches.execute() == []
    assert services.booking.erase_person.execute(ADA["email"]).bookings == 0
    assert sorted(entry["what"] for entry in api.admin("GET", "/audit").json["items"]) == [
        "booking.cancelled",
        "people.erased",
    ]


def test_erasing_keeps_the_count_of_what_has_been(
    make_app: Callable[..., Flask], small_schedule: Callable[..., str], clock: Clock
) -> None:
    app = make_app(SCHEDULE_FILE=small_schedule(), clock=clock)
    services = runtime_of(app).get(wiring.Services)
    api, db = Api(over_app(app)), services.db
    api.book(api.slots("2031-06-10")[0], **ADA)
    kept = api.book(api.slots("2031-06-11")[0]).json["booking"]
    clock.at = clock.at.replace(year=2031, month=6, day=20)

    assert services.booking.erase_person.execute(ADA["email"]).bookings == 1
    assert stays(db) == []
    assert api.admin("GET", "/stats").json["booked"] == 2
    assert services.booking.find_mismatches.execute() == []
    assert api.admin("GET", "/bookings", query={"name": "quisling"}).json["total"] == 0
    found = {item["email"]: item["fullName"] for item in api.admin("GET", "/bookings").json["items"]}
    assert found.pop(kept["email"]) == kept["fullName"]
    assert list(found.values()) == [""]


def test_retention_anonymises_only_older_bookings(
    make_app: Callable[..., Flask], small_schedule: Callable[..., str], clock: Clock
) -> None:
    app = make_app(SCHEDULE_FILE=small_schedule(), clock=clock)
    services = runtime_of(app).get(wiring.Services)
    api, db = Api(over_app(app)), services.db
    first, last = api.slots("2031-06-10")[0], api.slots("2031-06-11")[0]
    api.book(first)
    api.wait_for(first, **{name: ADA[name] for name in ("fullName", "email", "phone")})
    kept = api.book(last, email="kept@example.org").json["booking"]
    clock.at = clock.at.replace(year=2031, month=6, day=20, hour=12)

    assert services.booking.apply_retention.execute(10).bookings == 0
    clock.pass_by(days=1)
    assert services.booking.apply_retention.execute(10).bookings == 1
    assert services.booking.apply_retention.execute(10).bookings == 0

    assert stays(db) == []
    assert db.waitlist.count_documents({}) == 0
    assert [row["email"] for row in db.bookings.find({"erased": {"$ne": True}})] == [kept["email"]]
    assert {row["about"] for row in write_deferred(db).letters.find()} == {kept["id"]}
    assert services.booking.find_mismatches.execute() == []


@pytest.mark.parametrize("command", [["erase"], ["erase", "--email", "nobody"], ["retain"], ["retain", "--days", "-1"]])
def test_erasure_commands_need_an_email(app: Flask, command: list[str]) -> None:
    assert app.test_cli_runner().invoke(args=command).exit_code == 2


def test_erasure_commands_report_their_counts(app: Flask, api: Api, db: Db) -> None:
    api.book(api.slots(DATE)[0], **ADA)
    run = app.test_cli_runner().invoke

    erased: Any = run(args=["erase", "--email", ADA["email"]])
    retained: Any = run(args=["retain", "--days", "36500"])

    assert (erased.exit_code, erased.output) == (
        0, "1 bookings anonymised, 2 e-mails and 0 waiting entries deleted.\n",
    )  # fmt: skip
    assert (retained.exit_code, retained.output.split()[0]) == (0, "0")
    assert stays(db) == []


def test_a_reminder_goes_out_once_the_day_before(
    make_app: Callable[..., Flask], small_schedule: Callable[..., str], clock: Clock
) -> None:
    app = make_app(SCHEDULE_FILE=small_schedule(), clock=clock)
    services = runtime_of(app).get(wiring.Services)
    api, db = Api(over_app(app)), services.db
    day, next_day = api.slots("2031-06-10"), api.slots("2031-06-11")
    stays_booked, cancels, moves = (api.book(slot).json["booking"] for slot in day)
    clock.at = clock.at.replace(year=2031, month=6, day=9, hour=12, minute=59)  # 08:59 in New York
    assert services.booking.reminders.execute() == 0
    api.held("DELETE", cancels)
    api.held("POST", moves, "/reschedule", json={"slotId": next_day[0]["_id"]})

    clock.pass_by(minutes=1)
    assert [services.booking.reminders.execute() for _ in range(3)] == [1, 0, 0]
    late = api.book(day[1]).json["booking"]
    clock.pass_by(hours=1)
    assert services.booking.reminders.execute() == 0
    clock.pass_by(days=1)
    assert services.booking.reminders.execute() == 1

    reminded = {row["about"]: row["facts"]["date"] for row in db.letters.find({"template": "guest_reminder"})}
    assert reminded == {stays_booked["id"]: "2031-06-10", moves["id"]: "2031-06-11"}
    assert late["id"] not in reminded


def test_a_cancellation_takes_back_a_reminder_that_is_not_out_yet(
    make_app: Callable[..., Flask], small_schedule: Callable[..., str], clock: Clock
) -> None:
    app = make_app(SCHEDULE_FILE=small_schedule(), clock=clock)
    services = runtime_of(app).get(wiring.Services)
    api = Api(over_app(app))
    booking = api.book(api.slots("2031-06-10")[0]).json["booking"]
    clock.at = clock.at.replace(year=2031, month=6, day=9, hour=14) + timedelta(minutes=1)
    assert services.booking.reminders.execute() == 1

    api.held("DELETE", booking)

    assert services.db.letters.count_documents({"template": "guest_reminder"}) == 0


def test_the_sender_emails_reminders_and_sends_them_at_once(
    make_app: Callable[..., Flask], small_schedule: Callable[..., str], clock: Clock
) -> None:
    sent: list[str] = []

    class Mailer:
        def send(self, message: Message) -> str:
            sent.append(message.key)
            return ""

    app = make_app(SCHEDULE_FILE=small_schedule(), clock=clock, mailer=Mailer(), MAIL_RATE="1000")
    services = runtime_of(app).get(wiring.Services)
    api = Api(over_app(app))
    booking = api.book(api.slots("2031-06-10")[0]).json["booking"]
    clock.at = clock.at.replace(year=2031, month=6, day=9, hour=14)

    services.scheduler.run_once()
    services.worker.send_all_due()

    assert sorted(key.removeprefix(booking["id"]) for key in sent) == ["-admin", "-guest", "-reminder-2031-06-10"]


def test_what_is_anonymised_is_neither_moved_nor_reminded(
    make_app: Callable[..., Flask], small_schedule: Callable[..., str], clock: Clock
) -> None:
    app = make_app(SCHEDULE_FILE=small_schedule(), clock=clock)
    services = runtime_of(app).get(wiring.Services)
    api, db = Api(over_app(app)), services.db
    over, ahead = api.slots("2031-06-10")[0], api.slots("2031-06-11")[0]
    booking = api.book(over, **ADA).json["booking"]
    clock.at = clock.at.replace(year=2031, month=6, day=10, hour=16)  # the slot is over, its link is not
    services.booking.erase_person.execute(ADA["email"])

    answer = api.held("POST", booking, "/reschedule", json={"slotId": ahead["_id"]})

    assert (answer.status, answer.code) == (409, "booking_forgotten")
    assert [slot["bookedCount"] for slot in api.slots("2031-06-11")] == [0, 0]
    # One that was moved before it was forgotten, as earlier versions let it be.
    moved = {"date": "2031-06-11", "slotId": ahead["_id"], "slotLabel": ahead["label"]}
    db.bookings.update_one({"_id": booking["id"]}, {"$set": moved})
    clock.at = clock.at.replace(year=2031, month=6, day=10, hour=22)
    assert services.booking.reminders.execute() == 0
    assert services.booking.reminders.remind([booking["id"]], "2031-06-11") == 0
    assert db.letters.count_documents({"template": "guest_reminder"}) == 0


def test_concurrent_erasures_of_one_guest_both_succeed(
    api: Api, services: wiring.Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot = api.slots(DATE)[0]
    for _ in range(slot["capacity"]):
        api.book(slot)
    assert api.wait_for(slot, email=ADA["email"]).status == 202
    found = services.waitlist.entries.entries.by_email(ADA["email"])
    assert services.booking.erase_person.execute(ADA["email"]).entries == 1

    monkeypatch.setattr(WaitlistStore, "by_email", lambda *_: found)

    assert services.booking.erase_person.execute(ADA["email"]).bookings == 0
    assert services.booking.find_mismatches.execute() == []
