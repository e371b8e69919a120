"""Searches by date, country, status, reference and e-mail, and cursors."""

from __future__ import annotations

import pytest

from booking.store import BookingStore
from core.mongo.client import Db
from tests.api.admin.requests import booked, found
from tests.api_client import Api


def test_a_date_finds_its_own_bookings_alone(api: Api) -> None:
    mine = booked(api, date="2026-03-05")
    booked(api, date="2026-03-07")
    booked(api, date="2026-03-15")

    assert found(api, date="2026-03-05") == [mine]
    assert found(api, date="2026-03-06") == []


@pytest.mark.parametrize(
    "date", ["2026-03", "2026-3-5", "05.03.2026", "today", "2026-03-05T00:00", "2026-03-05\n", ".*"]
)
def test_a_search_by_something_that_is_no_date_is_refused(quiet: Api, date: str) -> None:
    answer = quiet.admin("GET", "/bookings", query={"date": date})

    assert (answer.status, set(answer.json["errors"])) == (400, {"date"})


@pytest.mark.parametrize("country", ["IN", "in", "In"])
def test_a_country_is_found_in_any_case(api: Api, country: str) -> None:
    mine = booked(api, phone="+919876543210", country="IN")
    booked(api, phone="+14155550123", country="US")

    assert found(api, country=country) == [mine]


@pytest.mark.parametrize("country", ["I", "IND", "I.", "1N", "\uff29\uff2e"])
def test_a_search_by_something_that_is_no_country_is_refused(quiet: Api, country: str) -> None:
    assert quiet.admin("GET", "/bookings", query={"country": country}).status == 400


def test_a_status_finds_the_confirmed_or_the_cancelled(api: Api) -> None:
    kept, given_up = booked(api), booked(api)
    assert api.admin("POST", f"/bookings/{given_up}/cancel").status == 200

    assert found(api, status="confirmed") == [kept]
    assert found(api, status="cancelled") == [given_up]
    assert set(found(api, status="")) == set(found(api)) == {kept, given_up}


@pytest.mark.parametrize("status", ["CONFIRMED", "all", "confirmed,cancelled", "$ne"])
def test_any_other_status_is_refused(quiet: Api, status: str) -> None:
    assert quiet.admin("GET", "/bookings", query={"status": status}).status == 400


@pytest.mark.parametrize(
    "notation",
    ["{0}", "{1}", " {0} ", "{0:l}", "{1:l}", "{2}"],
    ids=["dash", "none", "blanks", "low", "lower", "blank"],
)
def test_a_reference_finds_its_booking_however_it_is_said(api: Api, notation: str) -> None:
    mine, other = booked(api), booked(api)
    references = {item["_id"]: item["reference"] for item in api.admin("GET", "/bookings").json["items"]}
    reference = references[mine]
    ways = [reference, reference.replace("-", ""), reference.replace("-", " ")]
    said = [Said(way) for way in ways]

    assert found(api, reference=notation.format(*said)) == [mine]
    assert api.admin("POST", f"/bookings/{mine}/cancel").status == 200
    assert found(api, reference=notation.format(*said)) == [mine]
    assert found(api, reference=references[other]) == [other]
    assert set(found(api, reference=" ")) == {mine, other}


class Said(str):
    """A text that `l` formats in lower case."""

    __slots__ = ()

    def __format__(self, how: str) -> str:
        return self.lower() if how == "l" else str(self)


def test_a_reference_no_one_has_finds_nothing(api: Api) -> None:
    booked(api)

    assert found(api, reference="K7MP-0000") == []


@pytest.mark.parametrize(
    "reference",
    ["K7MP", "K7MP-4QX", "K7MP-4QXDD", "K7MP--4QXD", "K7M-P4QXD", "K7MP_4QXD", ".*", "K7MP-4QX\u0130", "K7MP-4QXD\x00"],
)
def test_a_search_by_something_that_is_no_reference_is_refused(quiet: Api, reference: str) -> None:
    for path in ("/bookings", "/bookings/export"):
        answer = quiet.admin("GET", path, query={"reference": reference})

        assert (answer.status, answer.code) == (400, "validation_failed")
        assert answer.json["errors"] == {"reference": ["Must be a reference such as K7MP-4QXD."]}


@pytest.mark.parametrize("given", ["ada@example.org", "ADA@Example.ORG", "  Ada@example.org "])
def test_an_email_finds_its_guests_bookings_cancelled_ones_too(api: Api, given: str) -> None:
    first, second, third = (booked(api, slot, email="ada@example.org") for slot in range(3))
    assert api.admin("POST", f"/bookings/{first}/cancel").status == 200
    again = booked(api, 0, email="Ada@Example.org")
    booked(api, 3, email="grace@example.org")
    booked(api, 3, email="ada@example.org.uk")
    booked(api, 4, email="xada@example.org")

    assert set(found(api, email=given)) == {first, second, third, again}
    assert found(api, email=given, status="cancelled") == [first]
    assert set(found(api, email=given, status="confirmed")) == {second, third, again}
    assert len(found(api, email="")) == 7


def test_an_email_is_looked_for_as_a_booking_keeps_it(api: Api) -> None:
    mine = booked(api, email="ada@B\u00fccher.example.com")

    assert (
        found(api, email="ada@b\u00fccher.example.com") == found(api, email="ADA@XN--BCHER-KVA.example.com") == [mine]
    )


