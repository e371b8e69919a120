"""Events in the back office: creation, changes, deletion, and every refusal of a field."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.clock import iso
from core.mongo.client import Db
from tests.api_client import Answer, Api
from tests.event_calls import create_event, event_form, tier_form
from tests.factories import ADMIN_KEY

FUTURE = iso(datetime.now(UTC) + timedelta(days=60))
UNKNOWN = "0" * 32


def change(api: Api, event: dict[str, Any], **changes: Any) -> Answer:
    return api.admin("PATCH", f"/events/{event['id']}", json=changes)


def post(api: Api, form: dict[str, Any]) -> Answer:
    """Create an event by JSON that the client's own encoder does not write, such as lone surrogates."""
    headers = {"X-Admin-Key": ADMIN_KEY, "Content-Type": "application/json"}
    return api.send("POST", "/api/admin/events", data=json.dumps(form), headers=headers)


def taken(db: Db, tier_id: str, count: int) -> None:
    db["event_stock"].update_one({"_id": tier_id}, {"$inc": {"taken": count}})


def test_created_event_is_public_with_its_tiers(api: Api) -> None:
    answer = api.admin(
        "POST", "/events", json=event_form(tiers=[tier_form("VIP", "100.00", 5), tier_form("GA", "0.00", 50)], pool=40)
    )

    assert answer.status == 201
    assert answer.headers["Location"] == f"/api/admin/events/{answer.json['id']}"
    assert answer.headers["ETag"] == '"1"'
    assert (answer.json["pool"], answer.json["version"]) == (40, 1)
    public = api.get(f"/api/events/{answer.json['id']}").json
    assert (public["totalTickets"], public["price"]) == (40, "100.00")
    assert [tier["code"] for tier in public["tiers"]] == ["VIP", "GA"]
    assert public["salesEnd"] == public["date"]


def test_draft_is_hidden_until_it_is_published(api: Api) -> None:
    event = create_event(api, status="draft")
    assert event["remainingTickets"] == 0
    assert api.get(f"/api/events/{event['id']}").status == 404

    published = change(api, event, status="published")

    assert (published.status, published.json["remainingTickets"]) == (200, 10)
    assert api.get(f"/api/events/{event['id']}").json["remainingTickets"] == 10


@pytest.mark.parametrize(("currency", "price"), [("JPY", "1500"), ("KWD", "1.250"), ("EUR", "999999.99")])
def test_price_has_the_decimals_of_its_currency(api: Api, currency: str, price: str) -> None:
    event = create_event(api, currency=currency, tiers=[tier_form(price=price)])

    assert event["price"] == price


def test_seats_of_a_numbered_tier_are_stored(api: Api, db: Db) -> None:
    event = create_event(api, tiers=[tier_form(capacity=3, seats=["A1", "A2", "B1"])])

    rows = list(db["seats"].find({"eventId": event["id"]}).sort("position"))
    assert [(row["row"], row["number"]) for row in rows] == [("A", 1), ("A", 2), ("B", 1)]
    assert event["tiers"][0]["numbered"]
    assert change(api, event, tiers=[{"id": event["tiers"][0]["id"], "capacity": 4}]).status == 400
    assert api.admin("DELETE", f"/events/{event['id']}").status == 204
    assert db["seats"].count_documents({}) == 0


