"""The back office's listing and its CSV, over rows that are put there."""

from __future__ import annotations

import csv
import io

import pytest

from booking.model import Status
from tests.api_client import Api
from tests.fast.conftest import Put


def found(api: Api, **query: str) -> list[str]:
    answer = api.admin("GET", "/bookings", query={"limit": "100", **query})
    assert answer.status == 200, answer.body
    return [item["_id"] for item in answer.json["items"]]


@pytest.mark.parametrize(
    "query",
    [
        {"name": "ada"},
        {"name": "LOVE"},
        {"phone": "+91 98765"},
        {"date": "2026-03-07"},
        {"country": "in"},
        {"status": "cancelled"},
        {"name": "a.l", "phone": "98765"},
    ],
)
def test_each_filter_finds_its_booking_alone(api: Api, put: Put, query: dict[str, str]) -> None:
    put()
    mine = put(
        full_name="Ada.Lovelace", phone="+919876543210", country="IN", date="2026-03-07", status=Status.CANCELLED
    )
    put(full_name="Grace Hopper")

    assert found(api, **query) == [mine]
    assert len(found(api)) == 3


@pytest.mark.parametrize("name", [".*", "^S", "Somebody|Grace", "(", "\\", "Some.ody"])
def test_a_name_is_taken_literally(api: Api, put: Put, name: str) -> None:
    put()
    put(full_name="Grace Hopper")

    assert found(api, name=name) == []


def test_the_newest_comes_first_page_by_page(api: Api, put: Put) -> None:
    made = [put() for _ in range(5)]

    pages = [api.admin("GET", "/bookings", query={"page": page, "limit": 2}).json for page in (1, 2, 3)]

    assert [item["_id"] for page in pages for item in page["items"]] == made[::-1]


def test_cursor_lists_each_booking_once(api: Api, put: Put) -> None:
    made = [put() for _ in range(5)]

    seen: list[str] = []
    query: dict[str, str] = {"limit": "2"}
    while True:
        answer = api.admin("GET", "/bookings", query=query).json
        seen += [item["_id"] for item in answer["items"]]
        put()
        if answer["next"] is None:
            break
        query = {"limit": "2", "after": answer["next"]}

    assert seen == made[::-1]


@pytest.mark.parametrize(
    "query", ["limit=0", "page=x", "date=tomorrow", "country=IND", "status=all", "who=me", "page=1&page=1"]
)
def test_a_search_that_is_not_well_formed_is_refused(api: Api, query: str) -> None:
    assert api.admin("GET", f"/bookings?{query}").status == 400


def test_an_export_holds_the_rows_that_are_found_and_no_formula(api: Api, put: Put) -> None:
    put()
    put(full_name="=HYPERLINK(1)", country="IN", phone="+919876543210", message='a,\n"b"')

    answer = api.admin("GET", "/bookings/export", query={"country": "IN"})

    assert answer.body.startswith(b"\xef\xbb\xbfFull Name,Email,Phone,")
    (row,) = csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"), newline=""), strict=True)
    assert (row["Full Name"], row["Phone"], row["Message"]) == ("'=HYPERLINK(1)", "+919876543210", 'a,\n"b"')
