"""OpenAPI document of the API, made by flask-smorest when it is first asked for."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import flask_smorest
import marshmallow as ma
import orjson
from flask import Flask, Response

from core.contact import variants as contact_variants
from core.web import schema_variants
from core.web.application import Application
from core.web.endpoint import Blueprint
from core.web.json_provider import OrjsonProvider
from core.web.problem_schema import ProblemSchema

PATH = "/api/openapi.json"


class _Documentation(flask_smorest.Api):
    ERROR_SCHEMA = ProblemSchema
    # flask-smorest's own default response has the media type application/json.
    DEFAULT_ERROR_RESPONSE_NAME = None


def install(app: Application, *, version: str, blueprints: list[Blueprint]) -> None:
    """Register `blueprints` on `app` and serve their document at /api/openapi.json."""
    app.json = OrjsonProvider(app)
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    app.add_fast_routes()

    def openapi_document() -> Response:
        document = _document(version, tuple(blueprints))
        return Response(_adapted(document, schema_variants.instances(app)), mimetype="application/json")

    app.add_url_rule(PATH, view_func=openapi_document)


@functools.cache
def _document(version: str, blueprints: tuple[Blueprint, ...]) -> bytes:
    """Return the document of `blueprints` as JSON.

    flask-smorest writes it while it registers a blueprint, which takes longer than all else at the start of a worker.
    It therefore registers them on an application of its own.
    """
    app = Flask(__name__)
    app.config.update(API_TITLE="Booking service", API_VERSION=version, OPENAPI_VERSION="3.1.0")
    documentation = _Documentation(app)
    scheme = documentation.spec.components.security_scheme
    scheme("adminKey", {"type": "apiKey", "in": "header", "name": "X-Admin-Key"})
    scheme("accessToken", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    scheme("refreshCookie", {"type": "apiKey", "in": "cookie", "name": "refreshToken"})
    scheme("manageToken", {"type": "http", "scheme": "bearer"})
    for blueprint in blueprints:
        documentation.register_blueprint(blueprint)
    return orjson.dumps(documentation.spec.to_dict())


def _adapted(document: bytes, variants: Mapping[type[ma.Schema], ma.Schema]) -> bytes:
    """Return `document` with the fields of the `variants` of declared schemas."""
    if not variants:
        return document
    adapted = orjson.loads(document)
    for declared, variant in variants.items():
        component = adapted["components"]["schemas"][declared.__name__.removesuffix("Schema")]
        contact_variants.adapt_document(component, variant)
    return orjson.dumps(adapted)
