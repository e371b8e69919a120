"""Security headers on every response: no page can be framed but those of one blueprint, by the origins of a setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.web.application import Application

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Allowed origins read the API by CORS, which this header does not limit.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
# This host only: subdomains may serve plain HTTP.
HSTS = "max-age=31536000"
# Images of events may be on another host; their addresses begin with https.
OWN_IMAGES = "img-src 'self' data:"


@dataclass(frozen=True)
class FramedPages:
    """The blueprint of the pages that other sites may frame, and the origins of these sites; * is any site."""

    blueprint: str
    origins: tuple[str, ...]

    def headers(self, others: Mapping[str, str]) -> Mapping[str, str]:
        """Return the headers of these pages, from those of the `others`."""
        if not self.origins:
            return others
        ancestors = f"frame-ancestors {' '.join(self.origins)}"
        policy = CONTENT_POLICY.replace("frame-ancestors 'none'", ancestors)
        framed = {
            **others,
            "Content-Security-Policy": policy,
            # A page with Cross-Origin-Embedder-Policy loads the script only with this header; it shows no frame.
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        # This header cannot name origins.
        del framed["X-Frame-Options"]
        return framed


def install(app: Application, *, https: bool, framed: FramedPages, with_images: str) -> None:
    """Add the headers to every response of `app`; the framed pages and a blueprint show images of other hosts."""
    headers = dict(SECURITY_HEADERS)
    if https:
        headers["Strict-Transport-Security"] = HSTS
    app.constant_headers = tuple(headers.items())
    app.blueprint_headers[with_images] = _showing_images(headers)
    app.blueprint_headers[framed.blueprint] = _showing_images(framed.headers(headers))


def _showing_images(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    policy = headers["Content-Security-Policy"].replace(OWN_IMAGES, f"{OWN_IMAGES} https:")
    return tuple({**headers, "Content-Security-Policy": policy}.items())
