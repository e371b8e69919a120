"""Messages for clients that show `message` alone, and addresses in test domains."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from core.mongo.client import Db
from tests.api.booking_requests import refused
from tests.api_client import Api, over_app
from tests.factories import contact

MESSAGES = [
    ({"email": "ada"}, "E-mail: Not a valid e-mail address."),
    ({"fullName": "A"}, "Name: Length must be between 2 and 80."),
    (
        {"fullName": "www.evil.example"},
        "Name: A name cannot have a web address; write a blank after each dot of a name.",
    ),
    ({"phone": "1"}, "Phone: Not a valid phone number; write it like +14155550123."),
    ({"country": "us"}, "Country: Not an ISO 3166 code in upper case."),
    ({"country": "DE"}, "Country: The country does not match the phone number."),
    ({"city": "x" * 81}, "City: Length must be between 0 and 80."),
    ({"message": "x" * 1201}, "Message: Length must be between 0 and 1200."),
    ({"slotId": "short"}, "Slot: Not a slot's id."),
    ({"fullName": None, "phone": None}, "Name: Missing data for required field."),
]


@pytest.mark.parametrize(("changes", "message"), MESSAGES)
def test_message_names_the_first_wrong_field(quiet: Api, changes: dict[str, str | None], message: str) -> None:
    answer = quiet.book(quiet.slots()[0], **changes)

    assert (answer.status, answer.json["message"]) == (400, message)
    assert answer.json["detail"] == message


def test_message_of_a_broken_body_and_an_unknown_parameter_says_so(quiet: Api) -> None:
    broken = quiet.send("POST", "/api/bookings", data="{", content_type="application/json")
    unknown = quiet.get("/api/dates", query={"surprise": "1"})

    assert broken.json["message"] == "The body is not valid JSON."
    assert unknown.json["message"] == "surprise: Unknown field."


@pytest.mark.parametrize(
    ("rate", "pattern"),
    [
        ("1 per minute", r"Please try again in (1 second|\d+ seconds)\."),
        ("1 per hour", r"Please try again in (\d+ minutes|\d+ seconds)\."),
        ("1 per day", r"Please try again in \d+ (hours|minutes)\."),
    ],
)
def test_message_of_a_rate_limit_says_when(make_app: Callable[..., Flask], rate: str, pattern: str) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_DEFAULT=rate)))
    api.get("/api/dates")

    limited = api.get("/api/dates")

    assert limited.status == 429
    assert re.fullmatch(rf"Too many requests\. {pattern}", limited.json["message"])
    assert int(limited.headers["Retry-After"]) > 0


def test_test_domain_is_refused_on_a_waiting_list(api: Api, db: Db) -> None:
    slot = api.slots()[0]
    db["slots"].update_one({"_id": slot["_id"]}, {"$set": {"capacity": 0}})

    answer = api.send("POST", f"/api/slots/{slot['_id']}/waitlist", json=contact(email="ada@mail.test"))

    refused(answer, "email")


@pytest.mark.parametrize("email", ["ada@mail.test", "ada@printer.local", "o'neil@mail.test"])
def test_test_domain_is_taken_where_the_setting_allows_it(make_app: Callable[..., Flask], email: str) -> None:
    api = Api(over_app(make_app(ALLOW_TEST_DOMAINS="yes")))

    assert api.book(api.slots()[0], email=email).json["booking"]["email"] == email


@pytest.mark.parametrize("email", ["ada@mail.invalid", "ada@mail.localhost", "ada@test", "ada@mail.onion"])
def test_other_reserved_domains_are_refused_by_any_setting(make_app: Callable[..., Flask], email: str) -> None:
    api = Api(over_app(make_app(ALLOW_TEST_DOMAINS="yes")))

    refused(api.book(api.slots()[0], email=email), "email")
