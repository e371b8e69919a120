"""Rate limits by client address, proxies included."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from flask import Flask

from tests.api_client import Api, over_app


def test_rate_limited_request_gets_retry_after(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_DEFAULT="3 per hour")))

    answers = [api.get(path) for path in ("/api/dates", "/api/slots", "/api/bookings/x", "/api/dates")]

    assert [answer.status for answer in answers] == [200, 400, 404, 429]
    last = answers[-1].headers
    assert last["RateLimit-Limit"] == "3"
    assert last["RateLimit-Remaining"] == "0"
    assert 0 < int(last["RateLimit-Reset"]) <= 3600
    assert 0 < int(last["Retry-After"]) <= 3600


@pytest.mark.parametrize("path", ["/", "/api/docs"])
def test_rate_limit_counts_pages_and_not_their_files(make_app: Callable[..., Flask], path: str) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_DEFAULT="2 per hour")))
    page = api.get(path).body.decode()
    files = re.findall(r'<(?:link(?! rel="canonical")|script)[^>]* (?:href|src)="([^"]+)"', page)
    assert len(files) >= 3

    assert {api.get(file).status for file in files * 2} == {200}
    assert [api.get("/api/dates").status for _ in range(2)] == [200, 429]
    assert {api.get(file).status for file in files} == {200}
    assert api.get(path).status == 429


def test_booking_limit_counts_valid_forms_only(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_BOOKINGS="3 per hour")))
    slot = api.slots()[0]

    for _ in range(5):
        assert api.book(slot, fullName="A").status == 400
    assert [api.book(slot).status for _ in range(4)] == [201, 201, 201, 429]
    assert api.slots()[0]["bookedCount"] == 3
    assert api.book(slot, email="no").status == 400
    assert api.get("/api/dates").status == 200


def test_booking_limit_counts_refused_bookings(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_BOOKINGS="3 per hour")))
    slot = api.slots()[0]

    answers = [api.book(slot, email="ada@example.org") for _ in range(4)]

    assert [answer.status for answer in answers] == [201, 409, 409, 429]
    assert answers[-1].headers["RateLimit-Limit"] == "3"
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_rate_limited_booking_stores_nothing(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_BOOKINGS="1 per hour")))
    slot = api.slots()[0]
    assert api.book(slot).status == 201

    assert api.book(slot).status == 429

    assert api.admin("GET", "/bookings").json["total"] == 1


def test_rate_limit_is_per_address(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_DEFAULT="2 per hour")))

    def ask(address: str) -> int:
        return api.get("/api/dates", environ_base={"REMOTE_ADDR": address}).status

    assert [ask("192.0.2.1") for _ in range(3)] == [200, 200, 429]
    assert ask("192.0.2.2") == 200
    assert ask("2001:db8::1") == 200


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:DB8:1:2:0:0:0:7", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("not:an:address", "not:another:address", True),
    ],
)
def test_rate_limit_counts_an_ipv6_network_as_one_client(
    make_app: Callable[..., Flask], one: str, other: str, alike: bool
) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_DEFAULT="1 per hour")))

    statuses = [api.get("/api/dates", environ_base={"REMOTE_ADDR": address}).status for address in (one, one, other)]

    assert statuses == [200, 429, 429 if alike else 200]


def test_probes_are_never_rate_limited(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_DEFAULT="1 per hour")))

    for path in ("/api/health", "/api/ready", "/metrics"):
        assert [api.get(path).status for _ in range(5)] == [200] * 5


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP", "X-Client-IP"])
def test_forwarded_address_is_ignored_without_a_trusted_proxy(make_app: Callable[..., Flask], name: str) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_DEFAULT="2 per hour", TRUSTED_PROXIES="0")))

    statuses = [api.get("/api/dates", headers={name: f"192.0.2.{n}"}).status for n in range(3)]

    assert statuses == [200, 200, 429]


def test_one_trusted_proxy_uses_the_last_forwarded_address(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_DEFAULT="2 per hour", TRUSTED_PROXIES="1")))

    def ask(forwarded: str) -> int:
        return api.get("/api/dates", headers={"X-Forwarded-For": forwarded}).status

    assert [ask("192.0.2.1"), ask("198.51.100.1, 192.0.2.1"), ask("198.51.100.2, 192.0.2.1")] == [200, 200, 429]
    assert ask("192.0.2.2") == 200


def test_two_trusted_proxies_use_the_second_last_address(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_DEFAULT="1 per hour", TRUSTED_PROXIES="2")))

    def ask(forwarded: str) -> int:
        return api.get("/api/dates", headers={"X-Forwarded-For": forwarded}).status

    assert [ask("192.0.2.1, 203.0.113.1"), ask("198.51.100.9, 192.0.2.1, 203.0.113.2")] == [200, 429]
    assert ask("192.0.2.2, 203.0.113.1") == 200


def test_rate_limits_hold_across_processes(make_app: Callable[..., Flask], make_database: Callable[[], str]) -> None:
    shared = {
        "RATE_LIMIT_DEFAULT": "3 per hour",
        "RATE_LIMIT_STORAGE": "mongodb",
        "MONGODB_DATABASE": make_database(),
    }
    doors = [Api(over_app(make_app(**shared))) for _ in range(2)]

    statuses = [doors[n % 2].get("/api/dates").status for n in range(5)]

    assert statuses == [200, 200, 200, 429, 429]


def test_unavailable_limit_storage_falls_back_to_memory(make_app: Callable[..., Flask]) -> None:
    began = time.monotonic()
    api = Api(over_app(make_app(RATE_LIMIT_DEFAULT="5 per hour", RATE_LIMIT_STORAGE="mongodb://127.0.0.1:1/")))

    statuses = [api.get("/api/dates").status for _ in range(8)]

    assert statuses == [200] * 5 + [429] * 3
    assert time.monotonic() - began < 25, "less than the driver would wait for one answer"


def test_unavailable_limit_storage_still_limits_wrong_keys(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_STORAGE="mongodb://127.0.0.1:1/")))

    statuses = [api.admin("GET", "/validate", key="wrong").status for _ in range(11)]

    assert statuses == [401] * 10 + [429]
    assert api.admin("GET", "/validate").status == 429
