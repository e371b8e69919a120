"""Copied text: invisible characters refuse no guest and are not stored; names carry no web address."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.config.settings import ROOT
from core.mongo.client import Db
from core.schema_fields import WEB_ADDRESS_IN_NAME
from tests.api.booking_requests import refused
from tests.api_client import Api
from tests.factories import contact, person

TEMPLATES = ROOT / "notifications" / "templates"
# Zero-width blank, joiners, direction mark, embedding, isolate, byte order mark, soft hyphen, selector, tab.
COPIED = ["\u200b", "\u200c", "\u200d", "\u200e", "\u202b", "\u202c", "\u2066", "\ufeff", "\u00ad", "\ufe0f", "\t"]
MEMBERS = ["fullName", "email", "phone", "country", "city", "message", "date", "slotId"]
PHONES = {"phone": "+4915123456789", "country": "DE"}


def with_edges(form: dict[str, Any], character: str) -> dict[str, Any]:
    return {name: f"{character}{value}{character}" for name, value in form.items()}


@pytest.mark.parametrize("character", COPIED)
def test_booking_with_invisible_characters_is_taken_without_them(roomy: Api, character: str) -> None:
    slot = roomy.slots()[0]
    form = {**person(city="Berlin", message="Two of us"), **PHONES, "date": slot["date"], "slotId": slot["_id"]}

    answer = roomy.send("POST", "/api/bookings", json=with_edges(form, character))

    assert answer.status == 201, answer.body
    assert {name: answer.json["booking"][name] for name in MEMBERS} == form


@pytest.mark.parametrize("member", MEMBERS)
def test_every_member_may_have_invisible_characters_within(roomy: Api, member: str) -> None:
    slot = roomy.slots()[0]
    form = {**person(city="Berlin", message="Two of us"), **PHONES, "date": slot["date"], "slotId": slot["_id"]}
    value = form[member]

    answer = roomy.send("POST", "/api/bookings", json={**form, member: f"{value[:1]}\u2060\u200b{value[1:]}"})

    assert answer.status == 201, answer.body
    assert answer.json["booking"][member] == value


@pytest.mark.parametrize("line_break", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\r\n"])
def test_message_has_line_breaks_for_separators(roomy: Api, line_break: str) -> None:
    booking = roomy.book(roomy.slots()[0], message=f"one{line_break}\ttwo").json["booking"]

    assert booking["message"] == "one\n two"


@pytest.mark.parametrize("control", ["\x00", "\r", "\n", "\r\n", "\x1b", "\x7f"])
def test_name_with_a_control_character_is_refused(quiet: Api, control: str) -> None:
    refused(quiet.book(quiet.slots()[0], fullName=f"Ada{control}Lovelace"), "fullName")


def test_waiting_entry_with_invisible_characters_is_taken(api: Api, db: Db) -> None:
    slot = api.slots()[0]
    db["slots"].update_one({"_id": slot["_id"]}, {"$set": {"capacity": 0}})
    form = contact()

    answer = api.send("POST", f"/api/slots/{slot['_id']}/waitlist", json=with_edges(form, "\u200b"))

    assert answer.status == 202, answer.body
    assert {name: answer.json["entry"][name] for name in form} == form


@pytest.mark.parametrize("name", ["name", "email", "phone", "date", "country", "status", "reference"])
def test_filter_with_invisible_characters_finds_its_booking(api: Api, name: str) -> None:
    booking = api.book(api.slots()[0]).json["booking"]
    values = {**booking, "name": booking["fullName"]}

    found = api.admin("GET", "/bookings", query={name: f"\u202a{values[name]}\u200b"})

    assert (found.status, found.json["total"]) == (200, 1), found.body


def test_idempotency_key_with_an_invisible_character_is_refused(quiet: Api) -> None:
    slot = quiet.slots()[0]
    body = json.dumps({**person(), "date": slot["date"], "slotId": slot["_id"]})
    headers = {"Idempotency-Key": "key\u00ad1".encode().decode("latin-1")}

    answer = quiet.send("POST", "/api/bookings", data=body, content_type="application/json", headers=headers)

    assert (answer.status, answer.code) == (400, "validation_failed")


@pytest.mark.parametrize(
    "name", ["http://evil.example/x", "www.evil.example", "Ada evil.com", "evil\uff0ecom", "[a](b)"]
)
def test_name_with_a_web_address_is_refused_with_its_reason(quiet: Api, name: str) -> None:
    slot = quiet.slots()[0]

    booked = quiet.book(slot, fullName=name)
    waiting = quiet.send("POST", f"/api/slots/{slot['_id']}/waitlist", json=contact(fullName=name))

    for answer in (booked, waiting):
        refused(answer, "fullName")
        assert answer.json["errors"]["fullName"] == [WEB_ADDRESS_IN_NAME]


@pytest.mark.parametrize("name", ["St. John", "Anna-Lena O'Brien Jr.", "J.R.R. Tolkien", "M.Sc. Ali"])
def test_name_with_dots_is_taken(roomy: Api, name: str) -> None:
    assert roomy.book(roomy.slots()[0], fullName=name).json["booking"]["fullName"] == name


def test_no_email_to_a_guest_has_the_message() -> None:
    templates = [file for file in TEMPLATES.rglob("guest_*/*") if file.is_file()]

    assert len(templates) > 10
    assert [file for file in templates if "{{ message" in file.read_text(encoding="utf-8")] == []
