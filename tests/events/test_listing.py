"""List of events: search, orders, pages and walks by cursor."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.mongo.client import Db
from events.model import EventStatus, Tier
from tests.api_client import Answer, Api
from tests.event_calls import new_tier, store_event

NOW = datetime.now(UTC).replace(microsecond=0)


def listed(api: Api, **query: Any) -> Answer:
    answer = api.get("/api/events", query=query)
    assert answer.status == 200, answer.body
    return answer


def titles(api: Api, **query: Any) -> list[str]:
    return [event["title"] for event in listed(api, **query).json["data"]]


def walk(api: Api, **query: Any) -> Iterator[str]:
    """Yield the titles of all pages, each by the cursor of the one before."""
    page = listed(api, **query).json
    yield from (event["title"] for event in page["data"])
    while page["next"]:
        page = listed(api, **query, after=page["next"]).json
        yield from (event["title"] for event in page["data"])


def in_days(days: int) -> datetime:
    return NOW + timedelta(days=days)


def tier_members(tier: Tier, price: str) -> dict[str, Any]:
    """Return the members of a tier of which nothing is taken."""
    return {
        "id": tier.id,
        "code": tier.code,
        "name": tier.name,
        "price": price,
        "capacity": tier.capacity,
        "remaining": tier.capacity,
        "numbered": False,
    }


def test_event_in_the_list_has_every_member_of_the_contract(api: Api, db: Db) -> None:
    stored = store_event(
        db, new_tier("VIP", 10000, 3), new_tier("GA", 1050, 7), title="Summer Concert", pool=8, max_per_order=4
    )

    answer = listed(api)

    (event,) = answer.json["data"]
    assert event == {
        "id": stored.id,
        "title": "Summer Concert",
        "description": "",
        "image": "",
        "imageAlt": "",
        "date": stored.date.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "venue": "Town Hall",
        "price": "100.00",
        "currency": "USD",
        "status": "published",
        "maxPerOrder": 4,
        "salesEnd": event["date"],
        "waitlist": 0,
        "totalTickets": 8,
        "remainingTickets": 8,
        "tiers": [tier_members(stored.tiers[0], "100.00"), tier_members(stored.tiers[1], "10.50")],
        "createdAt": event["createdAt"],
        "updatedAt": event["createdAt"],
    }
    assert answer.json["meta"] == {"total": 1, "page": 1, "limit": 10, "totalPages": 1}
    assert answer.json["next"] is None


def test_events_to_come_are_first_and_past_ones_last_by_default(api: Api, db: Db) -> None:
    for days in (-9, 30, -2, 10, 20):
        store_event(db, title=f"{days}", date=in_days(days))

    assert titles(api) == ["10", "20", "30", "-2", "-9"]
    assert titles(api, sortBy="date") == ["-9", "-2", "10", "20", "30"]
    assert titles(api, sortOrder="desc") == ["30", "20", "10", "-2", "-9"]
    assert [*titles(api, limit=2), *titles(api, limit=2, page=2), *titles(api, limit=2, page=3)] == titles(api)
    assert titles(api, limit=2, page=4) == []
    for limit in (1, 2, 3, 4, 5):
        assert list(walk(api, limit=limit)) == ["10", "20", "30", "-2", "-9"]


def test_draft_and_cancelled_events_are_not_listed(api: Api, db: Db) -> None:
    store_event(db, status=EventStatus.DRAFT)
    store_event(db, status=EventStatus.CANCELLED)
    store_event(db, title="On sale")

    assert titles(api) == ["On sale"]
    assert listed(api).json["meta"]["total"] == 1


def test_titles_are_sorted_without_case_and_ties_by_id(api: Api, db: Db) -> None:
    for title in ("beta", "Alpha", "Ärzte", "alpha", "Gamma", "alpha"):
        store_event(db, title=title, venue=f"Hall of {title}")
    ids = [event["id"] for event in listed(api, sortBy="title").json["data"] if event["title"].lower() == "alpha"]

    assert [title.lower() for title in titles(api, sortBy="title")] == [
        "alpha",
        "alpha",
        "alpha",
        "ärzte",
        "beta",
        "gamma",
    ]
    assert ids == sorted(ids)
    assert titles(api, sortBy="title", sortOrder="desc") == titles(api, sortBy="title")[::-1]


def test_prices_of_all_currencies_are_sorted_by_their_number(api: Api, db: Db) -> None:
    for price, currency in ((2000, "USD"), (1500, "JPY"), (10000, "KWD"), (999, "EUR"), (0, "USD")):
        store_event(db, new_tier(price=price), title=f"{price} {currency}", currency=currency)

    assert titles(api, sortBy="price") == ["0 USD", "999 EUR", "10000 KWD", "2000 USD", "1500 JPY"]
    assert titles(api, sortBy="price", sortOrder="desc") == titles(api, sortBy="price")[::-1]


@pytest.mark.parametrize("order", ["", "date", "price", "title"])
@pytest.mark.parametrize("direction", ["", "asc", "desc"])
def test_walk_shows_every_event_once_while_others_come(api: Api, db: Db, order: str, direction: str) -> None:
    for number in range(12):
        store_event(
            db, new_tier(price=number % 3), title=f"Twin {number % 4}", venue=f"V{number}", date=in_days(number % 5 - 2)
        )
    before = {event["id"] for event in listed(api, limit=50).json["data"]}
    query = {"limit": 2, "sortBy": order, "sortOrder": direction}
    seen: list[str] = []
    page = listed(api, **query).json
    while True:
        seen += [event["id"] for event in page["data"]]
        if not page["next"]:
            break
        store_event(db, new_tier(price=1), title="Twin 2", date=in_days(1))
        page = listed(api, **query, after=page["next"]).json

    assert len(seen) == len(set(seen))
    assert before <= set(seen)


def test_walk_by_default_order_keeps_the_time_when_it_began(api: Api, db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that begins during the walk is shown among those to come, and not once more among the past ones."""
    for days in (1, 2, 3):
        store_event(db, title=f"{days}", date=in_days(days))
    first = listed(api, limit=1).json
    db["events"].update_one({"title": "2"}, {"$set": {"date": in_days(-1)}})
    rest = listed(api, limit=5, after=first["next"]).json

    assert [event["title"] for event in rest["data"]] == ["3", "2"]
    assert first["data"][0]["title"] == "1"


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("concert", ["Summer CONCERT (open air)"]),
        ("(OPEN air)", ["Summer CONCERT (open air)"]),
        ("er con", ["Summer CONCERT (open air)"]),
        ("zurich", ["C++ in 100% of cases.*"]),
        ("ZÜRICH", ["C++ in 100% of cases.*"]),
        ("c++", ["C++ in 100% of cases.*"]),
        (".*", ["C++ in 100% of cases.*"]),
        ("100%", ["C++ in 100% of cases.*"]),
        ("strasse", ["Fest an der Straße"]),
        ("l\u2019été", ["L'Été"]),
        ("l ete", []),
        ("cases.* zurich", []),
        ("^Summer", []),
        ("\\", []),
        ("  concert  ", ["Summer CONCERT (open air)"]),
    ],
)
def test_search_is_literal_and_folded(api: Api, db: Db, search: str, found: list[str]) -> None:
    store_event(db, title="Summer CONCERT (open air)")
    store_event(db, title="C++ in 100% of cases.*", venue="Zürich")
    store_event(db, title="Fest an der Straße")
    store_event(db, title="L'Été")

    answer = listed(api, search=search)

    assert [event["title"] for event in answer.json["data"]] == found
    assert answer.json["meta"]["total"] == len(found)