ODD: list[Any] = [None, 5, True, [], {}, {"$gt": ""}, "", "\x00", "\ud800"]
ODD_TIERS: list[Any] = [None, {}, [], "x", [5], [{}], [tier_form()] * 2, [tier_form(str(n)) for n in range(21)]]
REFUSED_IMAGES: list[Any] = [
    *[5, True, [], {"$gt": ""}, "\x00", "\ud800", "a.jpg", "javascript:alert(1)", "data:image/png;base64,AA"],
    *[
        "http://a.example/b.jpg",
        "//a.example/b.jpg",
        "/\\a.example/b.jpg",
        "https://",
        "https:///b.jpg",
        "https://u@a.example/",
    ],
    *['https://a.example/"onerror="x', "https://a.example/<b>", "https://a.example/b c", "https://a.example:0/"],
    *["https://a.example:x/", "https://[a/", "https://b\u00fc.example/a", "https://a.example/" + "x" * 2000],
]
REFUSED: list[tuple[str, Any]] = [
    *[("title", value) for value in [*ODD, " ", "x" * 201]],
    *[("venue", value) for value in [*ODD, "x" * 201]],
    *[("description", value) for value in [5, True, [], {"$gt": ""}, "x" * 5001, "\x00"]],
    *[("image", value) for value in REFUSED_IMAGES],
    *[("imageAlt", value) for value in [5, True, [], {"$gt": ""}, "x" * 201, "\x00", "\ud800"]],
    *[("date", value) for value in [*ODD, "soon", "2020-01-01T00:00:00Z", "9999-12-31T23:59:59Z", 10**30]],
    *[("date", value) for value in ["2033-05-01T18:00:00", "2033-05-01", "2033-05-01T18"]],
    *[("currency", value) for value in [*ODD, "usd", "XXX", "DOLLAR"]],
    *[("status", value) for value in [5, {"$gt": ""}, "cancelled", "gone", ""]],
    *[("maxPerOrder", value) for value in [0, -1, 21, 1.5, "2", True, 10**30]],
    *[("salesEnd", value) for value in [5, "x", {"$gt": ""}, "2033-05-01T18:00:00", "2020-01-01T00:00:00Z"]],
    *[("pool", value) for value in [-1, "5", 1.5, True, 10**30, {"$gt": 0}]],
    *[("tiers", value) for value in ODD_TIERS],
    ("unknown", 1),
]
REFUSED_TIERS: list[tuple[str, Any]] = [
    *[("code", value) for value in [*ODD, "x" * 41]],
    *[("name", value) for value in [*ODD, "x" * 201]],
    *[("price", value) for value in [*ODD, "1", "1.0", "1.000", "-1.00", "1000000.00", "01.00", "1e3", "NaN", 1.5]],
    *[("capacity", value) for value in [None, -1, 1_000_001, 1.5, "5", True, 10**30, {"$gt": 0}]],
    *[("seats", value) for value in [[], "A1", [5], ["A1"], ["A1"] * 10, [""], ["x" * 21], {"$gt": ""}]],
    ("id", UNKNOWN),
    ("closed", "no"),
    ("unknown", 1),
]


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_member_that_is_not_valid_is_refused(quiet: Api, name: str, value: Any) -> None:
    answer = post(quiet, {**event_form(), name: value})

    assert (answer.status, answer.code) == (400, "validation_failed"), answer.body
    assert list(answer.json["errors"]) == [name]
    assert len(answer.json["message"]) < 100


@pytest.mark.parametrize(("name", "value"), REFUSED_TIERS)
def test_member_of_a_tier_that_is_not_valid_is_refused(quiet: Api, name: str, value: Any) -> None:
    answer = post(quiet, event_form(tiers=[{**tier_form(), name: value}]))

    assert (answer.status, answer.code) == (400, "validation_failed"), answer.body
    assert list(answer.json["errors"]) == ["tiers"]
    assert "{" not in answer.json["message"]


@pytest.mark.parametrize("missing", ["title", "date", "venue", "currency", "tiers"])
def test_missing_member_is_refused(quiet: Api, missing: str) -> None:
    answer = quiet.admin("POST", "/events", json=event_form(**{missing: None}))

    assert (answer.status, list(answer.json["errors"])) == (400, [missing])


def test_date_with_an_offset_is_stored_in_utc(api: Api) -> None:
    assert create_event(api, date="2033-05-01T18:00:00+02:00")["date"].startswith("2033-05-01T16:00:00")


def test_sales_that_end_after_the_event_are_refused(api: Api) -> None:
    late = "2099-01-01T00:00:00Z"
    refused = api.admin("POST", "/events", json=event_form(salesEnd=late))
    changed = change(api, create_event(api), salesEnd=late)

    assert (refused.status, list(refused.json["errors"])) == (400, ["salesEnd"])
    assert (changed.status, list(changed.json["errors"])) == (400, ["salesEnd"])


def test_change_gives_the_new_values_and_the_next_version(api: Api) -> None:
    event = create_event(api)
    (tier,) = event["tiers"]

    answer = change(
        api,
        event,
        title="New title",
        date=FUTURE,
        maxPerOrder=2,
        tiers=[
            {"id": tier["id"], "name": "Entry", "price": "30.00", "capacity": 20},
            tier_form("VIP", "90.00", 5),
        ],
    )

    assert answer.status == 200, answer.body
    assert answer.headers["ETag"] == '"2"'
    assert (answer.json["title"], answer.json["date"], answer.json["salesEnd"]) == ("New title", FUTURE, FUTURE)
    assert [(each["name"], each["price"], each["capacity"]) for each in answer.json["tiers"]] == [
        ("Entry", "30.00", 20),
        ("Vip", "90.00", 5),
    ]
    assert api.get("/api/events", query={"search": "NEW TITLE"}).json["meta"]["total"] == 1


