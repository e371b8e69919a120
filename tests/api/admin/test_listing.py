"""The list of bookings: members, pages, names and phones."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.api.admin.requests import booked, found
from tests.api.conftest import Clock
from tests.api_client import Api, over_app

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
    "seats",
}


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
    ("jose\u0301", {'Jos\u00e9 ("Pepe") Ruiz', "Jose Ruiz"}),
    ("oneil", {"O'Neil"}),
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


@pytest.mark.parametrize("phone", ["+", "abc", "()"])
def test_phone_filter_without_digits_finds_nothing(api: Api, phone: str) -> None:
    booked(api)

    assert found(api, phone=phone) == []
