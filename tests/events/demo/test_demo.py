"""The demo: what it loads, that a repetition adds nothing, and where it is refused."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import Result
from flask import Flask

import wiring
from core.mongo.client import Db
from events.demo.catalogue import PASSWORD
from events.demo.database import DemoDatabase
from tests.api_client import Api
from tests.event_calls import store_event

EXPECTED: dict[str, list[tuple[str, str, int]]] = {
    "Tech Conference": [("GA", "299.99", 500)],
    "Limited Concert": [("GA", "150.00", 2)],
    "Startup Meetup": [("GA", "25.00", 100)],
    "Art Exhibition Opening": [("GA", "45.00", 50)],
    "Marathon": [("GA", "75.00", 1000)],
    "Summer Concert": [("VIP", "100.00", 100), ("FRONT_ROW", "50.00", 200), ("GA", "10.00", 500)],
}


def demo(app: Flask, *options: str) -> Result:
    return app.test_cli_runner().invoke(args=["demo", *options])


def listed(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get("/api/events", query={"limit": 50, "sortBy": "date"}).json["data"]
    return found


def test_demo_has_the_events_and_people_of_the_contract(app: Flask, api: Api, db: Db) -> None:
    result = demo(app)

    assert result.exit_code == 0, result.output
    events = listed(api)
    assert [event["title"] for event in events] == list(EXPECTED)
    for event in events:
        tiers = [(tier["code"], tier["price"], tier["remaining"]) for tier in event["tiers"]]
        assert tiers == EXPECTED[event["title"]]
        assert event["currency"] == "USD"
    for email in ("alice@example.com", "bob@example.com", "charlie@example.com"):
        answer = api.send("POST", "/api/auth/login", json={"email": email, "password": PASSWORD})
        assert (answer.status, answer.json["user"]["emailVerified"]) == (200, True)
    assert db["accounts"].distinct("name") == ["Alice Johnson", "Bob Smith", "Charlie Brown"]


def test_repeated_demo_changes_nothing(app: Flask, api: Api, db: Db) -> None:
    demo(app)
    before = listed(api)

    result = demo(app)

    assert "0 accounts and 0 events added" in result.output
    assert listed(api) == before
    assert db["accounts"].count_documents({}) == 3


def test_many_adds_120_events_and_shows_the_progress(app: Flask, db: Db) -> None:
    demo(app)

    result = demo(app, "--many")

    assert "Events" in result.output
    assert db["events"].count_documents({}) == 126
    assert db["event_stock"].count_documents({}) == 128


@pytest.mark.parametrize("collection", ["events", "accounts", "bookings"])
def test_database_with_other_data_is_refused_unless_forced(app: Flask, api: Api, db: Db, collection: str) -> None:
    if collection == "events":
        store_event(db)
    elif collection == "accounts":
        body = {"name": "Ada", "email": "ada@example.org", "password": "correct horse 7"}
        api.send("POST", "/api/auth/register", json=body)
    else:
        assert api.book(api.slots()[0]).status == 201

    refused = demo(app)

    assert refused.exit_code == 1
    assert "--force" in refused.output
    assert db["events"].count_documents({"title": "Marathon"}) == 0
    assert demo(app, "--if-empty").exit_code == 0
    assert db["events"].count_documents({"title": "Marathon"}) == 0
    assert demo(app, "--force").exit_code == 0
    assert db["events"].count_documents({"title": "Marathon"}) == 1


def test_reset_puts_the_stock_back_and_removes_what_was_sold(app: Flask, api: Api, db: Db) -> None:
    demo(app)
    event = next(event for event in listed(api) if event["title"] == "Limited Concert")
    login = {"email": "alice@example.com", "password": PASSWORD}
    token = api.send("POST", "/api/auth/login", json=login).json["accessToken"]
    headers = {"Authorization": f"Bearer {token}"}
    assert api.send("POST", f"/api/events/{event['id']}/reserve", headers=headers).status == 201

    result = demo(app, "--reset")

    assert result.exit_code == 0, result.output
    assert api.get(f"/api/events/{event['id']}").json["remainingTickets"] == 2
    assert db["reservations"].count_documents({}) == 0


def test_reset_of_another_database_is_refused(app: Flask, db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    demo(app)
    monkeypatch.setattr(DemoDatabase, "is_embedded", lambda _: False)

    result = demo(app, "--reset")

    assert (result.exit_code, db["events"].count_documents({})) == (1, 6)
    assert "make run" in result.output


def test_database_of_the_tests_is_an_embedded_one(services: wiring.Services) -> None:
    assert services.catalogue.load_demo.target.store.is_embedded()