def test_limit_is_capped_at_fifty(api: Api, db: Db) -> None:
    for _ in range(51):
        store_event(db)

    answer = listed(api, limit=1000)

    assert len(answer.json["data"]) == 50
    assert answer.json["meta"] == {"total": 51, "page": 1, "limit": 50, "totalPages": 2}


REFUSED = [
    ("page", "0"),
    ("page", "-1"),
    ("page", "x"),
    ("page", ""),
    ("page", "1.5"),
    ("limit", "0"),
    ("limit", "ten"),
    ("sortBy", "id"),
    ("sortBy", "DATE"),
    ("sortBy[$gt]", ""),
    ("sortOrder", "up"),
    ("search", "x" * 201),
    ("search", "a\x00b"),
    ("after", "x"),
    ("after", "date.MQ." + "0" * 32),
    ("after", "upcoming.MQ." + "0" * 32),
    ("after", "upcoming.OTk5OTk5OTk5OTk5OTk5OTktMQ." + "0" * 32),
    ("after", "upcoming.MS0x." + "x" * 32),
    ("unknown", "1"),
]


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_parameter_that_is_not_valid_is_refused(quiet: Api, name: str, value: str) -> None:
    answer = quiet.get("/api/events", query={name: value})

    assert (answer.status, answer.code) == (400, "validation_failed")
    assert list(answer.json["errors"]) == [name]


@pytest.mark.parametrize("query", ["page=1&page=2", "search=a&search=b", "sortBy=date&sortBy=date"])
def test_repeated_parameter_is_refused(quiet: Api, query: str) -> None:
    answer = quiet.get(f"/api/events?{query}")

    assert (answer.status, answer.code) == (400, "validation_failed")


def test_cursor_of_another_order_or_direction_is_refused(api: Api, db: Db) -> None:
    store_event(db)
    store_event(db)
    cursor = listed(api, sortBy="price", limit=1).json["next"]

    assert api.get("/api/events", query={"sortBy": "price", "after": cursor}).status == 200
    for query in ({}, {"sortBy": "title"}, {"sortBy": "price", "sortOrder": "desc"}):
        assert api.get("/api/events", query={**query, "after": cursor}).status == 400


def test_unchanged_list_is_answered_with_304(api: Api, db: Db) -> None:
    event = store_event(db)
    first = listed(api)

    again = api.get("/api/events", headers={"If-None-Match": first.headers["ETag"]})
    db["event_stock"].update_one({"_id": event.tiers[0].id}, {"$inc": {"taken": 1}})
    changed = api.get("/api/events", headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status, again.body) == (304, b"")
    assert changed.status == 200
    assert changed.json["data"][0]["remainingTickets"] == 9
