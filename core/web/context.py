"""What a request carries with it, typed, and how a view finds the service it calls."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from flask import Flask, current_app, g, request

S = TypeVar("S")
EXTENSION = "booking.services"
# What the machines that watch over the service ask: never limited, never logged.
WATCHED_PATHS = frozenset({"/api/health", "/api/ready", "/metrics"})


def install_services(app: Flask, *services: Any) -> None:
    """Make each of `services` reachable for the views of `app`, by its class."""
    app.extensions[EXTENSION] = {type(service): service for service in services}


def service(kind: type[S]) -> S:
    """Return the one service of class `kind` of the application that handles this request."""
    return cast("S", current_app.extensions[EXTENSION][kind])


def request_id() -> str:
    """Return the id of this request."""
    return cast("str", g.get("request_id", ""))


def outcome(name: str) -> None:
    """Name what became of this request, for its log line."""
    g.outcome = name


def client_address() -> str:
    """Return the address the request came from, after as many proxies as are trusted."""
    return request.remote_addr or "unknown"
