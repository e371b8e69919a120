"""Security headers on every response, and CORS for exact origins."""

from __future__ import annotations

from collections.abc import Sequence

from flask_cors import CORS

from core.web.application import Application

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
# This host only: subdomains may serve plain HTTP.
HSTS = "max-age=31536000"


def install(app: Application, *, https: bool, origins: Sequence[str]) -> None:
    """Add the headers to every response of `app`; allow cross-origin API calls from `origins`."""
    headers = dict(SECURITY_HEADERS)
    if https:
        headers["Strict-Transport-Security"] = HSTS
    app.constant_headers = tuple(headers.items())
    if origins:
        _allow(app, origins)


def _allow(app: Application, origins: Sequence[str]) -> None:
    app.answers_other_origins = True
    CORS(
        app,
        resources=r"/api/.*",
        origins=list(origins),
        methods=["GET", "POST", "PATCH", "DELETE"],
        allow_headers=[
            "Authorization",
            "Content-Type",
            "Idempotency-Key",
            "If-None-Match",
            "X-Admin-Key",
            "X-Request-ID",
        ],
        expose_headers=[
            "Content-Disposition",
            "ETag",
            "Idempotency-Replayed",
            "Location",
            "RateLimit-Limit",
            "RateLimit-Remaining",
            "RateLimit-Reset",
            "Retry-After",
            "X-Request-ID",
        ],
        max_age=3600,
        vary_header=True,
    )
