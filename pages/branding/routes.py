"""Files of the brand, the icons that browsers ask for by fixed names, the manifest and robots.txt."""

from __future__ import annotations

from pathlib import Path

import orjson
from flask import Response, abort, send_from_directory, url_for

from core.web import context
from pages.branding.brand import Brand
from pages.locale import current_language
from pages.rendering import with_language_headers
from pages.site import PageBlueprint
from schedules.service import Schedules

blueprint = PageBlueprint("branding", __name__)
STATIC = Path(__file__).resolve().parent.parent / "static"
IMMUTABLE = "public, max-age=31536000, immutable"
DAY = "public, max-age=86400"
# Pages behind a link, of an account, and of the back office belong in no index.
ROBOTS = """\
User-agent: *
Disallow: /account
Disallow: /admin
Disallow: /api/
Disallow: /bookings/
Disallow: /cart
Disallow: /checkout
Disallow: /embed
Disallow: /my/
Disallow: /orders/
Disallow: /waitlist/
"""


@blueprint.get("/brand/<name>")
def brand_file(name: str) -> Response:
    """Serve a picture or the style sheet of the event; its name changes with its content."""
    file = context.get_service(Brand).files.get(name) or abort(404)
    return Response(file.content, mimetype=file.media_type, headers={"Cache-Control": IMMUTABLE})


@blueprint.get("/favicon.ico")
def favicon() -> Response:
    return _static_icon("favicon.ico")


@blueprint.get("/apple-touch-icon.png")
def touch_icon() -> Response:
    return _static_icon("icon-180.png")


@blueprint.get("/robots.txt")
def robots() -> Response:
    return Response(ROBOTS, mimetype="text/plain", headers={"Cache-Control": DAY})


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    """Describe the site to phones that put it on their home screen."""
    language = current_language()
    name = context.get_service(Schedules).schedule.localized(language.code).name
    body = {
        "name": name,
        "short_name": name[:30],
        "lang": language.code,
        "start_url": "/",
        "display": "browser",
        "background_color": "#f6f7f9",
        "theme_color": "#f6f7f9",
        "icons": [
            {"src": url_for("pages.static", filename="icon-512.png"), "sizes": "512x512", "type": "image/png"},
            {"src": url_for("pages.static", filename="icon.svg"), "sizes": "any", "type": "image/svg+xml"},
        ],
    }
    response = Response(orjson.dumps(body), mimetype="application/manifest+json", headers={"Cache-Control": DAY})
    return with_language_headers(language.code, response)


def _static_icon(name: str) -> Response:
    response = send_from_directory(STATIC, name)
    response.headers["Cache-Control"] = DAY
    return response
