"""The back office: who may enter, what is found, what can be changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from booking.store import BookingStore
from core.mongo.client import Db
from tests.api.conftest import Clock
from tests.api_client import Answer, Api, over_app
from tests.factories import ADMIN_KEY, SECOND_ADMIN_KEY, person

ITEM = {
    "_id",
    "reference",
    "fullName",
    "email",
    "phone",
    "country",
    "city",
    "date",
    "slotId",
    "slotLabel",
    "message",
    "status",
    "createdAt",
}
DOORS = [
    ("GET", "/validate"),
    ("GET", "/bookings"),
    ("GET", "/bookings/export"),
    ("POST", "/bookings/some-id/cancel"),
    ("POST", "/bookings/some-id/resend"),
    ("GET", "/slots"),
    ("PATCH", "/slots/some-id"),
    ("GET", "/stats"),
    ("GET", "/plots"),
    ("GET", "/letters"),
    ("POST", "/letters/some-id/retry"),
    ("GET", "/audit"),
]


def booked(api: Api, slot: int = 0, date: str = "2026-03-05", **changes: Any) -> str:
    """Book a place and return the booking's id."""
    answer = api.book(api.slots(date)[slot], **changes)
    assert answer.status == 201, answer.body
    return str(answer.json["booking"]["id"])


def found(api: Api, **query: str) -> list[str]:
    """Return the ids that a search finds."""
    answer = api.admin("GET", "/bookings", query={"limit": "100", **query})
    assert answer.status == 200, answer.body
    assert answer.json["total"] == len(answer.json["items"])
    return [item["_id"] for item in answer.json["items"]]


def patch(api: Api, slot: dict[str, Any], **change: Any) -> Answer:
    return api.admin("PATCH", f"/slots/{slot['_id']}", json=change)


# Who may enter


def test_the_key_opens(quiet: Api) -> None:
    answer = quiet.admin("GET", "/validate")

    assert (answer.status, answer.json) == (200, {"success": True})


def test_two_keys_open_while_they_are_rotated(make_app: Callable[..., Flask]) -> None:
    during = Api(over_app(make_app()))
    after = Api(over_app(make_app(ADMIN_KEY=SECOND_ADMIN_KEY)))

    assert [during.admin("GET", "/validate", key=key).status for key in (ADMIN_KEY, SECOND_ADMIN_KEY)] == [200, 200]
    assert [after.admin("GET", "/validate", key=key).status for key in (ADMIN_KEY, SECOND_ADMIN_KEY)] == [401, 200]


@pytest.mark.parametrize(
    "key",
    [
        "wrong",
        "",
        " ",
        ADMIN_KEY[:-1],
        f"{ADMIN_KEY}x",
        ADMIN_KEY.upper(),
        f"{ADMIN_KEY},{SECOND_ADMIN_KEY}",
        "\u00e9\u00fc",
        "\xff\xfe",
        "x" * 4000,
    ],
)
def test_a_wrong_key_is_401(quiet: Api, key: str) -> None:
    answer = quiet.admin("GET", "/validate", key=key, environ_base={"REMOTE_ADDR": f"2001:db8::{len(key)}"})

    assert (answer.status, answer.code) == (401, "unauthorized")


@pytest.mark.parametrize(("method", "path"), DOORS)
@pytest.mark.parametrize("headers", [{}, {"X-Admin-Key": "wrong"}, {"Authorization": f"Bearer {ADMIN_KEY}"}])
def test_every_door_is_locked(quiet: Api, method: str, path: str, headers: dict[str, str]) -> None:
    # Each asks from an address of its own: wrong keys are counted.
    address = {"REMOTE_ADDR": f"192.0.2.{DOORS.index((method, path))}"}

    answer = quiet.send(method, f"/api/admin{path}", headers=headers, environ_base=address)

    assert (answer.status, answer.code) == (401, "unauthorized")


def test_every_door_of_the_back_office_is_in_the_table(app: Flask) -> None:
    doors = {
        (
            method,
            rule.rule.replace("<booking_id>", "some-id")
            .replace("<slot_id>", "some-id")
            .replace("<letter_id>", "some-id"),
        )
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/admin/")
    }

    assert doors == {(method, f"/api/admin{path}") for method, path in DOORS}