@pytest.mark.parametrize(
    "body", [{}, {"title": ""}, {"tiers": [{"id": "x"}]}, {"tiers": [{"price": "1.00"}]}, {"date": "2020-01-01"}]
)
def test_change_that_is_not_valid_is_refused(api: Api, body: dict[str, Any]) -> None:
    event = create_event(api)

    answer = api.admin("PATCH", f"/events/{event['id']}", json=body)

    assert (answer.status, answer.code) == (400, "validation_failed")
    assert api.admin("GET", f"/events/{event['id']}").json == event


def test_code_and_seats_of_a_tier_cannot_be_changed(api: Api) -> None:
    event = create_event(api)

    for member in ({"code": "X"}, {"seats": ["A1"]}):
        assert change(api, event, tiers=[{"id": event["tiers"][0]["id"], **member}]).status == 400


def test_unknown_event_and_tier_are_not_found(api: Api) -> None:
    event = create_event(api)

    answer = change(api, event, tiers=[{"id": UNKNOWN, "name": "X"}])
    assert (answer.status, answer.code) == (404, "tier_not_found")
    for method, tail, body in (
        ("GET", "", None),
        ("PATCH", "", {"title": "X"}),
        ("DELETE", "", None),
        ("POST", "/cancel", None),
    ):
        answer = api.admin(method, f"/events/{UNKNOWN}{tail}", json=body)
        assert (answer.status, answer.code) == (404, "event_not_found")


def test_capacity_below_what_is_taken_is_refused_as_a_whole(api: Api, db: Db) -> None:
    event = create_event(api, tiers=[tier_form("VIP"), tier_form("GA")], pool=15)
    vip, ga = event["tiers"]
    taken(db, ga["id"], 6)
    db["event_stock"].update_one({"eventId": event["id"], "kind": "pool"}, {"$inc": {"taken": 6}})

    too_low = change(api, event, title="X", tiers=[{"id": vip["id"], "capacity": 3}, {"id": ga["id"], "capacity": 5}])
    pool_too_low = change(api, event, pool=5)
    fits = change(api, event, tiers=[{"id": ga["id"], "capacity": 6}], pool=6)

    for answer in (too_low, pool_too_low):
        assert (answer.status, answer.code) == (409, "capacity_below_booked")
    assert fits.status == 200
    assert fits.json["title"] == event["title"]
    assert [tier["capacity"] for tier in fits.json["tiers"]] == [10, 6]


def test_stale_version_is_refused(api: Api) -> None:
    event = create_event(api)
    path = f"/api/admin/events/{event['id']}"
    headers = {"X-Admin-Key": ADMIN_KEY}

    first = api.send("PATCH", path, json={"title": "First"}, headers={**headers, "If-Match": '"1"'})
    stale = api.send("PATCH", path, json={"title": "Second"}, headers={**headers, "If-Match": '"1"'})
    odd = api.send("PATCH", path, json={"title": "Second"}, headers={**headers, "If-Match": "x"})
    any_ = api.send("PATCH", path, json={"title": "Third"}, headers={**headers, "If-Match": "*"})

    assert first.status == 200
    assert [(answer.status, answer.code) for answer in (stale, odd)] == [(412, "changed_meanwhile")] * 2
    assert (any_.status, any_.json["title"]) == (200, "Third")


def test_closed_tier_stays_closed_when_its_event_is_published(api: Api) -> None:
    event = create_event(api, tiers=[tier_form("VIP"), tier_form("GA")], status="draft")

    change(api, event, tiers=[{"id": event["tiers"][0]["id"], "closed": True}])
    published = change(api, event, status="published").json
    opened = change(api, event, tiers=[{"id": event["tiers"][0]["id"], "closed": False}]).json

    assert [tier["remaining"] for tier in published["tiers"]] == [0, 10]
    assert [tier["remaining"] for tier in opened["tiers"]] == [10, 10]


