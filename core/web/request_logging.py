"""Request logging: each request has an id, a log context and one canonical log line without personal data."""

from __future__ import annotations

import re
import secrets

from flask import Flask, Response, g, request

from core import log, metrics
from core.clock import monotonic
from core.web import context

LOG = log.get_logger("web")
VALID_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def install(app: Flask) -> None:
    app.before_request(start_request)
    app.after_request(finish_request)


def start_request() -> None:
    """Use the client's request id if it is valid, else a new one; record the start time."""
    g.started = monotonic()
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if VALID_REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    log.clear()
    log.bind(request_id=g.request_id)


def finish_request(response: Response) -> Response:
    """Add the id to the response, count the request and log it."""
    seconds = monotonic() - g.get("started", monotonic())
    route = request.url_rule.rule if request.url_rule else "unmatched"
    method = request.method if request.url_rule else "OTHER"
    response.headers["X-Request-ID"] = g.get("request_id", "")
    metrics.REQUESTS.labels(method, route, str(response.status_code)).inc()
    metrics.REQUEST_SECONDS.labels(route).observe(seconds)
    if request.path not in context.PROBE_PATHS:
        _line(route, method, response.status_code, seconds)
    return response


def _line(route: str, method: str, status: int, seconds: float) -> None:
    LOG.info(
        "request",
        method=method,
        route=route,
        status=status,
        duration_ms=round(seconds * 1000, 2),
        outcome=g.get("outcome", ""),
    )