def test_a_locked_door_says_nothing_about_what_is_behind_it(api: Api) -> None:
    slot = api.slots()[0]

    known = api.admin("PATCH", f"/slots/{slot['_id']}", key="wrong", json={"capacity": 0})
    unknown = api.admin("PATCH", "/slots/nowhere", key="wrong", json={"capacity": "x"})

    assert {**known.json, "requestId": ""} == {**unknown.json, "requestId": ""}
    assert api.slots()[0]["capacity"] == 4


def test_after_ten_wrong_keys_even_the_right_one_waits(api: Api) -> None:
    wrong = [api.admin("GET", "/validate", key=f"wrong {n}").status for n in range(10)]

    right = api.admin("GET", "/validate")

    assert wrong == [401] * 10
    assert (right.status, right.code) == (429, "too_many_requests")
    assert 0 < int(right.headers["Retry-After"]) <= 900
    assert api.admin("GET", "/stats", key=SECOND_ADMIN_KEY).status == 429
    assert api.get("/api/dates").status == 200


def test_nine_wrong_keys_lock_no_one_out(api: Api) -> None:
    for n in range(9):
        api.admin("GET", "/validate", key=f"wrong {n}")

    assert [api.admin("GET", "/validate").status for _ in range(20)] == [200] * 20


def test_wrong_keys_from_one_address_lock_no_other_out(api: Api) -> None:
    for _ in range(11):
        api.admin("GET", "/validate", key="wrong", environ_base={"REMOTE_ADDR": "192.0.2.7"})

    assert api.admin("GET", "/validate", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status == 429
    assert api.admin("GET", "/validate", environ_base={"REMOTE_ADDR": "192.0.2.8"}).status == 200


# What is found


def test_a_listing_shows_exactly_what_the_back_office_needs(api: Api) -> None:
    slot = api.slots("2026-03-07")[0]
    booking = api.book(slot, message="Two of us.").json["booking"]

    answer = api.admin("GET", "/bookings")

    assert answer.status == 200
    (item,) = answer.json["items"]
    assert set(item) == ITEM
    same = (
        "reference",
        "fullName",
        "email",
        "phone",
        "country",
        "city",
        "date",
        "slotId",
        "message",
        "status",
        "createdAt",
    )
    assert {name: item[name] for name in same} == {name: booking[name] for name in same}
    assert (item["_id"], item["slotLabel"]) == (booking["id"], "09:00-10:00")


def test_an_empty_listing_has_the_defaults(quiet: Api) -> None:
    answer = quiet.admin("GET", "/bookings").json

    assert {name: answer[name] for name in ("items", "total", "page", "limit", "totalPages")} == {
        "items": [],
        "total": 0,
        "page": 1,
        "limit": 15,
        "totalPages": 0,
    }


def test_the_newest_booking_comes_first(make_app: Callable[..., Flask], clock: Clock) -> None:
    api = Api(over_app(make_app(clock=clock)))
    made = []
    for slot in range(5):
        made.append(booked(api, slot))
        clock.pass_by(seconds=1)

    assert found(api) == made[::-1]


def test_pages_and_totals_agree(api: Api) -> None:
    made = [booked(api, slot) for slot in range(7)]

    pages = [api.admin("GET", "/bookings", query={"page": page, "limit": 3}).json for page in (1, 2, 3, 4)]

    assert [len(page["items"]) for page in pages] == [3, 3, 1, 0]
    assert {(page["total"], page["limit"], page["totalPages"]) for page in pages} == {(7, 3, 3)}
    assert [page["page"] for page in pages] == [1, 2, 3, 4]
    assert sorted(item["_id"] for page in pages for item in page["items"]) == sorted(made)


@pytest.mark.parametrize(
    ("asked", "given"), [("1", 1), ("100", 100), ("101", 100), ("1000000", 100), ("9" * 30, 100), ("007", 7)]
)
def test_a_limit_over_a_hundred_is_capped(quiet: Api, asked: str, given: int) -> None:
    assert quiet.admin("GET", "/bookings", query={"limit": asked}).json["limit"] == given


@pytest.mark.parametrize("name", ["limit", "page"])
@pytest.mark.parametrize("value", ["0", "-1", "", " ", "x", "1.5", "1e3", "0x10", "NaN", "\u0665", "+5", "1 "])
def test_a_limit_or_page_that_is_no_whole_number_from_one_is_refused(quiet: Api, name: str, value: str) -> None:
    answer = quiet.admin("GET", "/bookings", query={name: value})

    assert (answer.status, answer.code) == (400, "validation_failed")
    assert set(answer.json["errors"]) == {name}


def test_a_page_far_behind_the_end_is_empty(quiet: Api) -> None:
    assert quiet.admin("GET", "/bookings", query={"page": "9" * 25, "limit": "100"}).json["items"] == []


CROWD = [
    "Ada Lovelace",
    "ada byron",
    "Grace Hopper",
    'Jos\u00e9 ("Pepe") Ruiz',
    "Jose Ruiz",
    "A.B. Yehoshua",
    "AxB Yehoshua",
    "[x]*+?^$|\\{1}",
    "Stra\u00dfe",
    "Li Xiaolong",
    "O'Neil",
    "x" * 30 + " Longname",
    "\u674e\u5c0f\u9f99",
]
BY_NAME = [
    ("Ada", {"Ada Lovelace", "ada byron"}),
    ("ADA", {"Ada Lovelace", "ada byron"}),
    ("love", {"Ada Lovelace"}),
    ("a l", {"Ada Lovelace"}),
    ("  hopper  ", {"Grace Hopper"}),
    (
        "e",
        {
            "Ada Lovelace",
            "Grace Hopper",
            'Jos\u00e9 ("Pepe") Ruiz',
            "Jose Ruiz",
            "A.B. Yehoshua",
            "AxB Yehoshua",
            "Stra\u00dfe",
            "O'Neil",
            "x" * 30 + " Longname",
        },
    ),
    ("A.B", {"A.B. Yehoshua"}),
    ('("pepe")', {'Jos\u00e9 ("Pepe") Ruiz'}),
    ("jose\u0301", {'Jos\u00e9 ("Pepe") Ruiz'}),
    ("[x]*+?^$|\\{1}", {"[x]*+?^$|\\{1}"}),
    ("\\", {"[x]*+?^$|\\{1}"}),
    ("*", {"[x]*+?^$|\\{1}"}),
    (".*", set()),
    ("^Ada", set()),
    ("e$", set()),
    ("Ada|Grace", set()),
    ("(", {'Jos\u00e9 ("Pepe") Ruiz'}),
    ("STRASSE", {"Stra\u00dfe"}),
    ("x" * 30, {"x" * 30 + " Longname"}),
    ("x" * 29 + " long", {"x" * 30 + " Longname"}),
    ("x" * 31, set()),
    ("x" * 30 + " longnamed", set()),
    ("\u5c0f", {"\u674e\u5c0f\u9f99"}),
    ("", set(CROWD)),
    ("nobody", set()),
    ("$where", set()),
]


@pytest.fixture(scope="module")
def crowd(roomy: Api) -> Api:
    """An application where everybody of CROWD has booked."""
    slot = roomy.slots()[0]
    assert [roomy.book(slot, fullName=name).status for name in CROWD] == [201] * len(CROWD)
    assert roomy.book(slot, fullName=CROWD[0], phone="+919876543210", country="IN").status == 201
    return roomy


@pytest.mark.parametrize(("part", "names"), BY_NAME)
def test_a_part_of_the_name_is_taken_literally_and_in_any_case(crowd: Api, part: str, names: set[str]) -> None:
    answer = crowd.admin("GET", "/bookings", query={"name": part, "limit": "100"})

    assert answer.status == 200, answer.body
    assert {item["fullName"] for item in answer.json["items"]} == names
    assert answer.json["total"] == len(answer.json["items"])


@pytest.mark.parametrize("name", ["\x00", "a\x00b", "\ufffd", "%", "\u0301", "\U0001f600", "x" * 80])
def test_no_name_upsets_a_search(crowd: Api, name: str) -> None:
    answer = crowd.admin("GET", "/bookings", query={"name": name})

    assert answer.status in (200, 400), answer.body
    if answer.status == 200:
        assert answer.json["items"] == []


def test_a_name_too_long_for_anybody_is_refused(quiet: Api) -> None:
    assert quiet.admin("GET", "/bookings", query={"name": "x" * 81}).status == 400


@pytest.mark.parametrize(
    "notation",
    [
        "+919876543210",
        "919876543210",
        "+91 98765",
        "(91) 98-765",
        "91.98765",
        "+91\u00a098765",
        "98765 43210",
        "+91/98765-43210",
        "9876",
        "543210",
        "tel: +91 98765",
    ],
)
def test_a_phone_number_is_found_by_its_digits_in_any_notation(crowd: Api, notation: str) -> None:
    answer = crowd.admin("GET", "/bookings", query={"phone": notation, "limit": "100"}).json

    assert {item["phone"] for item in answer["items"]} == {"+919876543210"}
    assert answer["total"] == 1


def test_a_few_digits_are_found_anywhere_in_a_number(api: Api) -> None:
    mine = booked(api, phone="+919876543210", country="IN")
    british = booked(api, phone="+447400123456", country="GB")

    assert set(found(api, phone="4")) == {mine, british}
    assert found(api, phone="74") == [british]
    assert found(api, phone="10") == [mine]


@pytest.mark.parametrize("phone", ["+", "abc", "()", "\uff11\uff12"])
def test_a_phone_number_without_digits_is_refused_because_it_would_find_everybody(quiet: Api, phone: str) -> None:
    answer = quiet.admin("GET", "/bookings", query={"phone": phone})

    assert (answer.status, set(answer.json["errors"])) == (400, {"phone"})


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


@pytest.mark.parametrize(
    "email", ["ada", "ada@", "@example.org", "a b@example.org", ".*@example.org", "ada@example", "\x00"]
)
def test_a_search_by_something_that_is_no_email_is_refused(quiet: Api, email: str) -> None:
    for path in ("/bookings", "/bookings/export"):
        answer = quiet.admin("GET", path, query={"email": email})

        assert (answer.status, answer.code) == (400, "validation_failed")
        assert answer.json["errors"] == {"email": ["Not a valid e-mail address."]}


@pytest.mark.parametrize("name", ["reference", "email"])
def test_what_is_given_twice_is_refused(quiet: Api, name: str) -> None:
    assert quiet.admin("GET", f"/bookings?{name}=&{name}=").status == 400


def test_the_export_finds_by_reference_and_email_too(api: Api) -> None:
    mine = api.book(api.slots()[0], email="ada@example.org").json["booking"]
    booked(api)

    by_reference = api.admin("GET", "/bookings/export", query={"reference": mine["reference"].lower()})
    by_email = api.admin("GET", "/bookings/export", query={"email": "Ada@example.org", "status": "confirmed"})

    assert by_reference.body == by_email.body
    assert by_email.body.decode().splitlines()[1].endswith(mine["reference"])
    assert len(by_email.body.decode().splitlines()) == 2


def test_somebody_forgotten_is_not_found_by_the_address_they_had(api: Api, db: Db) -> None:
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


def test_a_walk_by_cursor_meets_everybody_once_though_new_bookings_arrive(api: Api) -> None:
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


def test_a_walk_by_cursor_keeps_its_filter_and_ends_with_null(api: Api) -> None:
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


# What can be changed


def test_the_slots_of_a_date_are_listed_or_all_of_them(api: Api) -> None:
    assert api.admin("GET", "/slots", query={"date": "2026-03-05"}).json == [
        {**slot, "closed": False, "waiting": 0} for slot in api.slots("2026-03-05")
    ]
    everything = api.admin("GET", "/slots").json

    assert len(everything) == 136
    assert [slot["date"] for slot in everything] == sorted(slot["date"] for slot in everything)
    assert api.admin("GET", "/slots", query={"date": "2026-03-06"}).code == "date_not_bookable"


def test_more_places_can_be_offered(api: Api) -> None:
    slot = api.slots()[0]
    for _ in range(4):
        assert api.book(slot).status == 201
    assert api.book(slot).code == "slot_full"

    answer = patch(api, slot, capacity=5)

    assert answer.status == 200
    assert (answer.json["capacity"], answer.json["bookedCount"], answer.json["remaining"]) == (5, 4, 1)
    assert api.book(slot).status == 201
    assert api.book(slot).code == "slot_full"


def test_capacity_may_fall_to_what_is_booked_and_not_below(api: Api) -> None:
    slot = api.slots()[0]
    for _ in range(2):
        assert api.book(slot).status == 201

    below = patch(api, slot, capacity=1)
    exact = patch(api, slot, capacity=2)

    assert (below.status, below.code) == (409, "capacity_below_booked")
    assert exact.status == 200
    assert exact.json["isFull"] is True
    assert patch(api, slot, capacity=0).code == "capacity_below_booked"
    assert api.slots()[0]["capacity"] == 2


def test_a_refused_change_changes_nothing(api: Api) -> None:
    slot = api.slots()[0]
    assert api.book(slot).status == 201

    assert patch(api, slot, capacity=0, closed=True).code == "capacity_below_booked"

    assert api.book(slot).status == 201


def test_a_closed_slot_refuses_and_opens_again(api: Api) -> None:
    slot, other, *_ = api.slots()
    assert api.book(slot).status == 201

    closed = patch(api, slot, closed=True)
    refused = api.book(slot)

    assert (closed.status, closed.json["remaining"], closed.json["bookedCount"]) == (200, 0, 1)
    assert (refused.status, refused.code) == (409, "slot_closed")
    assert api.book(other).status == 201
    assert api.slots()[0]["isFull"] is True
    assert patch(api, slot, closed=False).json["remaining"] == 3
    assert api.book(slot).status == 201


def test_a_slot_no_one_has_looked_at_can_be_changed(api: Api) -> None:
    slot = api.admin("GET", "/slots").json[-1]

    assert patch(api, slot, capacity=1).json["capacity"] == 1
    assert api.slots("2026-03-31")[-1]["capacity"] == 1


CHANGES_REFUSED: list[tuple[Any, str]] = [
    ({}, "capacity"),
    ({"capacity": -1}, "capacity"),
    ({"capacity": "4"}, "capacity"),
    ({"capacity": 1.5}, "capacity"),
    ({"capacity": None}, "capacity"),
    ({"capacity": True}, "capacity"),
    ({"capacity": 10**30}, "capacity"),
    ({"capacity": {"$inc": 1}}, "capacity"),
    ({"closed": "yes"}, "closed"),
    ({"closed": 1}, "closed"),
    ({"closed": None}, "closed"),
    ({"capacity": 4, "bookedCount": 0}, "bookedCount"),
    ({"capacity": 4, "date": "2026-03-07"}, "date"),
]


@pytest.mark.parametrize(("change", "field"), CHANGES_REFUSED)
def test_a_change_that_is_not_well_formed_is_refused(quiet: Api, change: Any, field: str) -> None:
    slot = quiet.slots()[0]

    answer = quiet.admin("PATCH", f"/slots/{slot['_id']}", data=json.dumps(change), content_type="application/json")

    assert (answer.status, answer.code) == (400, "validation_failed"), answer.body
    assert set(answer.json["errors"]) == {field}
    assert quiet.slots()[0] == slot


def test_an_unknown_slot_cannot_be_changed(quiet: Api) -> None:
    answer = quiet.admin("PATCH", "/slots/no-such-slot", json={"capacity": 4})

    assert (answer.status, answer.code) == (404, "slot_not_found")


def test_the_back_office_cancels_once_however_often_it_asks(api: Api, db: Db) -> None:
    kept, mine = booked(api), booked(api)

    first = api.admin("POST", f"/bookings/{mine}/cancel")
    second = api.admin("POST", f"/bookings/{mine}/cancel")

    assert (first.status, first.json["status"], first.json["_id"]) == (200, "cancelled", mine)
    assert (second.status, second.json) == (200, first.json)
    assert api.slots()[0]["bookedCount"] == 1
    assert found(api, status="confirmed") == [kept]
    assert db["letters"].count_documents({"template": "guest_cancellation", "about": mine}) == 1


def test_a_confirmation_is_sent_again_to_the_guest(api: Api, db: Db) -> None:
    other, mine = booked(api), booked(api, email="ada@example.org")
    before = db["letters"].count_documents({})

    answer = api.admin("POST", f"/bookings/{mine}/resend")

    assert (answer.status, answer.json["_id"]) == (202, mine)
    assert db["letters"].count_documents({}) == before + 1
    assert [row["to"] for row in db["letters"].find({"template": "guest_booking", "about": mine})] == [
        "ada@example.org"
    ] * 2
    assert db["letters"].count_documents({"template": "guest_booking", "about": other}) == 1


@pytest.mark.parametrize("path", ["/bookings/nobody/cancel", "/bookings/nobody/resend", "/letters/nobody/retry"])
def test_what_is_not_there_is_404(quiet: Api, path: str) -> None:
    answer = quiet.admin("POST", path)

    assert answer.status == 404
    assert answer.code in ("booking_not_found", "letter_not_found")


def test_stats_sum_up_seats_bookings_and_letters(api: Api) -> None:
    booked(api, 0, "2026-03-05")
    booked(api, 1, "2026-03-05")
    booked(api, 0, "2026-03-07")
    api.admin("POST", f"/bookings/{booked(api, 3, '2026-03-07')}/cancel")

    stats = api.admin("GET", "/stats").json

    assert (stats["seats"], stats["booked"]) == (8 * 36 + 8 * 32, 3)
    days = {row["date"]: row for row in stats["byDay"]}
    assert len(days) == 16
    assert days["2026-03-05"] == {"date": "2026-03-05", "day": "A", "seats": 36, "booked": 2}
    assert days["2026-03-07"] == {"date": "2026-03-07", "day": "B", "seats": 32, "booked": 1}
    assert sum(row["booked"] for row in stats["byDay"]) == 3
    hours = {row["hour"]: row for row in stats["byHour"]}
    assert list(hours) == [f"{hour:02d}:00" for hour in range(9, 19)]
    assert hours["09:00"] == {"hour": "09:00", "seats": 32, "booked": 1}
    assert hours["10:00"] == {"hour": "10:00", "seats": 64, "booked": 1}
    assert hours["11:00"] == {"hour": "11:00", "seats": 64, "booked": 1}
    assert hours["18:00"] == {"hour": "18:00", "seats": 32, "booked": 0}
    assert stats["letters"] == {"queued": 9, "sending": 0, "retrying": 0, "sent": 0, "dead": 0}


def test_stats_count_as_remaining_what_guests_are_offered(api: Api) -> None:
    slots = api.slots("2026-03-05")
    booked(api, 0, "2026-03-05")
    booked(api, 1, "2026-03-05")
    assert api.admin("PATCH", f"/slots/{slots[0]['_id']}", json={"closed": True}).status == 200

    stats = api.admin("GET", "/stats").json

    assert stats["remaining"] == sum(date["remaining"] for date in api.get("/api/dates").json["dates"])
    assert stats["remaining"] == stats["seats"] - stats["booked"] - (slots[0]["capacity"] - 1)


def test_stats_count_letters_by_state(api: Api, db: Db) -> None:
    booked(api)
    booked(api)
    ids = [row["_id"] for row in db["letters"].find()]
    db["letters"].update_one({"_id": ids[0]}, {"$set": {"state": "dead"}})
    db["letters"].update_one({"_id": ids[1]}, {"$set": {"state": "sent", "sentAt": datetime(2026, 3, 1, tzinfo=UTC)}})

    letters = api.admin("GET", "/stats").json["letters"]

    assert letters == {"queued": 2, "sending": 0, "retrying": 0, "sent": 1, "dead": 1}


def test_letters_are_listed_by_state_newest_first(api: Api, db: Db) -> None:
    first, second = booked(api), booked(api)
    dead = db["letters"].find_one({"about": first, "template": "guest_booking"})
    assert dead
    db["letters"].update_one({"_id": dead["_id"]}, {"$set": {"state": "dead", "lastError": "mail server: 550"}})

    everything = api.admin("GET", "/letters").json["items"]
    given_up = api.admin("GET", "/letters", query={"state": "dead"}).json["items"]

    assert [letter["bookingId"] for letter in everything] == [second, second, first, first]
    assert [letter["_id"] for letter in given_up] == [dead["_id"]]
    assert given_up[0]["lastError"] == "mail server: 550"
    assert given_up[0]["state"] == "dead"
    assert api.admin("GET", "/letters", query={"state": "sent"}).json["items"] == []
    assert api.admin("GET", "/letters", query={"state": "lost"}).status == 400


def test_a_letter_that_was_given_up_is_tried_again_and_no_other(api: Api, db: Db) -> None:
    mine = booked(api)
    dead, queued = (row["_id"] for row in db["letters"].find({"about": mine}))
    db["letters"].update_one({"_id": dead}, {"$set": {"state": "dead", "attempts": 7, "lastError": "mail server: 550"}})

    retried = api.admin("POST", f"/letters/{dead}/retry")
    again = api.admin("POST", f"/letters/{dead}/retry")

    assert (retried.status, retried.json["state"], retried.json["attempts"]) == (200, "queued", 0)
    assert (again.status, again.json) == (200, retried.json)  # the answer may have been lost
    assert api.admin("POST", f"/letters/{queued}/retry").code == "letter_not_failed"
    assert db["letters"].count_documents({"state": "queued"}) == 2


def test_the_back_office_sees_what_guests_book_with_one_key_once(api: Api) -> None:
    slot = api.slots()[0]
    form = person()
    for _ in range(3):
        assert api.book(slot, key="one", **form).status == 201

    assert len(found(api)) == 1


def test_a_member_named_with_half_a_character_is_refused(api: Api) -> None:
    slot = api.slots()[0]

    answer = api.send(
        "PATCH",
        f"/api/admin/slots/{slot['_id']}",
        data=b'{"\\ud800": 1}',
        headers={"X-Admin-Key": ADMIN_KEY, "Content-Type": "application/json"},
    )

    assert (answer.status, answer.code) == (400, "validation_failed")


def test_sending_again_reports_how_the_booking_stands(api: Api, db: Db) -> None:
    booking = api.book(api.slots()[0]).json["booking"]
    assert api.admin("POST", f"/bookings/{booking['id']}/cancel").status == 200

    assert api.admin("POST", f"/bookings/{booking['id']}/resend").status == 202

    templates = [row["template"] for row in db.letters.find({"about": booking["id"]}).sort("_id", 1)]
    assert templates.count("guest_cancellation") == 2
    assert templates.count("guest_booking") == 1


def test_a_cancellation_is_recorded_behind_the_confirmation_that_is_not_out_yet(api: Api, db: Db) -> None:
    booking = api.book(api.slots()[0]).json["booking"]

    assert api.admin("POST", f"/bookings/{booking['id']}/cancel").status == 200

    cancellation = db.letters.find_one({"about": booking["id"], "template": "guest_cancellation"})
    confirmation = db.letters.find_one({"about": booking["id"], "template": "guest_booking"})
    assert cancellation and confirmation
    assert cancellation["after"] == confirmation["_id"]
    assert cancellation["dueAt"] > cancellation["createdAt"]


def test_a_letter_names_the_slot_it_reports_of_and_nothing_else_that_is_in_it(api: Api) -> None:
    booking = booked(api, date="2026-03-07")

    (guests, _) = api.admin("GET", "/letters", query={"about": booking}).json["items"]

    assert (guests["date"], guests["slotLabel"]) == ("2026-03-07", "09:00-10:00")
    assert not {"facts", "fullName", "phone", "manageUrl"} & guests.keys()


# The audit


def test_whatever_the_back_office_does_is_written_down_with_the_label_of_its_key(
    make_app: Callable[..., Flask],
) -> None:
    app = make_app(ADMIN_KEY="frontdesk:the-key-of-the-front-desk,boss:the-key-of-the-boss")
    api = Api(over_app(app))
    front, boss = "the-key-of-the-front-desk", "the-key-of-the-boss"
    slot = api.slots()[0]
    booking = str(api.book(slot, fullName="Zerubbabel Quisling").json["booking"]["id"])

    api.admin("POST", f"/bookings/{booking}/resend", key=front)
    api.admin("POST", f"/bookings/{booking}/cancel", key=boss)
    api.admin("POST", f"/bookings/{booking}/cancel", key=boss)  # changes nothing, and is no entry
    api.admin("PATCH", f"/slots/{slot['_id']}", key=front, json={"capacity": 6})
    api.admin("PATCH", f"/slots/{slot['_id']}", key=boss, json={"closed": True})
    api.admin("PATCH", f"/slots/{slot['_id']}", key=boss, json={"closed": False, "capacity": 5})

    assert audited_by(api, front, booking) == [
        ("frontdesk", "booking.letter_resent", {}, {"template": "guest_booking"}),
        ("boss", "booking.cancelled", {"status": "confirmed"}, {"status": "cancelled"}),
    ]
    assert audited_by(api, front, slot["_id"]) == [
        ("frontdesk", "slot.changed", {"capacity": 4}, {"capacity": 6}),
        ("boss", "slot.changed", {"closed": False}, {"closed": True}),
        ("boss", "slot.changed", {"closed": True, "capacity": 6}, {"closed": False, "capacity": 5}),
    ]
    everything = api.admin("GET", "/audit", key=boss).body.decode().lower()
    assert not any(word in everything for word in ("quisling", "zerubbabel", "@", "the-key"))


def audited_by(api: Api, key: str, about: str) -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    items = api.admin("GET", "/audit", key=key, query={"about": about}).json["items"]
    return [(item["who"], item["what"], item["before"], item["after"]) for item in reversed(items)]


def test_a_letter_that_is_tried_again_is_written_down(api: Api, db: Db) -> None:
    booking = booked(api)
    letter = f"{booking}-guest"
    db.letters.update_one({"_id": letter}, {"$set": {"state": "dead"}, "$unset": {"dueAt": ""}})

    assert api.admin("POST", f"/letters/{letter}/retry").status == 200

    ((who, what, before, after),) = audited_by(api, ADMIN_KEY, letter)
    assert (who.startswith("key-"), what, before, after) == (
        True, "letter.retried", {"state": "dead"}, {"state": "queued"},
    )  # fmt: skip
    assert api.admin("POST", f"/letters/{letter}/retry").status == 200
    assert len(audited_by(api, ADMIN_KEY, letter)) == 1


def test_an_entry_names_its_slot_or_its_booking_also_when_its_guest_is_forgotten(api: Api, db: Db) -> None:
    slot = api.slots()[0]
    booking = api.book(slot).json["booking"]
    letter = f"{booking['id']}-guest"
    db["letters"].update_one({"_id": letter}, {"$set": {"state": "dead"}, "$unset": {"dueAt": ""}})
    assert api.admin("POST", f"/letters/{letter}/retry").status == 200
    assert api.admin("POST", f"/bookings/{booking['id']}/cancel").status == 200
    assert patch(api, slot, capacity=6).status == 200
    BookingStore(db).erase([booking["id"]])
    db["audit"].insert_one(
        {"_id": "0" * 32, "at": datetime(2026, 1, 1, tzinfo=UTC), "who": "operator", "what": "people.erased",
         "about": "people", "before": {}, "after": {}}
    )  # fmt: skip

    items = api.admin("GET", "/audit").json["items"]

    named = {"_id": booking["id"], "reference": booking["reference"]}
    assert [(item["about"], item["slot"], item["booking"]) for item in items] == [
        (slot["_id"], {"date": "2026-03-05", "label": "10:00-11:00"}, None),
        (booking["id"], None, named),
        (letter, None, named),
        ("people", None, None),
    ]


def test_what_is_refused_is_not_in_the_audit(api: Api) -> None:
    slot = api.slots()[0]
    booked(api)

    assert patch(api, slot, capacity=0).code == "capacity_below_booked"
    assert api.admin("POST", "/bookings/nobody/cancel").status == 404
    assert api.admin("POST", "/bookings/nobody/resend").status == 404
    assert api.admin("POST", "/letters/nothing/retry").status == 404

    assert api.admin("GET", "/audit").json == {"items": [], "next": None}


def test_the_audit_is_walked_in_parts(api: Api) -> None:
    slot = api.slots()[0]
    for capacity in (5, 6, 7):
        patch(api, slot, capacity=capacity)

    first = api.admin("GET", "/audit", query={"limit": "2"}).json
    second = api.admin("GET", "/audit", query={"limit": "2", "after": first["next"]}).json

    assert [item["after"]["capacity"] for item in first["items"] + second["items"]] == [7, 6, 5]
    assert second["next"] is None
    assert api.admin("GET", "/audit", query={"after": "nonsense"}).status == 400


def test_a_change_whose_audit_cannot_be_written_is_not_made(api: Api, db: Db) -> None:
    slot = api.slots()[0]
    db.command({"collMod": "audit", "validator": {"never": True}})

    assert patch(api, slot, capacity=9).status >= 500
    assert api.slots()[0]["capacity"] == 4


def test_the_letters_about_a_booking_are_listed_newest_first(api: Api) -> None:
    noise, booking = booked(api), booked(api)
    api.admin("POST", f"/bookings/{booking}/cancel")

    found = api.admin("GET", "/letters", query={"about": booking}).json["items"]

    assert {letter["bookingId"] for letter in found} == {booking} != {noise}
    assert found[0]["template"] == "guest_cancellation"
    assert sorted(letter["template"] for letter in found) == ["admin_booking", "guest_booking", "guest_cancellation"]
    assert api.admin("GET", "/letters", query={"about": booking, "state": "sent"}).json["items"] == []
    assert api.admin("GET", "/letters", query={"about": "nobody"}).json["items"] == []


def test_the_page_of_the_back_office_has_nothing_secret_in_it(api: Api) -> None:
    booked(api, fullName="Zerubbabel Quisling")

    page = api.get("/admin")

    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    text = page.body.decode()
    assert "2026-03-05" in text
    assert not any(secret in text for secret in (ADMIN_KEY, "Quisling"))
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert api.get("/static/admin/main.js").status == api.get("/static/admin.css").status == 200
