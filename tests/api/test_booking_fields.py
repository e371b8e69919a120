"""Fields of a booking request and their refusals."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.api.booking_requests import GUEST, refused, written
from tests.api_client import Api, over_app
from tests.factories import contact


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
        "seats": 1,
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
    "Ada\rLovelace",
    "Ada\x85",
    "Ada\u2028B",
    "Ada\u2029B",
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

    assert kept == "one\ntwo\nthree\n four"
    refused(api.book(slot, city="one\ntwo"), "city")
