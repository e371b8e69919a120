"""Admin keys and the limit of wrong ones."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from tests.api_client import Api, over_app
from tests.factories import ADMIN_KEY, SECOND_ADMIN_KEY

DOORS = [
    ("GET", "/validate"),
    ("GET", "/bookings"),
    ("GET", "/bookings/export"),
    ("POST", "/bookings/some-id/cancel"),
    ("POST", "/bookings/some-id/resend"),
    ("GET", "/slots"),
    ("PATCH", "/slots/some-id"),
    ("GET", "/stats"),
    ("GET", "/plots"),
    ("GET", "/letters"),
    ("POST", "/letters/some-id/retry"),
    ("GET", "/audit"),
    ("GET", "/users"),
    ("PATCH", "/users/some-id"),
    ("GET", "/events"),
    ("POST", "/events"),
    ("GET", "/events/some-id"),
    ("PATCH", "/events/some-id"),
    ("DELETE", "/events/some-id"),
    ("POST", "/events/some-id/cancel"),
    ("GET", "/events/some-id/bookings"),
    ("GET", "/orders"),
    ("GET", "/orders/export"),
    ("POST", "/orders/some-id/refund"),
    ("GET", "/analytics"),
    ("GET", "/checkin"),
    ("POST", "/checkin"),
    ("POST", "/checkin/undo"),
]


def test_the_key_opens(quiet: Api) -> None:
    answer = quiet.admin("GET", "/validate")

    assert (answer.status, answer.json) == (200, {"success": True})


def test_two_keys_open_while_they_are_rotated(make_app: Callable[..., Flask]) -> None:
    during = Api(over_app(make_app()))
    after = Api(over_app(make_app(ADMIN_KEY=SECOND_ADMIN_KEY)))

    assert [during.admin("GET", "/validate", key=key).status for key in (ADMIN_KEY, SECOND_ADMIN_KEY)] == [200, 200]
    assert [after.admin("GET", "/validate", key=key).status for key in (ADMIN_KEY, SECOND_ADMIN_KEY)] == [401, 200]


@pytest.mark.parametrize(
    "key",
    [
        "wrong",
        "",
        " ",
        ADMIN_KEY[:-1],
        f"{ADMIN_KEY}x",
        ADMIN_KEY.upper(),
        f"{ADMIN_KEY},{SECOND_ADMIN_KEY}",
        "\u00e9\u00fc",
        "\xff\xfe",
        "x" * 4000,
    ],
)
def test_a_wrong_key_is_401(quiet: Api, key: str) -> None:
    answer = quiet.admin("GET", "/validate", key=key, environ_base={"REMOTE_ADDR": f"2001:db8::{len(key)}"})

    assert (answer.status, answer.code) == (401, "unauthorized")


@pytest.mark.parametrize(("method", "path"), DOORS)
@pytest.mark.parametrize("headers", [{}, {"X-Admin-Key": "wrong"}, {"Authorization": f"Bearer {ADMIN_KEY}"}])
def test_every_admin_route_needs_a_key(quiet: Api, method: str, path: str, headers: dict[str, str]) -> None:
    # Each asks from an address of its own: wrong keys are counted.
    address = {"REMOTE_ADDR": f"192.0.2.{DOORS.index((method, path))}"}

    answer = quiet.send(method, f"/api/admin{path}", headers=headers, environ_base=address)

    assert (answer.status, answer.code) == (401, "unauthorized")


def test_every_admin_route_is_in_the_table(app: Flask) -> None:
    doors = {
        (method, re.sub("<[^>]*>", "some-id", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/admin/")
    }

    assert doors == {(method, f"/api/admin{path}") for method, path in DOORS}


def test_locked_out_client_learns_nothing_about_the_route(api: Api) -> None:
    slot = api.slots()[0]

    known = api.admin("PATCH", f"/slots/{slot['_id']}", key="wrong", json={"capacity": 0})
    unknown = api.admin("PATCH", "/slots/nowhere", key="wrong", json={"capacity": "x"})

    assert {**known.json, "requestId": ""} == {**unknown.json, "requestId": ""}
    assert api.slots()[0]["capacity"] == 4


def test_after_ten_wrong_keys_even_the_right_one_waits(api: Api) -> None:
    wrong = [api.admin("GET", "/validate", key=f"wrong {n}").status for n in range(10)]

    right = api.admin("GET", "/validate")

    assert wrong == [401] * 10
    assert (right.status, right.code) == (429, "too_many_requests")
    assert 0 < int(right.headers["Retry-After"]) <= 900
    assert api.admin("GET", "/stats", key=SECOND_ADMIN_KEY).status == 429
    assert api.get("/api/dates").status == 200


def test_nine_wrong_keys_lock_no_one_out(api: Api) -> None:
    for n in range(9):
        api.admin("GET", "/validate", key=f"wrong {n}")

    assert [api.admin("GET", "/validate").status for _ in range(20)] == [200] * 20


def test_wrong_keys_from_one_address_lock_no_other_out(api: Api) -> None:
    for _ in range(11):
        api.admin("GET", "/validate", key="wrong", environ_base={"REMOTE_ADDR": "192.0.2.7"})

    assert api.admin("GET", "/validate", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status == 429
    assert api.admin("GET", "/validate", environ_base={"REMOTE_ADDR": "192.0.2.8"}).status == 200
