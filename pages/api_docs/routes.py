"""Documentation page of the API: Swagger UI, served by this service."""

from __future__ import annotations

from pathlib import Path

import flask_swagger_ui
from flask import Response, render_template, send_from_directory

from pages.site import PageBlueprint

SWAGGER = Path(flask_swagger_ui.__file__).parent / "dist"
DAY_SECONDS = 86_400
blueprint = PageBlueprint("api_docs", __name__, static_url="/static/api_docs")


@blueprint.get("/api/docs")
def docs() -> Response:
    """Show Swagger UI, which is in English in every language of the pages."""
    page = render_template("api_docs/page.html")
    return Response(page, mimetype="text/html", headers={"Content-Language": "en"})


@blueprint.get("/api/docs/<path:name>")
def asset(name: str) -> Response:
    """Serve a file of Swagger UI."""
    response = send_from_directory(SWAGGER, name, max_age=DAY_SECONDS)
    response.headers["Cache-Control"] = f"public, max-age={DAY_SECONDS}"
    return response