def test_pool_comes_and_goes_only_in_a_draft_without_taken_tickets(api: Api, db: Db) -> None:
    event = create_event(api, status="draft")

    assert change(api, event, pool=5).json["totalTickets"] == 5
    assert change(api, event, pool=None).json["totalTickets"] == 10
    change(api, event, status="published")
    refused = change(api, event, pool=5)
    assert (refused.status, refused.code) == (409, "event_on_sale")
    taken(db, event["tiers"][0]["id"], 1)
    refused = change(api, event, pool=5)
    assert (refused.status, refused.code) == (409, "event_has_sales")


def test_pool_of_a_published_event_changes_but_stays(api: Api) -> None:
    event = create_event(api, pool=5)

    assert change(api, event, pool=6).json["pool"] == 6
    assert change(api, event, pool=None).code == "event_on_sale"


def test_added_pool_counts_the_people_who_wait(api: Api, db: Db) -> None:
    event = create_event(api, status="draft")
    db["event_stock"].update_one({"_id": event["tiers"][0]["id"]}, {"$set": {"waiting": 3}})

    assert change(api, event, pool=5).status == 200

    assert [row["waiting"] for row in db["event_stock"].find({"kind": "pool"})] == [3]


def test_currency_changes_without_sales_if_the_prices_allow(api: Api, db: Db) -> None:
    event = create_event(api, tiers=[tier_form(price="25.00"), tier_form("VIP", "30.50")])

    assert change(api, event, currency="JPY").status == 400
    assert change(api, event, currency="KWD").json["price"] == "25.000"
    taken(db, event["tiers"][0]["id"], 1)
    assert change(api, event, currency="EUR").code == "event_has_sales"
    assert change(api, event, status="draft").code == "event_has_sales"


def test_event_without_sales_is_deleted_and_with_sales_is_not(api: Api, db: Db) -> None:
    sold = create_event(api)
    unsold = create_event(api)
    taken(db, sold["tiers"][0]["id"], 1)

    refused = api.admin("DELETE", f"/events/{sold['id']}")
    deleted = api.admin("DELETE", f"/events/{unsold['id']}")

    assert (refused.status, refused.code) == (409, "event_has_sales")
    assert (deleted.status, deleted.body) == (204, b"")
    assert db["event_stock"].distinct("eventId") == [sold["id"]]
    assert api.get(f"/api/events/{unsold['id']}").status == 404


def test_list_of_the_back_office_has_all_events_newest_first(api: Api) -> None:
    for title, status in (("One", "published"), ("Two", "draft"), ("Three", "published")):
        create_event(api, title=title, status=status)

    def listed(**query: Any) -> list[str]:
        return [event["title"] for event in api.admin("GET", "/events", query=query).json["items"]]

    assert listed() == ["Three", "Two", "One"]
    assert listed(status="draft") == ["Two"]
    assert listed(search="t") == ["Three", "Two", "One"]
    assert listed(search="ONE") == ["One"]
    assert listed(page=2, limit=2) == ["One"]
    assert api.admin("GET", "/events", query={"limit": 2}).json["totalPages"] == 2
    assert api.admin("GET", "/events", query={"status": "gone"}).status == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("POST", ""),
        ("GET", f"/{UNKNOWN}"),
        ("PATCH", f"/{UNKNOWN}"),
        ("DELETE", f"/{UNKNOWN}"),
        ("POST", f"/{UNKNOWN}/cancel"),
    ],
)
def test_editor_without_a_key_is_refused(quiet: Api, method: str, path: str) -> None:
    answer = quiet.send(method, f"/api/admin/events{path}", json={})

    assert (answer.status, answer.code) == (401, "unauthorized")


def test_changes_are_in_the_audit_trail(api: Api, db: Db) -> None:
    event = create_event(api)
    change(api, event, title="Other", tiers=[{"id": event["tiers"][0]["id"], "capacity": 12}])
    api.admin("POST", f"/events/{event['id']}/cancel")
    other = create_event(api)
    api.admin("DELETE", f"/events/{other['id']}")

    rows = list(db["audit"].find({"about": event["id"]}).sort("_id"))
    assert [row["what"] for row in rows] == ["event.created", "event.changed", "event.cancelled"]
    assert rows[1]["before"]["title"] == event["title"]
    assert rows[1]["after"]["tier GA"]["capacity"] == 12
    assert rows[2]["after"] == {"status": "cancelled"}
    assert db["audit"].count_documents({"about": other["id"], "what": "event.deleted"}) == 1
