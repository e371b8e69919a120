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


def test_no_header_moves_the_service_as_served_elsewhere(served: Served) -> None:
    lies = {"SCRIPT_NAME": "/elsewhere", "PATH_INFO": "/metrics", "X-Forwarded-Proto": "https", "X-Forwarded-Ssl": "on"}

    page = served.api.get("/", headers=lies)

    assert page.status == 200
    assert b'href="/static/' in page.body
    assert b"elsewhere" not in page.body and b"https:" not in page.body
