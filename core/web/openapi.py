"""OpenAPI document of the API, made by flask-smorest."""

from __future__ import annotations

from typing import Any

import flask_smorest
from werkzeug.exceptions import HTTPException

from core.web import problem_details
from core.web.application import Application
from core.web.endpoint import Blueprint
from core.web.json_provider import OrjsonProvider
from core.web.problem_schema import ProblemSchema


class Api(flask_smorest.Api):
    """The API's document; `core.web.problem_details` answers every error."""

    ERROR_SCHEMA = ProblemSchema
    # flask-smorest's own default response has the media type application/json.
    DEFAULT_ERROR_RESPONSE_NAME = None

    def handle_http_exception(self, error: HTTPException) -> Any:
        return problem_details.on_http_error(error)


def install(app: Application, *, version: str, blueprints: list[Blueprint]) -> Api:
    """Register `blueprints` on `app` and serve the document at /api/openapi.json."""
    app.json = OrjsonProvider(app)
    app.config.update(
        API_TITLE="Booking service",
        API_VERSION=version,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
    )
    api = Api(app)
    api.spec.components.security_scheme("adminKey", {"type": "apiKey", "in": "header", "name": "X-Admin-Key"})
    api.spec.components.security_scheme("accessToken", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    api.spec.components.security_scheme("refreshCookie", {"type": "apiKey", "in": "cookie", "name": "refreshToken"})
    api.spec.components.security_scheme("manageToken", {"type": "http", "scheme": "bearer"})
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    app.add_fast_routes()
    return api
