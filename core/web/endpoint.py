"""Endpoint decorator: parses a view's arguments, serialises its result and documents both with flask-smorest.

From the same declaration it makes the fast route of a view that needs nothing of Flask.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import marshmallow as ma
from flask import Response, jsonify, request

from core.web import schema_variants
from core.web.answer import Answer
from core.web.application import FastRoute
from core.web.plain_form import PlainForm, PlainTexts
from core.web.problem_schema import ProblemSchema
from core.web.request_parser import PARSER, QuerySchema, RequestParser, TokenHeader, refuse_body

if TYPE_CHECKING:
    # flask-smorest has no types; its blueprints are Flask's with decorators that only `Endpoint` calls.
    from flask import Blueprint as _Blueprint
else:
    from flask_smorest import Blueprint as _Blueprint

# Every view may answer these.
COMMON_ERROR_STATUSES = (400, 429, 503)
# Security schemes that open the same views as another one.
ALTERNATIVES = {"adminKey": ("adminKey", "accessToken"), "ownerToken": ("manageToken", "accessToken")}


class Blueprint(_Blueprint):
    """A blueprint whose arguments are parsed by `RequestParser`, and whose views are described when that is asked for.

    flask-smorest describes each view at its definition, which takes longer than all other imports of a start.
    """

    ARGUMENTS_PARSER = RequestParser()

    def __init__(self, name: str, import_name: str, *, url_prefix: str | None = None, description: str = "") -> None:
        extra: dict[str, Any] = {"description": description}
        self._undescribed: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
        super().__init__(name, import_name, url_prefix=url_prefix, **extra)

    def _store_endpoint_docs(self, *args: Any, **options: Any) -> None:
        self._undescribed.append((args, options))

    def register_views_in_doc(self, *args: Any, **options: Any) -> None:
        """Describe all views, and add them to the document."""
        while self._undescribed:
            arguments, route_options = self._undescribed.pop(0)
            view = arguments[1]
            view._apidoc = view.describe()
            super()._store_endpoint_docs(*arguments, **route_options)  # type: ignore[misc]
        super().register_views_in_doc(*args, **options)  # type: ignore[misc]


@dataclass(frozen=True)
class Endpoint:
    """The arguments and responses of a view, for parsing and for the document.

    `response_schema` is None for a body that is not JSON; its media type is then `media_type`. `error_statuses` are the
    statuses of refusals beside COMMON_ERROR_STATUSES; `conflict_schema` is the payload of a 409. A `fast` view uses
    nothing of Flask and returns an Answer: plain requests reach it without Flask. A call without `body` refuses
    members in its body, unless the view reads a `raw_body`.
    """

    response_schema: type[ma.Schema] | ma.Schema | None
    status: int = 200
    body: type[ma.Schema] | None = None
    query: type[ma.Schema] = QuerySchema
    headers: type[ma.Schema] | None = None
    error_statuses: tuple[int, ...] = ()
    conflict_schema: type[ProblemSchema] = ProblemSchema
    security: str = ""
    media_type: str = "application/json"
    fast: bool = False
    raw_body: bool = False

    def __call__(self, view: Callable[..., Any]) -> Callable[..., Response]:
        """Return `view` with its arguments parsed and with its documentation.

        flask-smorest only documents: its own wrappers, one for each decorator, cost more than many a view.
        """
        body = _instance(self.body)
        query = _instance(self.query)
        headers = _instance(self.headers)
        response_schema = _instance(self.response_schema)

        @functools.wraps(view)
        def wrapper(**values: Any) -> Response:
            if headers:
                values |= PARSER.parse(headers, request, location="headers")
            if request.query_string or query.fields:
                values |= PARSER.parse(query, request, location="query")
            arguments = []
            if body:
                arguments.append(PARSER.parse(schema_variants.instance_of(body), request))
            elif not self.raw_body:
                refuse_body(request, takes_token=self.headers is TokenHeader)
            result = view(*arguments, **values)
            if isinstance(result, Answer):
                return result.to_response()
            if isinstance(result, Response):
                return result
            response = jsonify(response_schema.dump(result))
            response.status_code = self.status
            return response

        if self.fast:
            wrapper.fast_route = self._fast_route(view)  # type: ignore[attr-defined]
        wrapper.describe = lambda: self._documented(view)._apidoc  # type: ignore[attr-defined]
        return wrapper

    def _fast_route(self, view: Callable[..., Any]) -> FastRoute:
        return FastRoute(
            view=view,
            body=PlainForm.of(self.body) if self.body else None,
            headers=PlainTexts.of_headers(self.headers),
            query=PlainTexts.of_query(self.query),
            needs_token=self.security in ("manageToken", "ownerToken"),
        )

    def _documented(self, view: Callable[..., Any]) -> Any:
        documented: Any = _doc_blueprint.response(self.status, self.response_schema, content_type=self.media_type)(view)
        documented = _refusal("default", ProblemSchema)(documented)
        for status in sorted({*COMMON_ERROR_STATUSES, *self.error_statuses}):
            documented = _refusal(status, self.conflict_schema if status == 409 else ProblemSchema)(documented)
        if self.security:
            schemes = ALTERNATIVES.get(self.security, (self.security,))
            documented = _doc_blueprint.doc(security=[{scheme: []} for scheme in schemes])(documented)
        documented = _doc_blueprint.arguments(self.query, location="query", as_kwargs=True)(documented)
        if self.headers:
            documented = _doc_blueprint.arguments(self.headers, location="headers", as_kwargs=True)(documented)
        if self.body:
            documented = _doc_blueprint.arguments(self.body)(documented)
        return documented


# flask-smorest's decorators only record what they document, so any blueprint's will do.
_doc_blueprint: Any = Blueprint("plain", __name__)


def _instance(schema: type[ma.Schema] | ma.Schema | None) -> Any:
    """Return a schema built once: building one copies all of its fields."""
    return schema() if isinstance(schema, type) else schema


def _refusal(status: int | str, schema: type[ProblemSchema]) -> Any:
    return _doc_blueprint.alt_response(
        status, schema=schema, content_type="application/problem+json", description="Refused"
    )
