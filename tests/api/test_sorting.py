"""The back office's listing in other orders: each walks to its end, by pages and by cursor, and none reads it all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from operator import itemgetter
from typing import Any

import pytest

import wiring
from booking import listing, mapping
from booking.model import BookingFilter, PageRequest, SortField, Status
from booking.query import BookingQuery
from core.folding import fold
from core.mongo.client import Db
from core.pagination import Cursor
from tests.api_client import Api
from tests.factories import START
from tests.factories import booking as made

NAMES = ("Ada", "ada", "\u00c9mile", "\u05e2\u05d3\u05d4", "=Bob", "Zo\u00eb <b>", "")
DATES = ("2026-03-01", "2026-03-03", "2026-03-31")
COUNTRIES = ("DE", "IN", "")
HOURS = ("09:00-10:00", "17:00-18:00")
KEYS: dict[str, Callable[[dict[str, Any]], str]] = {
    "created": itemgetter("_id"),
    "name": lambda item: fold(item["fullName"]),
    "date": itemgetter("date"),
    "hour": itemgetter("slotLabel"),
    "country": itemgetter("country"),
}
FILTERS: list[dict[str, str]] = [
    {}, {"name": "ad"}, {"phone": "555"}, {"date": "2026-03-03"}, {"country": "in"},
    {"email": "Guest3@example.org"}, {"email": "guest3@example.org", "status": "cancelled"},
    {"email": "guest3@example.org", "status": "confirmed", "date": "2026-03-01"}, {"reference": "k7mp0007"},
    {"email": "guest3@example.org", "name": "ad"}, {"reference": "K7MP-0007", "email": "guest7@example.org"},
    {"status": "confirmed"}, {"status": "cancelled"}, {"name": "ad", "status": "confirmed", "date": "2026-03-01"},
]  # fmt: skip


@pytest.fixture
def crowd(db: Db) -> Db:
    """Bookings whose names, dates, hours and countries are many times the same."""
    kinds = product(NAMES, DATES, COUNTRIES, HOURS)
    db["bookings"].insert_many(
        mapping.to_document(
            made(
                number,
                full_name=name, date=date, country=country, slot_label=hour,
                status=Status.CANCELLED if number % 5 == 0 else Status.CONFIRMED,
                email=f"guest{number % 9}@example.org", slot_id=f"slot-{number:07d}",
            )
        )
        for number, (name, date, country, hour) in enumerate(kinds)
    )  # fmt: skip
    # The slots know how many are confirmed.
    places = {"capacity": 1000, "bookedCount": db["bookings"].count_documents({"status": "confirmed"})}
    hours = {"date": "2031-01-01", "day": "A", "start": "09:00", "end": "10:00", "label": "09:00-10:00"}
    db["slots"].insert_one({"schedule": "another", "closed": False, **hours, **places})
    return db


def walked(api: Api, **query: Any) -> list[dict[str, Any]]:
    """Return all that a walk by cursor meets."""
    items: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        answer = api.admin("GET", "/bookings", query={"limit": "13", **query, **after})
        assert answer.status == 200, answer.body
        items += answer.json["items"]
        if answer.json["next"] is None:
            return items
        after = {"after": answer.json["next"]}


def paged(api: Api, **query: Any) -> list[dict[str, Any]]:
    """Return all that the pages show."""
    first = api.admin("GET", "/bookings", query={"limit": "50", **query}).json
    pages = [
        api.admin("GET", "/bookings", query={"limit": "50", "page": str(page), **query}).json["items"]
        for page in range(2, first["totalPages"] + 1)
    ]
    return [item for page in [first["items"], *pages] for item in page]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort", list(KEYS))
def test_each_order_is_listed_by_cursor_with_each_filter(api: Api, crowd: Db, sort: str, order: str) -> None:
    everybody = walked(api)
    assert len(everybody) == crowd["bookings"].count_documents({})

    for wanted in FILTERS:
        found = {item["_id"] for item in paged(api, **wanted)}
        # Equal ones stand newest first, and in the exact reverse when it is turned round.
        right = sorted((item for item in everybody if item["_id"] in found), key=itemgetter("_id"), reverse=True)
        right = sorted(right, key=KEYS[sort])
        right = right[::-1] if order == "desc" else right

        assert walked(api, sort=sort, order=order, **wanted) == right, wanted
        assert paged(api, sort=sort, order=order, **wanted) == right, wanted
        assert 0 < len(right) <= len(everybody)


@pytest.mark.parametrize(("sort", "order"), [("created", "desc"), ("name", "asc"), ("date", "asc"), ("country", "asc")])
def test_an_order_has_a_direction_of_its_own(api: Api, crowd: Db, sort: str, order: str) -> None:
    assert walked(api, sort=sort) == walked(api, sort=sort, order=order)


def test_cursor_continues_after_its_last_booking_was_moved(api: Api, crowd: Db) -> None:
    before = [item["_id"] for item in paged(api, sort="date")]
    first = api.admin("GET", "/bookings", query={"sort": "date", "limit": "7"}).json
    last = first["items"][-1]["_id"]
    crowd["bookings"].update_one({"_id": last}, {"$set": {"date": "2026-03-31"}})
    crowd["bookings"].insert_one(mapping.to_document(made(999, date="2026-03-01")))

    rest = walked(api, sort="date", after=first["next"])

    seen = [item["_id"] for item in first["items"] + rest]
    assert [id_ for id_ in seen if id_ != last] == [id_ for id_ in before if id_ != last]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"sort": "email"}, "sort"),
        ({"sort": ""}, "sort"),
        ({"sort": "-date"}, "sort"),
        ({"sort": "$where"}, "sort"),
        ({"order": "up"}, "order"),
        ({"order": "DESC"}, "order"),
        ({"after": f"date.MjAyNi0wMy0wMQ.{'0' * 32}"}, "after"),
        ({"after": f"created..{'0' * 32}"}, "after"),
        ({"sort": "date", "after": "0" * 32}, "after"),
        ({"sort": "date", "after": f"name.MjAyNi0wMy0wMQ.{'0' * 32}"}, "after"),
        ({"sort": "name", "after": f"date.MjAyNi0wMy0wMQ.{'0' * 32}"}, "after"),
        ({"sort": "date", "after": f"MjAyNi0wMy0wMQ.{'0' * 32}"}, "after"),
        ({"sort": "date", "after": f".{'0' * 32}"}, "after"),
        ({"sort": "date", "after": f"date.MjAyNi0wMy0wMQ==.{'0' * 32}"}, "after"),
        ({"sort": "date", "after": f"date._w.{'0' * 32}"}, "after"),
        ({"sort": "date", "after": f"date.?.{'0' * 32}"}, "after"),
        ({"sort": "date", "after": f"when.MjAyNi0wMy0wMQ.{'0' * 32}"}, "after"),
        ({"sort": "date", "after": "date.MjAyNi0wMy0wMQ.x"}, "after"),
        ({"sort": "date", "after": "date.MjAyNi0wMy0wMQ"}, "after"),
    ],
)
def test_an_order_or_cursor_that_is_none_is_refused(quiet: Api, query: dict[str, str], field: str) -> None:
    answer = quiet.admin("GET", "/bookings", query=query)

    assert (answer.status, answer.code, set(answer.json["errors"])) == (400, "validation_failed", {field})


def test_what_would_have_to_be_sorted_is_sorted_only_while_it_is_little(
    api: Api, crowd: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    little = {"date": "2026-03-03", "country": "in"}
    monkeypatch.setattr(listing, "MAX_SORTED", len(walked(api, **little)))

    everything = api.admin("GET", "/bookings").json
    refused = {sort: api.admin("GET", "/bookings", query={"sort": sort}) for sort in ("name", "hour")}

    assert everything["sorts"] == ["created", "date", "country"]
    assert {(answer.status, answer.code) for answer in refused.values()} == {(400, "too_many_to_sort")}
    assert api.admin("GET", "/bookings", query={"sort": "date", "country": "in"}).code == "too_many_to_sort"
    assert api.admin("GET", "/bookings", query={"sort": "date", "status": "cancelled"}).code == "too_many_to_sort"
    assert api.admin("GET", "/bookings", query={"sort": "country", "phone": "555"}).code == "too_many_to_sort"
    assert api.admin("GET", "/bookings", query=little).json["sorts"] == list(KEYS)
    assert walked(api, sort="hour", **little) == sorted(walked(api, **little), key=KEYS["hour"])


@pytest.mark.parametrize("after", [None, Cursor])
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize(
    ("by", "wanted"),
    [
        (SortField.CREATED, BookingFilter()),
        (SortField.CREATED, BookingFilter(date="2026-03-03")),
        (SortField.CREATED, BookingFilter(country="IN")),
        (SortField.CREATED, BookingFilter(status=Status.CANCELLED)),
        (SortField.DATE, BookingFilter()),
        (SortField.DATE, BookingFilter(date="2026-03-03")),
        (SortField.DATE, BookingFilter(status=Status.CONFIRMED)),
        (SortField.COUNTRY, BookingFilter()),
        (SortField.COUNTRY, BookingFilter(country="IN")),
        (SortField.COUNTRY, BookingFilter(status=Status.CONFIRMED)),
    ],
)
def test_indexed_order_reads_one_page_and_sorts_nothing(
    services: wiring.Services,
    db: Db,
    by: SortField,
    wanted: BookingFilter,
    descending: bool,
    after: type[Cursor] | None,
) -> None:
    db["bookings"].insert_many(
        mapping.to_document(
            made(
                number, date=DATES[number % 3], country=COUNTRIES[number % 2],
                status=Status.CONFIRMED if wanted.status is Status.CONFIRMED or number % 2 else Status.CANCELLED,
            )
        )
        for number in range(600)
    )  # fmt: skip
    store = BookingQuery(db)
    assert mapping.is_indexed(by, wanted)
    cursor = None
    if after:
        cursor = store.find(wanted, PageRequest(100, by=by, descending=descending)).next
    db.command({"profile": 2})
    try:
        store.find(wanted, PageRequest(5, by=by, descending=descending, after=cursor))
    finally:
        db.command({"profile": 0})

    walks = [row for row in db["system.profile"].find({"command.find": "bookings"}) if "sort" in row["command"]]
    assert walks
    for row in walks:
        assert row.get("hasSortStage", False) is False, row["planSummary"]
        assert row["planSummary"].startswith("IXSCAN"), row["planSummary"]
        assert row["keysExamined"] <= 20, row


@pytest.mark.parametrize("by", list(SortField))
@pytest.mark.parametrize(
    "wanted",
    [
        BookingFilter(reference="K7MP-0300"),
        BookingFilter(reference="K7MP-0300", name="some", phone="415"),
        BookingFilter(email="guest7@example.org"),
        BookingFilter(email="guest7@example.org", name="some", phone="415", country="US"),
        BookingFilter(email="guest7@example.org", status=Status.CONFIRMED),
        BookingFilter(email="guest7@example.org", status=Status.CANCELLED),
    ],
)
def test_a_reference_or_a_guest_is_found_without_reading_others(db: Db, by: SortField, wanted: BookingFilter) -> None:
    db["bookings"].insert_many(
        mapping.to_document(
            made(
                number, email=f"guest{number % 100}@example.org", slot_id=f"slot-{number:07d}",
                status=Status.CANCELLED if number // 100 % 2 else Status.CONFIRMED,
            )
        )
        for number in range(600)
    )  # fmt: skip
    store = BookingQuery(db)
    right = 1 if wanted.reference else 3 if wanted.status else 6
    db.command({"profile": 2})
    try:
        page = store.find(wanted, PageRequest(25, by=by, descending=by is SortField.CREATED))
        assert len(page.items) == len(list(store.stream(wanted, by, descending=False))) == store.count(wanted) == right
    finally:
        db.command({"profile": 0})

    assert page.next is None
    asked = {"$or": [{"command.find": "bookings"}, {"command.aggregate": "bookings"}]}
    rows = [row for row in db["system.profile"].find(asked) if "IDHACK" not in row.get("planSummary", "")]
    assert len(rows) >= 3
    for row in rows:
        assert row["docsExamined"] <= 60, row
        assert row["keysExamined"] <= 60, row


def test_control_an_order_without_an_index_sorts_and_is_noticed(db: Db, crowd: Db) -> None:
    db.command({"profile": 2})
    try:
        BookingQuery(db).find(BookingFilter(), PageRequest(5, by=SortField.NAME))
    finally:
        db.command({"profile": 0})

    assert db["system.profile"].find_one({"command.find": "bookings", "hasSortStage": True})


def test_bookings_are_counted_by_when_they_were_made(services: wiring.Services, crowd: Db) -> None:
    first, second = (START + timedelta(minutes=minutes) for minutes in (0, 5))

    assert services.booking.store.count_created_between(first, second) == 5
    assert services.booking.store.count_created_between(second, second) == 0
    assert services.booking.store.count_created_between(first, datetime(2026, 4, 1, tzinfo=UTC)) == len(NAMES) * 18
