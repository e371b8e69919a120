"""One client is one network in rate limits, in every notation of proxies."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from core.web.client_networks import network_of
from tests.api_client import Api, over_app

IPV4 = "203.0.113.51"
NETWORK = "2001:db8:1:2::/64"
# What a proxy writes, and the client's network.
FORMS = [
    ("203.0.113.51", IPV4),
    (" 203.0.113.51 ", IPV4),
    ("\t203.0.113.51", IPV4),
    ("203.0.113.51:5000", IPV4),
    ("203.0.113.51:65535", IPV4),
    ("203.0.113.51:", IPV4),
    ('"203.0.113.51:5000"', IPV4),
    ("[203.0.113.51]:5000", IPV4),
    ("::ffff:203.0.113.51", IPV4),
    ("::FFFF:203.0.113.51", IPV4),
    ("[::ffff:203.0.113.51]:5000", IPV4),
    ("::ffff:cb00:7133", IPV4),
    ("2001:db8:1:2::1", NETWORK),
    ("2001:DB8:1:2::1", NETWORK),
    ("2001:0db8:0001:0002:0000:0000:0000:0001", NETWORK),
    ("2001:db8:1:2:ffff::9", NETWORK),
    ("[2001:db8:1:2::1]", NETWORK),
    ("[2001:db8:1:2::1]:5000", NETWORK),
    ("[2001:DB8:1:2::1]:5001", NETWORK),
    ('"[2001:db8:1:2::1]:5000"', NETWORK),
    (" [ 2001:db8:1:2::1 ]:80 ", NETWORK),
    ("2001:db8:1:2::1%eth0", NETWORK),
    ("unknown", "unknown"),
    ("", "unknown"),
    ("_hidden", "unknown"),
    ("-", "unknown"),
    ("203.0.113", "unknown"),
    ("203.0.113.999", "unknown"),
    ("203.0.113.51:port", "unknown"),
    ("[2001:db8", "unknown"),
    ("evil.example", "unknown"),
    ("\u0662\u0660\u0663.0.113.51", "unknown"),
]


@pytest.mark.parametrize(("reported", "network"), FORMS)
def test_reported_address_is_its_network_in_one_notation(reported: str, network: str) -> None:
    assert network_of(reported) == network


def test_other_clients_are_other_networks() -> None:
    reported = ["203.0.113.51", "203.0.113.52", "2001:db8:1:2::1", "2001:db8:1:3::1"]

    assert len({network_of(address) for address in reported}) == len(reported)


@pytest.mark.parametrize("network", [IPV4, NETWORK])
def test_client_in_any_notation_has_one_quota(make_app: Callable[..., Flask], network: str) -> None:
    forms = [reported for reported, known in FORMS if known == network]
    api = Api(over_app(make_app(TRUSTED_PROXIES="1", RATE_LIMIT_DEFAULT=f"{len(forms)} per hour")))

    statuses = [api.get("/api/dates", headers={"X-Forwarded-For": form.strip()}).status for form in forms]
    last = api.get("/api/dates", headers={"X-Forwarded-For": forms[-1].strip()})
    other = api.get("/api/dates", headers={"X-Forwarded-For": "198.51.100.7:80"})

    assert statuses == [200] * len(forms)
    assert (last.status, other.status) == (429, 200)
