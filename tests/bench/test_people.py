"""Sample guests: reproducible, varied, and valid for the service and its peer in Flask."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path
from random import Random

import phonenumbers
import pytest

from bench import people, phone_numbers
from bench.guest_bodies import GUESTS, guest_body, guest_lines, guests_file, read_guests
from bench.peers.flask_peer.app import NewBooking
from booking.schemas import NewBookingSchema
from core.schema_fields import PLAIN_EMAIL

SAMPLE = 2000
NUMBERS = 40
SLOT = {"date": "2026-03-05", "slotId": "slot-0000001"}


def test_person_is_the_same_for_the_same_number_and_seed() -> None:
    assert people.person(17) == people.person(17)
    assert people.person(17) != people.person(18)
    assert people.person(17) != people.person(17, seed=people.SEED + 1)
    assert list(people.people(3, first=15))[2] == people.person(17)


def test_people_have_many_scripts_countries_and_words() -> None:
    guests = list(people.people(SAMPLE))

    letters = {c for guest in guests for c in guest.full_name if c.isalpha()}
    scripts = {unicodedata.name(letter).split()[0] for letter in letters}
    assert scripts >= {"LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "DEVANAGARI", "CJK", "HANGUL", "THAI"}
    assert len({guest.country for guest in guests}) > 80
    assert len({guest.full_name for guest in guests}) > SAMPLE * 0.8
    assert len({guest.phone for guest in guests}) > SAMPLE * 0.99
    assert any("\u2019" in guest.full_name for guest in guests)


def test_people_are_accepted_by_the_service_and_the_flask_peer() -> None:
    service = NewBookingSchema()
    peer = NewBooking()

    for number, guest in enumerate(people.people(SAMPLE)):
        body = json.loads(guest_body(guest).booking_json(f"run1-2-{number}", **SLOT))
        assert service.validate(body) == {}, guest
        assert peer.validate(body) == {}, guest


@pytest.mark.parametrize("country", phone_numbers.countries())
def test_phone_numbers_are_valid_in_their_country_alone(country: str) -> None:
    random = Random(country)

    for _ in range(NUMBERS):
        number = phonenumbers.parse(phone_numbers.number_plan(country).draw(random))
        assert phonenumbers.is_valid_number_for_region(number, country)
        assert phonenumbers.region_code_for_number(number) == country


def test_phone_numbers_cover_most_countries() -> None:
    assert len(phone_numbers.countries()) > 200
    assert {country for language in people.languages() for country in language.countries} <= set(
        phone_numbers.countries()
    )


def test_phone_number_without_a_valid_attempt_is_the_example() -> None:
    plan = phone_numbers.number_plan("DE")
    never = phone_numbers.NumberPlan(plan.calling_code, plan.example, re.compile("x"))

    assert never.draw(Random(1)) == f"+49{plan.example}"


def test_number_plan_of_an_unknown_country_is_refused() -> None:
    with pytest.raises(ValueError, match="XX has no example"):
        phone_numbers.number_plan("XX")


def test_person_email_is_plain_and_has_the_distinction() -> None:
    for guest in people.people(SAMPLE):
        assert PLAIN_EMAIL.fullmatch(guest.email("run12-2-345678"))

    assert people.person(1).email("a") != people.person(1).email("b")


def test_guest_lines_are_read_back_with_their_texts() -> None:
    guests = list(people.people(300))
    lines = [line.split("\t") for line in guest_lines(guests).splitlines()]

    bodies = [json.loads(f"{{{start}x7{contact}, {booking_members}}}") for start, contact, booking_members in lines]

    assert [body["fullName"] for body in bodies] == [guest.full_name for guest in guests]
    assert [body["email"] for body in bodies] == [guest.email("x7") for guest in guests]
    assert [body["message"] for body in bodies] == [guest.message for guest in guests]


def test_guests_file_is_written_once(tmp_path: Path) -> None:
    file = guests_file(tmp_path)
    written = file.stat().st_mtime_ns

    assert guests_file(tmp_path).stat().st_mtime_ns == written
    assert len(read_guests(file)) == GUESTS
    assert read_guests(file)[5] == guest_body(people.person(5))
