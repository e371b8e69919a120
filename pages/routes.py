"""The HTML site: the booking page, the pages behind guests' links, and the API's document."""

from __future__ import annotations

from pathlib import Path

import flask_swagger_ui
from flask import Response, render_template, send_from_directory

from pages import locale_routes
from pages.booking import routes as booking_routes
from pages.rendering import blueprint
from pages.self_service import routes as self_service_routes

# What these serve is on the blueprint once they are imported.
__all__ = ["blueprint", "locale_routes", "self_service_routes"]

SWAGGER = Path(flask_swagger_ui.__file__).parent / "dist"
DAY_SECONDS = 86_400
blueprint.register_blueprint(booking_routes.blueprint)


@blueprint.get("/api/docs")
def docs() -> Response:
    """Show the API's document with Swagger UI, served from here; it is in English, whatever the pages are in."""
    return Response(render_template("docs.html"), mimetype="text/html", headers={"Content-Language": "en"})


@blueprint.get("/api/docs/<path:name>")
def docs_asset(name: str) -> Response:
    """Serve a file of Swagger UI."""
    response = send_from_directory(SWAGGER, name, max_age=DAY_SECONDS)
    response.headers["Cache-Control"] = f"public, max-age={DAY_SECONDS}"
    return response
