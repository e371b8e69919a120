"""Calls without a body: an empty one or `{}` of any media type, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from tests.event_calls import store_event
from tests.factories import ADMIN_KEY
from tests.members import Member, members
from tests.orders.shop import Shop

MEDIA_TYPES = (None, "", "application/json", "text/plain", "application/x-www-form-urlencoded", "nonsense")
CHANGING = {"post", "patch", "put", "delete"}
WITH_OTHER_BODIES = {"/api/webhooks/resend", "/api/payments/webhook"}


def calls_without_body(app: Flask) -> list[tuple[str, str]]:
    """Return method and path of the API's calls without a described body; ids in the paths are unknown ones."""
    described = app.test_client().get("/api/openapi.json").get_json()
    calls: list[tuple[str, str]] = []
    for path, methods in described["paths"].items():
        bodiless = [name for name in CHANGING & methods.keys() if "requestBody" not in methods[name]]
        if path not in WITH_OTHER_BODIES:
            calls += [(name.upper(), re.sub(r"\{\w+\}", "0" * 32, path)) for name in bodiless]
    return calls


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


def test_calls_without_a_body_refuse_members_and_bad_json(app: Flask) -> None:
    shop = Shop(app)
    (member,) = members(shop.db, shop.services.settings, shop.api.send, 1)
    calls = calls_without_body(app)

    assert ("DELETE", f"/api/tiers/{'0' * 32}/waitlist") in calls
    assert len(calls) > 10
    for method, path in calls:
        for body in ('{"quantity": 1}', "[]", "{", "\x00", "null", '"x"', "\xff"):
            headers = {"X-Admin-Key": ADMIN_KEY, "Content-Type": "text/plain"}
            answer = member.send(method, path, data=body, headers=headers)
            assert (answer.status, answer.code) == (400, "validation_failed"), (method, path, body, answer.json)
    answer = member.send("DELETE", f"/api/tiers/{'0' * 32}/waitlist", json={"quantity": 1})
    assert answer.json["errors"] == {"quantity": ["Unknown field."]}


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_reservation_takes_an_empty_body_of_any_type(app: Flask, media_type: str | None) -> None:
    shop = Shop(app)
    event = store_event(shop.db)
    ada, bob = members(shop.db, shop.services.settings, shop.api.send, 2)

    for person, body in ((ada, ""), (bob, "{}")):
        assert call(person, "POST", f"/api/events/{event.id}/reserve", body, media_type) == 201
        assert call(person, "DELETE", f"/api/events/{event.id}/reserve", body, media_type) == 200
        assert call(person, "DELETE", f"/api/tiers/{event.tiers[0].id}/waitlist", body, media_type) == 204


def call(person: Member, method: str, path: str, body: str, media_type: str | None) -> int:
    headers = {}
    if media_type is not None:
        headers["Content-Type"] = media_type
    return person.send(method, path, data=body, headers=headers).status


def test_refused_body_reserves_nothing(app: Flask) -> None:
    shop = Shop(app)
    event = store_event(shop.db)
    (ada,) = members(shop.db, shop.services.settings, shop.api.send, 1)

    assert ada.send("POST", f"/api/events/{event.id}/reserve", json={"quantity": 2}).status == 400
    assert ada.bookings().json == []