@pytest.mark.parametrize("email", ["lovelac", "ADA.love", "lace@", "@nowhere.example", "e@nowhere"])
def test_email_filter_finds_a_part_of_an_address(api: Api, email: str) -> None:
    mine = booked(api, email="ada.lovelace@nowhere.example")
    booked(api)

    assert found(api, email=email) == [mine]


@pytest.mark.parametrize("email", ["a b@example.org", ".*@example.org", "ada@exampel"])
def test_email_filter_with_no_such_part_finds_nothing(api: Api, email: str) -> None:
    booked(api, email="ada@example.org")

    assert found(api, email=email) == []


@pytest.mark.parametrize("email", ["\x00", "a" * 255])
def test_email_filter_with_control_or_too_long_is_refused(quiet: Api, email: str) -> None:
    answer = quiet.admin("GET", "/bookings", query={"email": email})

    assert (answer.status, set(answer.json["errors"])) == (400, {"email"})


@pytest.mark.parametrize("name", ["reference", "email"])
def test_what_is_given_twice_is_refused(quiet: Api, name: str) -> None:
    assert quiet.admin("GET", f"/bookings?{name}=&{name}=").status == 400


def test_the_export_finds_by_reference_and_email_too(api: Api) -> None:
    mine = api.book(api.slots()[0], email="ada@example.org").json["booking"]
    booked(api)

    by_reference = api.admin("GET", "/bookings/export", query={"reference": mine["reference"].lower()})
    by_email = api.admin("GET", "/bookings/export", query={"email": "Ada@example.org", "status": "confirmed"})

    assert by_reference.body == by_email.body
    assert by_email.body.decode().splitlines()[1].endswith(f'"{mine["reference"]}","1"')
    assert len(by_email.body.decode().splitlines()) == 2


def test_anonymised_booking_is_not_found_by_its_former_email(api: Api, db: Db) -> None:
    mine = booked(api, email="ada@example.org")
    BookingStore(db).erase([mine])

    assert found(api, email="ada@example.org") == []
    assert found(api, reference=api.admin("GET", "/bookings").json["items"][0]["reference"]) == [mine]


@pytest.mark.parametrize("phone", ["0151 23456789", "0151", "(0) 151/23", "00 49 151 234", "151 23456789"])
def test_a_phone_number_is_found_as_it_is_said_at_home(api: Api, phone: str) -> None:
    mine = booked(api, phone="+4915123456789", country="DE")
    booked(api, phone="+447400123456", country="GB")

    assert found(api, phone=phone) == [mine]


def test_a_zero_that_belongs_to_a_number_is_looked_for(api: Api) -> None:
    roman = booked(api, phone="+390612345678", country="IT")

    assert found(api, phone="06 1234") == [roman]
    assert found(api, phone="08 1234") == []
    assert found(api, phone="06") == [roman]


def test_filters_narrow_each_other(api: Api) -> None:
    mine = booked(api, fullName="Ada Lovelace", phone="+919876543210", country="IN")
    booked(api, fullName="Ada Lovelace", phone="+14155550123", country="US")
    booked(api, fullName="Grace Hopper", phone="+919876543211", country="IN")
    booked(api, date="2026-03-07", fullName="Ada Lovelace", phone="+919876543212", country="IN")

    item = next(item for item in api.admin("GET", "/bookings").json["items"] if item["_id"] == mine)
    narrow = {"name": "ada", "phone": "91 98765", "country": "in", "date": "2026-03-05", "status": "confirmed"}
    narrow |= {"reference": item["reference"], "email": item["email"]}

    assert found(api, **narrow) == [mine]
    for left_out in narrow:
        assert found(api, **{name: value for name, value in narrow.items() if name != left_out}) == [mine]
    elsewhere = {"name": "grace", "phone": "1415", "country": "us", "date": "2026-03-07", "status": "cancelled"}
    for name, value in {**elsewhere, "reference": "K7MP-0000", "email": "grace@example.org"}.items():
        assert found(api, **{**narrow, name: value}) == []


def test_cursor_lists_each_booking_once_despite_new_bookings(api: Api) -> None:
    old = [booked(api, slot) for slot in range(8)]
    seen: list[str] = []

    answer = api.admin("GET", "/bookings", query={"limit": 3}).json
    while True:
        seen += [item["_id"] for item in answer["items"]]
        booked(api, 0, "2026-03-07") if len(seen) < 6 else booked(api, 1, "2026-03-07")
        if answer["next"] is None:
            break
        answer = api.admin("GET", "/bookings", query={"limit": 3, "after": answer["next"]}).json

    assert seen == old[::-1]


def test_cursor_keeps_its_filter_and_ends_with_null(api: Api) -> None:
    mine = [booked(api, slot, fullName="Ada Lovelace") for slot in range(4)]
    for slot in range(4):
        booked(api, slot, fullName="Grace Hopper")

    first = api.admin("GET", "/bookings", query={"limit": 2, "name": "ada"}).json
    second = api.admin("GET", "/bookings", query={"limit": 2, "name": "ada", "after": first["next"]}).json

    assert [item["_id"] for item in first["items"] + second["items"]] == mine[::-1]
    assert second["next"] is None


@pytest.mark.parametrize("cursor", ["x", "0" * 31, "G" * 32, "{}", "' or 1=1"])
def test_a_cursor_of_no_one_is_refused(quiet: Api, cursor: str) -> None:
    answer = quiet.admin("GET", "/bookings", query={"after": cursor})

    assert (answer.status, set(answer.json["errors"])) == (400, {"after"})
