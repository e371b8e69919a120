"""Forms, dates and keys are refused before any place is touched."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api_client import Api

SLOT = {"date": "2026-03-05", "_id": "abf2f38bf6fe9453c824ca98"}
REFUSED: list[tuple[str, Any]] = [
    ("fullName", "A"),
    ("fullName", "x" * 81),
    ("fullName", "Ada\x00"),
    ("fullName", 10**18),
    ("fullName", None),
    ("email", "ada"),
    ("email", "ada@example.org\nBcc: x@example.org"),
    ("email", None),
    ("phone", "415 555 0123"),
    ("phone", "+1415555012"),
    ("phone", None),
    ("country", "us"),
    ("country", "GB"),
    ("country", None),
    ("city", "x" * 81),
    ("message", "x" * 1201),
    ("message", ["text"]),
    ("date", None),
    ("slotId", "short"),
    ("slotId", {"$gt": ""}),
    ("slotId", None),
]


@pytest.mark.parametrize(("member", "value"), REFUSED)
def test_a_form_with_one_bad_member_is_refused_for_that_member(api: Api, member: str, value: Any) -> None:
    answer = api.book(SLOT, **{member: value})

    assert (answer.status, answer.code) == (400, "validation_failed")
    assert set(answer.json["errors"]) == {member}


@pytest.mark.parametrize("date", ["", "2026-03-02", "2026-03-1", "2026-02-30", "2026-03-05junk"])
def test_a_date_off_the_schedule_is_refused(api: Api, date: str) -> None:
    answer = api.get("/api/slots", query={"date": date})

    assert (answer.status, answer.code) == (400, "date_not_bookable")


def test_an_unknown_slot_and_a_slot_of_another_date_are_refused(api: Api) -> None:
    assert api.book({"date": "2026-03-05", "_id": "no-such-slot"}).code == "slot_not_found"
    assert api.book({**SLOT, "date": "2026-03-07"}).code == "slot_date_mismatch"


@pytest.mark.parametrize("key", ["", "wrong", "\u00e9", "x" * 1000])
def test_the_back_office_opens_for_no_other_key(api: Api, key: str) -> None:
    assert api.admin("GET", "/validate", key=key).status == 401
    assert api.admin("GET", "/validate").status == 200
