"""One booking, from the dates to the back office."""

from __future__ import annotations

from tests.api_client import Api
from tests.conftest import Served


def test_a_guest_books_a_place_and_the_admin_sees_it(api: Api) -> None:
    slot = api.slots("2026-03-05")[0]

    booked = api.book(slot)

    assert booked.status == 201, booked.body
    assert api.slots("2026-03-05")[0]["remaining"] == 3
    listing = api.admin("GET", "/bookings").json
    assert [item["_id"] for item in listing["items"]] == [booked.json["booking"]["id"]]


def test_the_service_as_served_books_too(served: Served) -> None:
    slot = served.api.slots("2026-03-07")[0]

    assert served.api.book(slot).status == 201
    assert "agrees" in served.verify()
