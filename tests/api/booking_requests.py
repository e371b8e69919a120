"""Booking requests of tests."""

from __future__ import annotations

import json
from typing import Any

from tests.api_client import Answer, Api
from tests.factories import person

GUEST = {
    "fullName": "Ada Lovelace",
    "email": "Ada.Lovelace@Example.org",
    "phone": "+14155550123",
    "country": "US",
    "city": "London",
    "message": "Two of us.\nThank you!",
}


def refused(answer: Answer, field: str) -> None:
    """Fail unless `answer` is 400 with a sentence on `field` alone."""
    assert (answer.status, answer.code) == (400, "validation_failed"), answer.body
    assert set(answer.json["errors"]) == {field}
    assert answer.json["errors"][field]


def cancel(api: Api, booked: Answer) -> Answer:
    """Cancel as the guest does, with the token of the link."""
    booking = booked.json["booking"]
    token = booking["manageUrl"].partition("token=")[2]
    return api.send("DELETE", f"/api/bookings/{booking['id']}", headers={"Authorization": f"Bearer {token}"})


def written(api: Api, **changes: Any) -> Answer:
    """Book like `api.book`, with JSON that may hold what no JSON should: lone surrogates, numbers without bounds."""
    slot = api.slots()[0]
    form = {**person(), "date": slot["date"], "slotId": slot["_id"], **changes}
    return api.send("POST", "/api/bookings", data=json.dumps(form), content_type="application/json")


def fill(api: Api, slot: dict[str, Any]) -> None:
    """Make `slot` full without bookings of its own."""
    assert api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": slot["bookedCount"]}).status == 200
