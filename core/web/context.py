"""What a request carries with it, typed, and how a view finds the service it calls."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network
from typing import Any, TypeVar, cast

from flask import Flask, current_app, g, request

S = TypeVar("S")
EXTENSION = "booking.services"
# What the machines that watch over the service ask: never limited, never logged.
PROBE_PATHS = frozenset({"/api/health", "/api/ready", "/metrics"})


def install_services(app: Flask, *services: Any) -> None:
    """Make each of `services` reachable for the views of `app`, by its class."""
    app.extensions[EXTENSION] = {type(service): service for service in services}


def get_service(kind: type[S]) -> S:
    """Return the one service of class `kind` of the application that handles this request."""
    return cast("S", current_app.extensions[EXTENSION][kind])


def request_id() -> str:
    """Return the id of this request."""
    return cast("str", g.get("request_id", ""))


def set_outcome(name: str) -> None:
    """Name what became of this request, for its log line."""
    g.outcome = name


def client_address() -> str:
    """Return where the request came from, after as many proxies as are trusted: what is limited as one client.

    That is an address of IPv4, and the network of 64 bits of an address of IPv6, which one household has to itself.
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
