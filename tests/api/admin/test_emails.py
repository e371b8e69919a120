"""List of e-mails in the back office: order, cursors, filters, and reads from an index."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import pytest

import wiring
from core.mongo.client import Db
from core.pagination import Cursor
from notifications.outbox.model import EmailFilter, EmailStatus
from tests.api.admin.requests import booked
from tests.api_client import Api
from tests.deferred import write_deferred

GUEST_EMAIL = f"{'0' * 32}-guest"


def outbox_of(db: Db, count: int) -> list[str]:
    """Fill the outbox with e-mails in no order, some of one time; return their ids, newest first."""
    row = write_deferred(db)["letters"].find_one({"template": "guest_booking"}) or {}
    db["letters"].delete_many({})
    moments = [
        datetime(2026, 3, 1, tzinfo=UTC) + timedelta(milliseconds=(number * 37) % count // 3) for number in range(count)
    ]
    rows = [
        {**row, "_id": f"{number * 7919:032x}-guest", "createdAt": at, "state": ["dead", "sent", "queued"][number % 3]}
        for number, at in enumerate(moments)
    ]
    db["letters"].insert_many(rows)
    return [row["_id"] for row in sorted(rows, key=lambda row: (row["createdAt"], row["_id"]), reverse=True)]


def listed(api: Api, **query: Any) -> list[list[str]]:
    """Return the ids of all e-mails, page by page."""
    answer = api.admin("GET", "/letters", query=query).json
    parts = [[email["_id"] for email in answer["items"]]]
    while answer["next"]:
        assert len(parts) < 200
        answer = api.admin("GET", "/letters", query={**query, "after": answer["next"]}).json
        parts.append([email["_id"] for email in answer["items"]])
    return parts


def test_emails_are_listed_by_creation_time_not_by_subject(api: Api) -> None:
    first, second = booked(api), booked(api)
    assert api.admin("POST", f"/bookings/{first}/cancel").status == 200

    found = api.admin("GET", "/letters").json["items"]

    assert [(letter["bookingId"], letter["template"]) for letter in found] == [
        (first, "guest_cancellation"),
        *((second, "guest_booking"), (second, "admin_booking")),
        *((first, "guest_booking"), (first, "admin_booking")),
    ]


def test_email_cursor_lists_each_email_once_in_order(api: Api, db: Db) -> None:
    booked(api)
    ids = outbox_of(db, 250)
    dead = {row["_id"] for row in db["letters"].find({"state": "dead"})}

    everything, given_up = listed(api), listed(api, state="dead", limit=7)

    assert [len(part) for part in everything] == [100, 100, 50]
    assert list(chain(*everything)) == ids
    assert {len(part) for part in given_up[:-1]} == {7}
    assert list(chain(*given_up)) == [each for each in ids if each in dead]


def test_email_cursor_is_null_on_the_last_page(api: Api, db: Db) -> None:
    booked(api)
    outbox_of(db, 6)

    assert [len(part) for part in listed(api, limit=3)] == [3, 3]
    assert [len(part) for part in listed(api, state="sent")] == [2]
    assert api.admin("GET", "/letters", query={"state": "retrying"}).json == {"items": [], "next": None}


def test_emails_enqueued_during_a_listing_do_not_change_it(api: Api, db: Db) -> None:
    booked(api)
    ids = outbox_of(db, 6)
    first = api.admin("GET", "/letters", query={"limit": 2}).json

    booked(api)
    db["letters"].delete_one({"_id": ids[1]})
    rest = api.admin("GET", "/letters", query={"after": first["next"]}).json

    assert [letter["_id"] for letter in rest["items"]] == ids[2:]


def test_emails_of_a_booking_are_listed_by_cursor(api: Api) -> None:
    booked(api)
    booking = booked(api)
    assert api.admin("POST", f"/bookings/{booking}/cancel").status == 200
    whole = api.admin("GET", "/letters", query={"about": booking}).json

    parts = listed(api, about=booking, limit=1)

    assert [len(part) for part in parts] == [1, 1, 1]
    assert list(chain(*parts)) == [letter["_id"] for letter in whole["items"]]
    assert whole["next"] is None


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        "0123456789abcdef0123456789abcdef",
        "0123456789abcdef0123456789abcdef-guest",
        ".0123456789abcdef0123456789abcdef-guest",
        "1772701200000.0123456789abcdef0123456789abcdef-guest",
        "created..0123456789abcdef0123456789abcdef",
        *map(
            str,
            (
                Cursor(GUEST_EMAIL, "-1", "created"),
                Cursor(GUEST_EMAIL, "01", "created"),
                Cursor(GUEST_EMAIL, "1e9", "created"),
                Cursor(GUEST_EMAIL, "999999999999999", "created"),
                Cursor(GUEST_EMAIL, "1\n", "created"),
                Cursor(GUEST_EMAIL, "\u0661", "created"),
                Cursor(GUEST_EMAIL, "1", "name"),
                Cursor("", "1", "created"),
                Cursor("nobody-guest", "1", "created"),
                Cursor(f"{GUEST_EMAIL}\n", "1", "created"),
            ),
        ),
    ],
)
def test_invalid_email_cursor_is_refused(api: Api, cursor: str) -> None:
    answer = api.admin("GET", "/letters", query={"after": cursor})

    assert (answer.status, set(answer.json["errors"])) == (400, {"after"})


@pytest.mark.parametrize("moment", ["0", "99999999999999"])
def test_email_cursor_of_any_time_lists_older_emails(api: Api, moment: str) -> None:
    booked(api)

    answer = api.admin("GET", "/letters", query={"after": str(Cursor(GUEST_EMAIL, moment, "created"))})

    assert (answer.status, len(answer.json["items"])) == (200, 0 if moment == "0" else 2)


@pytest.mark.parametrize("state", [None, *EmailStatus])
@pytest.mark.parametrize("goes_on", [False, True])
def test_email_page_is_read_from_an_index_without_a_sort(
    api: Api, services: wiring.Services, db: Db, state: EmailStatus | None, goes_on: bool
) -> None:
    booked(api)
    outbox_of(db, 600)
    for old, new in (("sent", "sending"), ("queued", "retrying")):
        db["letters"].update_many({"_id": {"$regex": "[0-7]-guest$"}, "state": old}, {"$set": {"state": new}})
    outbox = services.outbox
    after = outbox.find(EmailFilter(state=state), 50).next if goes_on else None
    assert bool(after) is goes_on
    db.command({"profile": 2})
    try:
        found = outbox.find(EmailFilter(state=state), 5, after)
    finally:
        db.command({"profile": 0})

    walks = list(db["system.profile"].find({"command.find": "letters"}))
    assert len(found.items) == 5
    assert walks
    for row in walks:
        assert row.get("hasSortStage", False) is False, row["planSummary"]
        assert set(re.findall(r"[A-Z]+SCAN", row["planSummary"])) == {"IXSCAN"}, row["planSummary"]
        assert row["keysExamined"] <= 25, row
        assert row["docsExamined"] <= 12, row


def test_email_listing_of_one_moment_reads_no_more_than_it_shows(api: Api, services: wiring.Services, db: Db) -> None:
    booked(api)
    outbox_of(db, 300)
    db["letters"].update_many({}, {"$set": {"createdAt": datetime(2026, 3, 1, tzinfo=UTC)}})
    after = services.outbox.find(EmailFilter(), 50).next
    db.command({"profile": 2})
    try:
        services.outbox.find(EmailFilter(), 5, after)
    finally:
        db.command({"profile": 0})

    walks = list(db["system.profile"].find({"command.find": "letters"}))
    assert walks
    assert {row.get("hasSortStage", False) for row in walks} == {False}
    assert sum(row["keysExamined"] for row in walks) <= 30


def test_email_count_of_a_state_reads_the_same_index(api: Api, db: Db) -> None:
    booked(api)
    outbox_of(db, 60)
    db.command({"profile": 2})
    try:
        assert api.admin("GET", "/stats").json["letters"]["dead"] == 20
    finally:
        db.command({"profile": 0})

    counts = list(db["system.profile"].find({"command.aggregate": "letters"}))
    assert counts
    assert {row["docsExamined"] for row in counts} == {0}
    assert {"state" in row["planSummary"] for row in counts} == {True}
