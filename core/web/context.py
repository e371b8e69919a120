"""Request context: access to the services and to the values of a request, within Flask and without it."""

from __future__ import annotations

from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from flask import Flask, current_app, request

from core.web.client_networks import network_of

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


@dataclass(slots=True)
class RequestState:
    """The values of one request: its WSGI environment, id, start in monotonic seconds, and the outcome to log."""

    environ: dict[str, Any]
    runtime: Runtime
    id: str
    started: float
    outcome: str = ""


_STATE: ContextVar[RequestState | None] = ContextVar("request_state", default=None)


def enter(state: RequestState) -> Token[RequestState | None]:
    """Make `state` the current request's; the token is for `leave`."""
    return _STATE.set(state)


def leave(token: Token[RequestState | None]) -> None:
    """Restore the state before `enter`."""
    _STATE.reset(token)


def current_state() -> RequestState | None:
    """Return the state of this request, or None outside of one."""
    return _STATE.get()


def current_environ() -> dict[str, Any]:
    """Return the WSGI environment of this request."""
    state = _STATE.get()
    return state.environ if state else request.environ


def runtime_of(app: Flask) -> Runtime:
    """Return the runtime of `app`."""
    runtime = app.extensions.get(EXTENSION)
    if runtime is None:
        runtime = app.extensions[EXTENSION] = Runtime()
    return cast("Runtime", runtime)


def get_service(kind: type[S]) -> S:
    """Return the service of class `kind` of the application that handles this request."""
    state = _STATE.get()
    if state is None:
        return runtime_of(current_app).get(kind)
    return cast("S", state.runtime.services[kind])


def request_id() -> str:
    """Return the id of this request."""
    state = _STATE.get()
    return state.id if state else ""


def set_outcome(name: str) -> None:
    """Set the outcome of this request for its log line."""
    state = _STATE.get()
    if state is not None:
        state.outcome = name


def client_address() -> str:
    """Return the client's IPv4 address or IPv6 /64 network, behind the trusted proxies; rate limits count by it."""
    return network_of(current_environ().get("REMOTE_ADDR") or "")
