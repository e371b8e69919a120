"""Request context: the services of the application, the request id, the outcome and the client address."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network
from typing import Any, TypeVar, cast

from flask import Flask, current_app, g, request

S = TypeVar("S")
EXTENSION = "booking.services"
# Paths of probes and monitoring: exempt from rate limits and request logging.
PROBE_PATHS = frozenset({"/api/health", "/api/ready", "/metrics"})


def install_services(app: Flask, *services: Any) -> None:
    """Register each of `services` on `app` by its class."""
    app.extensions[EXTENSION] = {type(service): service for service in services}


def get_service(kind: type[S]) -> S:
    """Return the current application's service of class `kind`."""
    return cast("S", current_app.extensions[EXTENSION][kind])


def request_id() -> str:
    return cast("str", g.get("request_id", ""))


def set_outcome(name: str) -> None:
    """Set the outcome that the request's log line shows."""
    g.outcome = name


def client_address() -> str:
    """Return the key of the client for rate limits: its IPv4 address, or the /64 network of its IPv6 address.

    The address is the one before the trusted proxies. A household usually has a /64 network.
    """
    address = request.remote_addr or "unknown"
    return _network(address) if ":" in address else address


@lru_cache(4096)
def _network(address: str) -> str:
    try:
        known = IPv6Address(address)
    except ValueError:
        return address
    return str(known.ipv4_mapped or IPv6Network((known.packed[:8].ljust(16, b"\0"), 64)))
