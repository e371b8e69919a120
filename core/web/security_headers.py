"""Security headers on every answer, and exact CORS."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask, Response
from flask_cors import CORS

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
# For this host alone: what else the operator's domain serves, and how, is not known here.
HSTS = "max-age=31536000"


def install(app: Flask, *, https: bool, origins: Sequence[str]) -> None:
    """Put the headers on every answer of `app`; let the pages of exactly `origins` call the API."""
    constant = list((SECURITY_HEADERS | ({"Strict-Transport-Security": HSTS} if https else {})).items())

    def secure(response: Response) -> Response:
        response.headers.extend(constant)
        # Whatever does not say otherwise may hold personal data.
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    app.after_request(secure)
    if origins:
        _allow(app, origins)


def _allow(app: Flask, origins: Sequence[str]) -> None:
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
