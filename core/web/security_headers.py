"""Security headers on every response, and CORS for exact origins."""

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
# This host only: subdomains may serve plain HTTP.
HSTS = "max-age=31536000"


def install(app: Flask, *, https: bool, origins: Sequence[str]) -> None:
    """Add the headers to every response of `app`; allow cross-origin API calls from `origins`."""
    headers = dict(SECURITY_HEADERS)
    if https:
        headers["Strict-Transport-Security"] = HSTS
    constant = list(headers.items())

    def secure(response: Response) -> Response:
        response.headers.extend(constant)
        # A response without Cache-Control may contain personal data.
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
