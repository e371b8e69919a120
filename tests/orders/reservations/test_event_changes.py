"""Reservations when the back office changes, cancels or deletes their event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

import wiring
from core.mongo.client import Db
from tests.api_client import Answer, Api, over_app
from tests.event_calls import create_event, tier_form
from tests.factories import contact


def signed_in(api: Api) -> dict[str, str]:
    """Return the headers of a new account."""
    body = {"name": "Ada", "email": contact()["email"], "password": "correct horse 7"}
    answer = api.send("POST", "/api/auth/register", json=body)
    return {"Authorization": f"Bearer {answer.json['accessToken']}"}


def reserve(api: Api, event: dict[str, Any], headers: dict[str, str]) -> Answer:
    return api.send("POST", f"/api/events/{event['id']}/reserve", headers=headers)


@pytest.fixture(autouse=True)
def by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the notices to the test."""
    monkeypatch.setattr("events.notices.notify.NotifySoon.__call__", lambda _: None)


def test_cancelled_event_cancels_its_reservations_once(api: Api, db: Db, services: wiring.Services) -> None:
    event = create_event(api)
    people = [signed_in(api) for _ in range(3)]
    for headers in people:
        assert reserve(api, event, headers).status == 201

    assert api.admin("POST", f"/events/{event['id']}/cancel").status == 200
    assert reserve(api, event, signed_in(api)).code == "event_cancelled"
    services.catalogue.notify_holders.execute()
    services.catalogue.notify_holders.execute()

    assert db["reservations"].distinct("status") == ["CANCELLED"]
    assert db["letters"].count_documents({"template": "event_cancelled"}) == 3
    assert db["event_stock"].distinct("taken") == [0]
    assert api.get(f"/api/events/{event['id']}", headers=people[0]).json["userReservation"] is None


def test_new_venue_is_reported_to_the_holders(api: Api, db: Db, services: wiring.Services) -> None:
    event = create_event(api)
    assert reserve(api, event, signed_in(api)).status == 201

    assert api.admin("PATCH", f"/events/{event['id']}", json={"venue": "Park"}).status == 200
    services.catalogue.notify_holders.execute()

    assert db["letters"].count_documents({"template": "event_changed"}) == 1
    assert db["reservations"].distinct("status") == ["CONFIRMED"]


def test_event_with_a_cancelled_reservation_is_not_deleted(api: Api) -> None:
    event = create_event(api)
    headers = signed_in(api)
    reserve(api, event, headers)
    assert api.send("DELETE", f"/api/events/{event['id']}/reserve", headers=headers).status == 200

    assert api.admin("DELETE", f"/events/{event['id']}").code == "event_has_sales"


def test_capacity_below_the_reservations_is_refused_by_the_guard(api: Api) -> None:
    event = create_event(api)
    for _ in range(2):
        reserve(api, event, signed_in(api))

    lowered = [
        api.admin(
            "PATCH",
            f"/events/{event['id']}",
            json={"tiers": [{"id": event["tiers"][0]["id"], "capacity": capacity}]},
        )
        for capacity in (1, 2)
    ]

    assert [answer.status for answer in lowered] == [409, 200]
    assert reserve(api, event, signed_in(api)).code == "sold_out"


@pytest.mark.parametrize(("change", "code"), [("cancel", "event_cancelled"), ("close", "sales_closed")])
def test_other_worker_with_a_cached_event_refuses_at_once(
    make_app: Callable[..., Flask], services: wiring.Services, api: Api, change: str, code: str
) -> None:
    event = create_event(api, tiers=[tier_form(), tier_form("VIP")])
    other = Api(over_app(make_app(MONGODB_DATABASE=services.settings.mongodb_database)))
    assert reserve(other, event, signed_in(other)).status == 201

    if change == "cancel":
        api.admin("POST", f"/events/{event['id']}/cancel")
    else:
        body = {"tiers": [{"id": event["tiers"][0]["id"], "closed": True}]}
        assert api.admin("PATCH", f"/events/{event['id']}", json=body).status == 200

    assert reserve(other, event, signed_in(other)).code == code


def test_person_in_line_gets_a_ticket_of_a_raised_capacity(api: Api, db: Db) -> None:
    event = create_event(api, tiers=[tier_form(capacity=1)])
    tier = event["tiers"][0]
    assert reserve(api, event, signed_in(api)).status == 201
    waiting = signed_in(api)
    joined = api.send("POST", f"/api/tiers/{tier['id']}/waitlist", json={"quantity": 1}, headers=waiting)
    assert joined.status == 202, joined.body

    answer = api.admin("PATCH", f"/events/{event['id']}", json={"tiers": [{"id": tier["id"], "capacity": 2}]})

    assert answer.json["tiers"][0]["held"] == 1
    assert answer.json["remainingTickets"] == 0
    assert db["letters"].count_documents({"template": "tier_offer"}) == 1
