"""Request context: typed access to the application's services and to the request's own values."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network
from typing import Any, TypeVar, cast

from flask import Flask, current_app, g, request

S = TypeVar("S")
EXTENSION = "booking.runtime"
# Health probes: never limited, never logged.
PROBE_PATHS = frozenset({"/api/health", "/api/ready", "/metrics"})


@dataclass(frozen=True)
class Runtime:
    """The services of one application by their class."""

    services: dict[type[Any], Any] = field(default_factory=dict)

    def add(self, *services: object) -> None:
        """Register each of `services` by its class."""
        self.services.update({type(service): service for service in services})

    def get(self, kind: type[S]) -> S:
        """Return the service of class `kind`; raises KeyError."""
        return cast("S", self.services[kind])


def runtime_of(app: Flask) -> Runtime:
    """Return the runtime of `app`."""
    return cast("Runtime", app.extensions.setdefault(EXTENSION, Runtime()))


def get_service(kind: type[S]) -> S:
    """Return the service of class `kind` of the application that handles this request."""
    return runtime_of(current_app).get(kind)


def request_id() -> str:
    """Return the id of this request."""
    return cast("str", g.get("request_id", ""))


def set_outcome(name: str) -> None:
    """Set the outcome of this request for its log line."""
    g.outcome = name


def client_address() -> str:
    """Return the client's IPv4 address or IPv6 /64 network, behind the trusted proxies; rate limits count by it.

    One household has a /64 network to itself.
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
