"""CORS for exact origins: Flask-CORS adds the headers, and preflights are answered before any limit."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask import Response, request
from flask_cors import CORS

from core.web import context
from core.web.application import Application

# The service answers 405 where it does not know a method; a page can read that only if the preflight allows it.
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
REQUEST_HEADERS = (
    # of this API
    "Idempotency-Key",
    "X-Admin-Key",
    "X-Request-ID",
    # of HTTP; browsers and HTTP clients add some of them by themselves
    "Accept",
    "Accept-Language",
    "Authorization",
    "Cache-Control",
    "Content-Language",
    "Content-Type",
    "DNT",
    "Expires",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Unmodified-Since",
    "Last-Event-ID",
    "Pragma",
    "Priority",
    "Range",
    "Save-Data",
    "User-Agent",
    "X-CSRF-Token",
    "X-Requested-With",
    "X-XSRF-TOKEN",
    # of tracing
    "B3",
    "Baggage",
    "Elastic-Apm-Traceparent",
    "NewRelic",
    "Request-Context",
    "Request-Id",
    "Sentry-Trace",
    "Traceparent",
    "Tracestate",
    "Uber-Trace-Id",
    "X-Amzn-Trace-Id",
    "X-B3-Flags",
    "X-B3-ParentSpanId",
    "X-B3-Sampled",
    "X-B3-SpanId",
    "X-B3-TraceId",
    "X-Cloud-Trace-Context",
    "X-Correlation-ID",
    "X-Datadog-Origin",
    "X-Datadog-Parent-Id",
    "X-Datadog-Sampling-Priority",
    "X-Datadog-Tags",
    "X-Datadog-Trace-Id",
)
EXPOSED_HEADERS = (
    "Allow",
    "Content-Disposition",
    "Content-Language",
    "ETag",
    "Idempotency-Replayed",
    "Location",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "X-Request-ID",
)
MAX_AGE_SECONDS = 3600


def install(app: Application, origins: Sequence[str]) -> None:
    """Let pages of `origins` call the API of `app`. Install it before the rate limiter, which counts no preflight."""
    app.before_request(_answer_preflight)
    if not origins:
        return
    app.answers_other_origins = True
    CORS(
        app,
        resources=r"/api/.*",
        # Flask-CORS takes an address in brackets, as IPv6 has, for a pattern; so each origin is one.
        origins=[re.compile(rf"{re.escape(origin)}\Z") for origin in origins],
        methods=list(METHODS),
        allow_headers=list(REQUEST_HEADERS),
        expose_headers=list(EXPOSED_HEADERS),
        supports_credentials=True,
        max_age=MAX_AGE_SECONDS,
        # Without an Origin the request comes from no other page, and the answer has none of these headers.
        always_send=False,
        vary_header=False,
    )


def _answer_preflight() -> Response | None:
    """Answer every preflight at once, whatever its path and origin; Flask-CORS adds what an allowed origin may do."""
    headers = request.headers
    if request.method != "OPTIONS" or "Origin" not in headers or "Access-Control-Request-Method" not in headers:
        return None
    context.set_outcome("preflight")
    response = Response(status=204)
    response.vary.update(("Access-Control-Request-Method", "Access-Control-Request-Headers"))
    return response
