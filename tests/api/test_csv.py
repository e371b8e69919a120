"""The export: a file that every spreadsheet opens and that none of them runs."""

from __future__ import annotations

import csv
import io

import pytest
from flask import Flask

from core.mongo.client import Db
from tests.api_client import Answer, Api
from tests.factories import ADMIN_KEY, person

HEADER = [
    "Full Name",
    "Email",
    "Phone",
    "Country",
    "Date",
    "Slot",
    "Message",
    "Created At",
    "City",
    "Status",
    "Reference",
    "Seats",
]


def export(api: Api, **query: str) -> Answer:
    answer = api.admin("GET", "/bookings/export", query=query)
    assert answer.status == 200, answer.body
    return answer


def rows(answer: Answer) -> list[dict[str, str]]:
    """Return the rows by column, read as RFC 4180 has it."""
    text = io.StringIO(answer.body.decode("utf-8-sig"), newline="")
    return list(csv.DictReader(text, strict=True))


def test_csv_export_has_a_byte_order_mark_and_the_exact_heading(quiet: Api) -> None:
    answer = export(quiet)

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="bookings.csv"'
    assert answer.body == b"\xef\xbb\xbf" + ",".join(HEADER).encode() + b"\r\n"


def test_a_row_holds_the_booking(api: Api) -> None:
    guest = {**person(), "fullName": "Jos\u00e9 Ruiz", "message": "Hello", "city": "\u6771\u4eac"}
    booking = api.book(api.slots("2026-03-05")[0], **guest).json["booking"]

    (row,) = rows(export(api))

    assert list(row.values()) == [
        "Jos\u00e9 Ruiz",
        booking["email"],
        booking["phone"],
        "US",
        "2026-03-05",
        "10:00-11:00",
        "Hello",
        booking["createdAt"],
        "\u6771\u4eac",
        "confirmed",
        booking["reference"],
        "1",
    ]


def test_cells_are_quoted_as_rfc_4180_has_it(api: Api) -> None:
    api.book(api.slots()[0], fullName='Ada "the Countess", Lovelace', message='one,\n"two"\r\nthree', city="a;b")

    body = export(api).body

    assert b'"Ada ""the Countess"", Lovelace",' in body
    assert b'"one,\n""two""\nthree"' in body
    assert b',"a;b",' in body
    assert body.count(b"\r\n") == 2
    assert rows(export(api))[0]["Message"] == 'one,\n"two"\nthree'


FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    '=HYPERLINK("A1","y")',
    "=cmd|' /C calc'!A0",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20x",
]


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize(("member", "column"), [("fullName", "Full Name"), ("message", "Message"), ("city", "City")])
def test_no_cell_is_a_formula(roomy: Api, formula: str, member: str, column: str) -> None:
    booking = roomy.book(roomy.slots()[0], **{member: f"{formula} x"}).json["booking"]

    (row,) = [row for row in rows(export(roomy)) if row["Reference"] == booking["reference"]]

    assert row[column] == f"'{formula} x"


def test_an_e_mail_address_is_no_formula_either(roomy: Api) -> None:
    booking = roomy.book(roomy.slots()[0], email="=1+1@example.org").json["booking"]

    (row,) = [row for row in rows(export(roomy)) if row["Reference"] == booking["reference"]]

    assert row["Email"] == "'=1+1@example.org"


@pytest.mark.parametrize("text", ["1+1=2", "a=b", "me@example.org", "3-4 people", "'quoted"])
def test_a_text_with_such_a_character_within_is_left_alone(roomy: Api, text: str) -> None:
    booking = roomy.book(roomy.slots()[0], message=text).json["booking"]

    (row,) = [row for row in rows(export(roomy)) if row["Reference"] == booking["reference"]]

    assert row["Message"] == text


def test_phone_numbers_stay_as_they_are(roomy: Api) -> None:
    booking = roomy.book(roomy.slots()[0], phone="+919876543210", country="IN").json["booking"]

    (row,) = [row for row in rows(export(roomy)) if row["Reference"] == booking["reference"]]

    assert row["Phone"] == "+919876543210"


def test_an_export_takes_the_filters_of_the_listing(api: Api) -> None:
    slot, other, *_ = api.slots("2026-03-05")
    mine = api.book(slot, fullName="Ada Lovelace", phone="+919876543210", country="IN").json["booking"]
    gone = api.book(other, fullName="Ada Byron").json["booking"]
    api.book(api.slots("2026-03-07")[0], fullName="Grace Hopper")
    api.admin("POST", f"/bookings/{gone['id']}/cancel")

    def found(**query: str) -> list[str]:
        return [row["Reference"] for row in rows(export(api, **query))]

    assert found(name="ada") == [gone["reference"], mine["reference"]]
    assert found(phone="91 98765") == [mine["reference"]]
    assert found(country="in") == [mine["reference"]]
    assert found(status="cancelled") == [gone["reference"]]
    assert found(date="2026-03-05", status="confirmed") == [mine["reference"]]
    assert len(found()) == 3


@pytest.mark.parametrize("query", ["page=1", "limit=5", "after=" + "0" * 32, "date=x", "surprise=1", "name=a&name=b"])
def test_what_an_export_does_not_know_is_refused(quiet: Api, query: str) -> None:
    assert quiet.admin("GET", f"/bookings/export?{query}").status == 400


def test_an_export_is_streamed_in_pieces(app: Flask, api: Api, db: Db) -> None:
    slot = api.slots()[0]
    api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": 10_000})
    booking = api.book(slot).json["booking"]
    stored = db["bookings"].find_one({"_id": booking["id"]})
    assert stored
    copies = [{**stored, "_id": f"{n:032x}", "reference": f"R{n}", "email": f"g{n}@example.org"} for n in range(1500)]
    db["bookings"].insert_many(copies)

    got = app.test_client().get("/api/admin/bookings/export", headers={"X-Admin-Key": ADMIN_KEY})

    assert got.is_streamed
    assert "Content-Length" not in got.headers
    pieces = list(got.iter_encoded())
    assert len(pieces) > 2
    assert max(len(piece) for piece in pieces) < sum(len(piece) for piece in pieces) / 2
    assert b"".join(pieces).count(b"\r\n") == 1502
