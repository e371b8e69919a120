"""Booking a place: what a booking is, and everything that is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from core.mongo.client import Db
from tests.api.conftest import Clock
from tests.api_client import Answer, Api, over_app
from tests.factories import contact, person

GUEST = {
    "fullName": "Ada Lovelace",
    "email": "Ada.Lovelace@Example.org",
    "phone": "+14155550123",
    "country": "US",
    "city": "London",
    "message": "Two of us.\nThank you!",
}


def refused(answer: Answer, field: str) -> None:
    """Fail unless `answer` is 400 with a sentence on `field` alone."""
    assert (answer.status, answer.code) == (400, "validation_failed"), answer.body
    assert set(answer.json["errors"]) == {field}
    assert answer.json["errors"][field]


def cancel(api: Api, booked: Answer) -> Answer:
    """Cancel as the guest does, with the token of the link."""
    booking = booked.json["booking"]
    token = booking["manageUrl"].partition("token=")[2]
    return api.send("DELETE", f"/api/bookings/{booking['id']}", headers={"Authorization": f"Bearer {token}"})


def written(api: Api, **changes: Any) -> Answer:
    """Book like `api.book`, with JSON that may hold what no JSON should: lone surrogates, numbers without bounds."""
    slot = api.slots()[0]
    form = {**person(), "date": slot["date"], "slotId": slot["_id"], **changes}
    return api.send("POST", "/api/bookings", data=json.dumps(form), content_type="application/json")


def fill(api: Api, slot: dict[str, Any]) -> None:
    """Make `slot` full without bookings of its own."""
    assert api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": slot["bookedCount"]}).status == 200


def test_a_booking_is_answered_with_exactly_what_was_booked(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(PUBLIC_URL="https://book.example.org")))
    slot = api.slots("2026-03-05")[0]

    answer = api.book(slot, **GUEST)

    assert answer.status == 201
    assert set(answer.json) == {"message", "booking"}
    assert answer.json["message"] == "Booking created successfully."
    booking = answer.json["booking"]
    made = {name: booking.pop(name) for name in ("id", "reference", "createdAt", "manageUrl")}
    assert booking == {
        **GUEST,
        "email": "ada.lovelace@example.org",
        "date": "2026-03-05",
        "slot": "10:00-11:00",
        "slotId": slot["_id"],
        "status": "confirmed",
    }
    assert answer.headers["Location"] == f"/api/bookings/{made['id']}"
    assert re.fullmatch(r"[A-Z0-9]{4}-[A-Z0-9]{4}", made["reference"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", made["createdAt"])
    assert made["manageUrl"].startswith(f"https://book.example.org/bookings/{made['id']}#token=")
    assert "Idempotency-Replayed" not in answer.headers


def test_city_and_message_are_optional(roomy: Api) -> None:
    booking = roomy.book(roomy.slots()[0], city=None, message=None).json["booking"]

    assert (booking["city"], booking["message"]) == ("", "")


def test_unknown_members_are_ignored_because_older_forms_send_them(api: Api) -> None:
    unknown = {"website": "", "status": "cancelled", "_id": "mine", "reference": "MINE", "bookedCount": -5, "\ud800": 1}

    answer = written(api, **unknown)

    assert answer.status == 201, answer.body
    assert answer.json["booking"]["status"] == "confirmed"
    assert answer.json["booking"]["reference"] != "MINE"
    assert "website" not in answer.json["booking"]
    assert api.slots()[0]["bookedCount"] == 1


@pytest.mark.parametrize("member", ["fullName", "email", "phone", "country", "date", "slotId"])
def test_every_member_but_city_and_message_is_needed(quiet: Api, member: str) -> None:
    refused(quiet.book(quiet.slots()[0], **{member: None}), member)


@pytest.mark.parametrize("member", ["fullName", "email", "phone", "country", "city", "date", "slotId", "message"])
@pytest.mark.parametrize(
    "value", [10**30, 5, 1.5, True, [], {}, ["text"], {"$gt": ""}, "\ud800lone", "a\x00b", "a\x1bb"]
)
def test_what_is_no_clean_text_is_refused_in_every_member(quiet: Api, member: str, value: Any) -> None:
    answer = written(quiet, **{member: value})

    assert answer.status == 400, answer.body
    assert answer.code in ("validation_failed", "date_not_bookable")
    assert member in answer.json["errors"]


NAMES_REFUSED = [
    "",
    "A",
    " ",
    "  A  ",
    "x" * 81,
    "Ada\nLovelace",
    "Ada\tLovelace",
    "Ada\rLovelace",
    "Ada\x85",
    "Ada\u2028B",
    "Ada\u2029B",
    "Ada\u202eB",
    "Ada\x7f",
    "\u3000\u3000A\u3000",
]


@pytest.mark.parametrize("name", NAMES_REFUSED)
def test_a_name_that_is_too_short_too_long_or_unclean_is_refused(quiet: Api, name: str) -> None:
    refused(quiet.book(quiet.slots()[0], fullName=name), "fullName")


@pytest.mark.parametrize(
    "name", ["\u200b\u200b", "\u3164", "\u3164\u3164", "\u200d \u200c", "\u2800" * 5, "\u00ad\ufe0f"]
)
def test_a_name_that_shows_nothing_is_refused_like_an_empty_one(quiet: Api, name: str) -> None:
    slot = quiet.slots()[0]
    path = f"/api/slots/{slot['_id']}/waitlist"

    empty, unseen = (quiet.book(slot, fullName=each) for each in ("", name))
    waiting = quiet.send("POST", path, json=contact(fullName=name))

    assert unseen.status == waiting.status == 400
    assert unseen.json["errors"] == waiting.json["errors"] == empty.json["errors"]
    assert list(empty.json["errors"]) == ["fullName"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Al", "Al"),
        ("x" * 80, "x" * 80),
        ("  Ada Lovelace  ", "Ada Lovelace"),
        ("Jose\u0301 A\u0308", "Jos\u00e9 \u00c4"),
        ("\u674e\u5c0f\u9f99", "\u674e\u5c0f\u9f99"),
        ("O'Neil <b>-=+@", "O'Neil <b>-=+@"),
        ("\U0001f469\u200d\U0001f680 Ada", "\U0001f469\u200d\U0001f680 Ada"),
        ("e\u0301" * 80, "\u00e9" * 80),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
        ("\u0915\u094d\u200d\u0937", "\u0915\u094d\u200d\u0937"),
    ],
)
def test_a_name_is_kept_trimmed_and_in_normal_form(roomy: Api, given: str, kept: str) -> None:
    answer = roomy.book(roomy.slots()[0], fullName=given)

    assert answer.status == 201, answer.body
    assert answer.json["booking"]["fullName"] == kept


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ada",
        "ada@",
        "@example.org",
        "ada@example",
        "ada example.org",
        "ada@exam ple.org",
        "ada@@example.org",
        "ada@example..org",
        "ada@-example.org",
        ".ada@example.org",
        "ada@example.org\nBcc: x@example.org",
        "ada@example.org, bob@example.org",
        "Ada <ada@example.org>",
        "ada@[127.0.0.1]",
        "ada@" + "a" * 250 + ".org",
        "ada\x00@example.org",
        "ada@exa\u202emple.org",
        "\ud83d@example.org",
    ],
)
def test_an_address_that_is_no_e_mail_syntax_is_refused(quiet: Api, email: str) -> None:
    refused(written(quiet, email=email), "email")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("ADA@EXAMPLE.ORG", "ada@example.org"),
        ("ada+open-day@mail.example.org", "ada+open-day@mail.example.org"),
        ("o'neil@example.org", "o'neil@example.org"),
    ],
)
def test_an_e_mail_address_is_kept_in_lower_case(roomy: Api, given: str, kept: str) -> None:
    assert roomy.book(roomy.slots()[0], email=given).json["booking"]["email"] == kept


@pytest.mark.parametrize(
    "phone",
    [
        "",
        "14155550123",
        "+1 415 555 0123",
        "+1-415-555-0123",
        "(415) 555-0123",
        "0014155550123",
        "+04155550123",
        "+1",
        "+1415555012",
        "+141555501234",
        "+1415555012a",
        "+10000000000",
        "+999999999999",
        "+1" + "5" * 20,
        "++14155550123",
        "+14155550123\n",
        " +14155550123",
        "\uff0b14155550123",
        "+1\uff14\uff11\uff155550123",
        "+1415555\u0660123",
        "tel:+14155550123",
    ],
)
def test_a_phone_number_that_is_not_valid_e164_is_refused(quiet: Api, phone: str) -> None:
    refused(quiet.book(quiet.slots()[0], phone=phone), "phone")


@pytest.mark.parametrize(
    "country", ["", "us", "Us", "USA", "U", "1", "United States", "\uff35\uff33", "U\u0405", "US\n", " US"]
)
def test_a_country_that_is_no_upper_case_code_is_refused(quiet: Api, country: str) -> None:
    refused(quiet.book(quiet.slots()[0], country=country), "country")


@pytest.mark.parametrize(
    ("phone", "country"),
    [
        ("+14155550123", "CA"),
        ("+14155550123", "GB"),
        ("+15062345678", "US"),
        ("+4915123456789", "AT"),
        ("+919812345678", "PK"),
        ("+14155550123", "ZZ"),
        ("+14155550123", "XX"),
    ],
)
def test_a_phone_number_of_another_country_is_refused(quiet: Api, phone: str, country: str) -> None:
    refused(quiet.book(quiet.slots()[0], phone=phone, country=country), "country")


@pytest.mark.parametrize(
    ("phone", "country"),
    [
        ("+14155550123", "US"),
        ("+15062345678", "CA"),
        ("+447400123456", "GB"),
        ("+447924123456", "IM"),
        ("+4915123456789", "DE"),
        ("+919812345678", "IN"),
        ("+393123456789", "IT"),
    ],
)
def test_a_phone_number_of_its_country_is_taken_as_it_is(roomy: Api, phone: str, country: str) -> None:
    booking = roomy.book(roomy.slots()[0], phone=phone, country=country).json["booking"]

    assert (booking["phone"], booking["country"]) == (phone, country)


@pytest.mark.parametrize(("member", "most"), [("city", 80), ("message", 1200)])
def test_city_and_message_have_a_length(api: Api, member: str, most: int) -> None:
    slot = api.slots()[0]

    assert api.book(slot, **{member: "x" * most}).json["booking"][member] == "x" * most
    refused(api.book(slot, **{member: "x" * (most + 1)}), member)


def test_a_message_keeps_its_lines_and_a_city_has_none(api: Api) -> None:
    slot = api.slots()[0]

    kept = api.book(slot, message="one\r\ntwo\rthree\n\tfour").json["booking"]["message"]

    assert kept == "one\ntwo\nthree\n\tfour"
    refused(api.book(slot, city="one\ntwo"), "city")


@pytest.mark.parametrize("date", ["2026-03-06", "2026-04-01", "2026-02-30", "2026-3-5", "tomorrow", "2026-03-05T10:00"])
def test_a_date_off_the_schedule_is_refused_in_the_words_of_the_schedule(api: Api, db: Db, date: str) -> None:
    answer = api.book(api.slots("2026-03-05")[0], date=date)

    assert (answer.status, answer.code) == (400, "date_not_bookable")
    assert answer.json["message"] == "Only odd dates in March 2026 are allowed."
    assert db["slots"].distinct("date") == ["2026-03-05"]


def test_a_slot_of_another_date_is_refused(api: Api) -> None:
    slot = api.slots("2026-03-05")[0]

    answer = api.book(slot, date="2026-03-07")

    assert (answer.status, answer.code) == (400, "slot_date_mismatch")
    assert answer.json["message"] == "Slot does not match selected date."
    assert api.slots("2026-03-05")[0]["bookedCount"] == 0


@pytest.mark.parametrize(
    "slot_id",
    ["x" * 10, "x" * 100, "0" * 24, "65f0c0ffee65f0c0ffee65f0", "!~{}[]$.*|", '{"$gt":""}', "../../../../etc"],
)
def test_any_visible_text_of_ten_to_a_hundred_characters_that_names_no_slot_is_404(quiet: Api, slot_id: str) -> None:
    answer = quiet.book({"date": "2026-03-05", "_id": slot_id})

    assert (answer.status, answer.code) == (404, "slot_not_found")
    assert answer.json["message"] == "Slot not found."


@pytest.mark.parametrize(
    "slot_id", ["", "x" * 9, "x" * 101, "with a blank", "tab\tinside-", "\u00e9" * 12, "x" * 11 + "\n", " " * 12]
)
def test_any_other_slot_id_is_400(quiet: Api, slot_id: str) -> None:
    refused(quiet.book({"date": "2026-03-05", "_id": slot_id}), "slotId")


def test_a_slot_that_no_one_has_looked_at_can_be_booked(make_app: Callable[..., Flask]) -> None:
    known = Api(over_app(make_app())).slots("2026-03-31")[0]
    fresh = Api(over_app(make_app()))

    assert fresh.book(known).status == 201
    assert fresh.slots("2026-03-31")[0]["bookedCount"] == 1


def test_a_full_slot_is_refused_with_the_nearest_slots_that_have_places(api: Api) -> None:
    slots = api.slots("2026-03-05")
    twelve = slots[2]
    for _ in range(4):
        assert api.book(twelve).status == 201

    answer = api.book(twelve)

    assert (answer.status, answer.code) == (409, "slot_full")
    assert answer.json["message"] == "Slot is full."
    assert [offer["label"] for offer in answer.json["alternatives"]] == ["11:00-12:00", "13:00-14:00", "10:00-11:00"]
    assert {offer["date"] for offer in answer.json["alternatives"]} == {"2026-03-05"}
    assert {offer["slotId"] for offer in answer.json["alternatives"]} == {
        slots[0]["_id"],
        slots[1]["_id"],
        slots[3]["_id"],
    }
    assert api.slots("2026-03-05")[2]["bookedCount"] == 4


def test_alternatives_are_of_the_same_day_first_and_then_of_the_nearest(
    make_app: Callable[..., Flask], small_schedule: Callable[..., str]
) -> None:
    api = Api(over_app(make_app(SCHEDULE_FILE=small_schedule())))
    nine, ten, _ = api.slots("2031-06-10")
    assert api.book(ten).status == 201
    assert api.book(nine).status == 201

    offered = api.book(nine).json["alternatives"]

    assert [(offer["date"], offer["label"]) for offer in offered] == [
        ("2031-06-10", "11:00-12:00"),
        ("2031-06-11", "09:00-10:00"),
        ("2031-06-11", "10:00-11:00"),
    ]
    assert all(api.book({"date": o["date"], "_id": o["slotId"]}).status == 201 for o in offered)


def test_a_full_event_has_no_alternatives(make_app: Callable[..., Flask], small_schedule: Callable[..., str]) -> None:
    api = Api(over_app(make_app(SCHEDULE_FILE=small_schedule())))
    everything = api.slots("2031-06-10") + api.slots("2031-06-11")
    assert [api.book(slot).status for slot in everything] == [201] * 5

    answer = api.book(everything[0])

    assert answer.code == "slot_full"
    assert answer.json["alternatives"] == []


def test_closed_slots_are_no_alternatives(make_app: Callable[..., Flask], small_schedule: Callable[..., str]) -> None:
    api = Api(over_app(make_app(SCHEDULE_FILE=small_schedule())))
    nine, ten, eleven = api.slots("2031-06-10")
    api.admin("PATCH", f"/slots/{ten['_id']}", json={"closed": True})
    assert api.book(nine).status == 201

    offered = api.book(nine).json["alternatives"]

    assert offered[0]["slotId"] == eleven["_id"]
    assert ten["_id"] not in {offer["slotId"] for offer in offered}


@pytest.mark.parametrize("again", ["ada@example.org", "ADA@Example.ORG", " ada@example.org "])
def test_a_guest_books_a_slot_once(api: Api, again: str) -> None:
    slot = api.slots()[0]
    assert api.book(slot, email="ada@example.org").status == 201

    answer = api.book(slot, email=again, fullName="Somebody Else", phone="+447400123456", country="GB")

    assert (answer.status, answer.code) == (409, "duplicate_booking")
    assert answer.json["message"] == "Duplicate booking."
    assert api.slots()[0]["bookedCount"] == 1


def test_a_guest_may_book_another_slot_and_another_guest_the_same(api: Api) -> None:
    first, second, *_ = api.slots()

    assert api.book(first, email="ada@example.org").status == 201
    assert api.book(second, email="ada@example.org").status == 201
    assert api.book(first, email="bob@example.org").status == 201


def test_a_guest_at_many_doors_at_once_books_once(app: Flask) -> None:
    slot = Api(over_app(app)).slots()[0]

    with ThreadPoolExecutor(16) as crowd:
        answers = list(crowd.map(lambda _: Api(over_app(app)).book(slot, email="ada@example.org"), range(16)))

    assert sorted(answer.status for answer in answers) == [201] + [409] * 15
    assert {answer.code for answer in answers if answer.status == 409} == {"duplicate_booking"}
    assert Api(over_app(app)).slots()[0]["bookedCount"] == 1


def test_after_cancelling_the_same_slot_can_be_booked_again(api: Api) -> None:
    slot = api.slots()[0]
    first = api.book(slot, email="ada@example.org")
    assert cancel(api, first).status == 200

    again = api.book(slot, email="ada@example.org")

    assert again.status == 201
    assert again.json["booking"]["id"] != first.json["booking"]["id"]
    assert api.book(slot, email="ada@example.org").code == "duplicate_booking"
    assert api.slots()[0]["bookedCount"] == 1


def test_the_same_key_and_body_answer_the_first_booking_again(api: Api) -> None:
    slot = api.slots()[0]
    form = {**person(), "message": "Two of us."}
    first = api.book(slot, key="key-1", **form)

    again = api.book(slot, key="key-1", **form)

    assert (first.status, again.status) == (201, 201)
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert api.slots()[0]["bookedCount"] == 1


def test_the_same_body_in_another_order_is_the_same_body(api: Api) -> None:
    slot = api.slots()[0]
    form = {**person(), "date": slot["date"], "slotId": slot["_id"]}
    first = api.send("POST", "/api/bookings", json=form, headers={"Idempotency-Key": "key-1"})

    turned = json.dumps(dict(reversed(form.items())), indent=2)
    again = api.send(
        "POST", "/api/bookings", data=turned, content_type="application/json", headers={"Idempotency-Key": "key-1"}
    )

    assert (first.status, again.status) == (201, 201)
    assert again.json == first.json


@pytest.mark.parametrize(
    "change", [{"fullName": "Somebody Else"}, {"message": "More."}, {"email": "other@example.org"}, {"city": "Rome"}]
)
def test_the_same_key_with_another_body_is_422(api: Api, change: dict[str, str]) -> None:
    slot = api.slots()[0]
    form = person()
    assert api.book(slot, key="key-1", **form).status == 201

    answer = api.book(slot, key="key-1", **{**form, **change})

    assert (answer.status, answer.code) == (422, "idempotency_key_reused")
    assert api.slots()[0]["bookedCount"] == 1


def test_the_same_key_for_another_slot_is_422(api: Api) -> None:
    first, second, *_ = api.slots()
    form = person()
    assert api.book(first, key="key-1", **form).status == 201

    assert api.book(second, key="key-1", **form).code == "idempotency_key_reused"
    assert api.slots()[1]["bookedCount"] == 0


def test_a_replay_is_answered_though_the_slot_has_filled_up_meanwhile(api: Api) -> None:
    slot = api.slots()[0]
    form = person()
    first = api.book(slot, key="key-1", **form)
    for _ in range(3):
        assert api.book(slot).status == 201
    assert api.book(slot).code == "slot_full"

    again = api.book(slot, key="key-1", **form)

    assert again.status == 201
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"


def test_a_replay_is_answered_though_the_slot_has_been_closed_meanwhile(api: Api) -> None:
    slot = api.slots()[0]
    form = person()
    first = api.book(slot, key="key-1", **form)
    api.admin("PATCH", f"/slots/{slot['_id']}", json={"closed": True})

    again = api.book(slot, key="key-1", **form)

    assert (again.status, again.json) == (201, first.json)


def test_a_replay_answers_the_first_answer_though_the_booking_is_cancelled(api: Api) -> None:
    slot = api.slots()[0]
    form = person()
    first = api.book(slot, key="key-1", **form)
    cancel(api, first)

    again = api.book(slot, key="key-1", **form)

    assert (again.status, again.json) == (201, first.json)
    assert api.slots()[0]["bookedCount"] == 0


def test_one_key_at_many_doors_at_once_makes_one_booking(app: Flask) -> None:
    slot = Api(over_app(app)).slots()[0]
    form = person()

    with ThreadPoolExecutor(16) as crowd:
        answers = list(crowd.map(lambda _: Api(over_app(app)).book(slot, key="key-1", **form), range(16)))

    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["booking"]["id"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    assert Api(over_app(app)).slots()[0]["bookedCount"] == 1


def test_a_refused_request_does_not_use_its_key_up(api: Api) -> None:
    slot = api.slots()[0]
    form = person()
    fill(api, slot)
    assert api.book(slot, key="key-1", **form).code == "slot_full"
    api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": 1})

    again = api.book(slot, key="key-1", **form)

    assert again.status == 201
    assert "Idempotency-Replayed" not in again.headers


def test_a_key_counts_for_24_hours(make_app: Callable[..., Flask], clock: Clock) -> None:
    api = Api(over_app(make_app(clock=clock)))
    slot = api.slots()[0]
    form = person()
    first = api.book(slot, key="key-1", **form)

    clock.pass_by(hours=23, minutes=59, seconds=59)
    within = api.book(slot, key="key-1", **form)
    clock.pass_by(seconds=1)
    after = api.book(slot, key="key-1", **person())

    assert within.json == first.json
    assert after.status == 201
    assert "Idempotency-Replayed" not in after.headers
    assert after.json["booking"]["id"] != first.json["booking"]["id"]


@pytest.mark.parametrize("key", ["k", "k" * 255, "!~{}[]$.*|", "7f3c9a10-55aa-4d2e-9a51-000000000001"])
def test_a_key_is_any_visible_ascii_text(roomy: Api, key: str) -> None:
    slot = roomy.slots()[0]
    form = person()

    assert roomy.book(slot, key=key, **form).status == 201
    assert roomy.book(slot, key=key, **form).headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("key", ["", " ", "with blank", "k" * 256, "a\tb", "caf\u00e9", "\xff"])
def test_any_other_key_is_400(quiet: Api, key: str) -> None:
    slot = quiet.slots()[0]
    form = {**person(), "date": slot["date"], "slotId": slot["_id"]}

    answer = quiet.send("POST", "/api/bookings", json=form, headers={"Idempotency-Key": key})

    refused(answer, "Idempotency-Key")
    assert quiet.slots()[0]["bookedCount"] == 0


def test_without_a_key_nothing_is_replayed(api: Api) -> None:
    slot = api.slots()[0]
    form = person()

    assert api.book(slot, **form).status == 201
    assert api.book(slot, **form).code == "duplicate_booking"


def test_a_booking_is_made_at_the_time_of_the_clock_in_utc(make_app: Callable[..., Flask], clock: Clock) -> None:
    api = Api(over_app(make_app(clock=clock)))

    made = api.book(api.slots()[0]).json["booking"]["createdAt"]

    assert made.endswith("Z")
    assert datetime.fromisoformat(made) == clock.at


def test_a_rush_sells_every_place_and_not_one_more(app: Flask, db: Db) -> None:
    slot = Api(over_app(app)).slots()[0]

    with ThreadPoolExecutor(24) as crowd:
        answers = list(crowd.map(lambda _: Api(over_app(app)).book(slot), range(24)))

    assert sorted(answer.status for answer in answers) == [201] * 4 + [409] * 20
    assert {answer.code for answer in answers if answer.status == 409} == {"slot_full"}
    assert db["bookings"].count_documents({"slotId": slot["_id"]}) == 4
    references = [answer.json["booking"]["reference"] for answer in answers if answer.status == 201]
    assert len(set(references)) == 4
