"""Request logging: each request has an id, a log context and one canonical log line without personal data."""

from __future__ import annotations

import re
import secrets
from functools import lru_cache
from typing import Any

from core import log, metrics
from core.clock import monotonic
from core.web.context import PROBE_PATHS, RequestState, Runtime

LOG = log.EventLog("web")
VALID_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
# Methods and routes are those of the application, so that the children are few.
_count_of = lru_cache(maxsize=4096)(metrics.REQUESTS.labels)
_seconds_of = lru_cache(maxsize=1024)(metrics.REQUEST_SECONDS.labels)


def start(environ: dict[str, Any], runtime: Runtime) -> RequestState:
    """Return the state of a new request: with the client's request id if it is valid, else a new one."""
    request_id = environ.get("HTTP_X_REQUEST_ID", "")
    if not VALID_REQUEST_ID.fullmatch(request_id):
        request_id = secrets.token_hex(8)
    log.set_request_id(request_id)
    return RequestState(environ, runtime, request_id, monotonic())


def finish(state: RequestState, route: str, status: int) -> None:
    """Count an answered request and log it; `route` is empty if no route matches."""
    seconds = monotonic() - state.started
    method = state.environ["REQUEST_METHOD"]
    if not route:
        # Any client may send any path and method: they are no labels.
        route = "unmatched"
        method = "OTHER"
    _count_of(method, route, str(status)).inc()
    _seconds_of(route).observe(seconds)
    if state.environ["PATH_INFO"] in PROBE_PATHS:
        return
    LOG.info(
        "request",
        method=method,
        route=route,
        status=status,
        duration_ms=round(seconds * 1000, 2),
        outcome=state.outcome,
    )
