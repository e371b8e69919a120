"""flask-smorest, told about this service: strict parsing at the door, the one error payload, OpenAPI 3.1."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, cast

import flask_smorest
import marshmallow as ma
import orjson
from flask import Flask, Request, Response, jsonify, request
from flask.json.provider import JSONProvider
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import HTTPException, UnsupportedMediaType

from core.errors import Invalid
from core.web import problem_details


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


# Made once: json.loads with options makes a decoder for each call.
STRICT_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)

if TYPE_CHECKING:
    # flask-smorest has no types; its blueprints are Flask's, with decorators that only `Door` calls.
    from flask import Blueprint as _Blueprint
else:
    from flask_smorest import Blueprint as _Blueprint


class OrjsonProvider(JSONProvider):
    """Writes JSON with orjson, which is several times faster, and reads it with the standard library.

    The standard library keeps lone surrogates, so that validation can name the field they are in.
    """

    def dumps(self, obj: Any, **_: Any) -> str:
        """Return `obj` as JSON."""
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        """Return what the JSON text `s` says; raises ValueError when it is not strict JSON."""
        try:
            return STRICT_DECODER.decode(s if isinstance(s, str) else s.decode())
        except RecursionError:
            raise ValueError("nested too deeply") from None

    def response(self, *args: Any, **kwargs: Any) -> Any:
        """Return a response with the body as JSON."""
        obj = self._prepare_response_obj(args, kwargs)
        return Response(orjson.dumps(obj), mimetype="application/json")


class QuerySchema(ma.Schema):
    """A query string: unknown and repeated parameters are refused."""

    class Meta:
        """Unknown parameters are refused, whatever webargs would do."""

        unknown = ma.RAISE

    @ma.pre_load
    def refuse_repeats(self, values: Any, **_: Any) -> Any:
        """Refuse a parameter that is given more than once."""
        if hasattr(values, "getlist"):
            repeated = {name: ["Given more than once."] for name in values if len(values.getlist(name)) > 1}
            if repeated:
                raise ma.ValidationError(repeated)
        return values


class TokenHeader(ma.Schema):
    """The token of a signed link."""

    class Meta:
        """Other headers are none of its business."""

        unknown = ma.EXCLUDE

    authorization = ma.fields.String(data_key="Authorization", load_default="", metadata={"example": "Bearer <token>"})


def bearer_token(authorization: str) -> str:
    """Return the token of the header, or of the form field `token` for clients that cannot set a header."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else request.form.get("token", "")


class RequestParser(FlaskParser):
    """Parses request arguments; whatever is wrong with them is 400."""

    DEFAULT_VALIDATION_STATUS = 400
    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": None, "json": None}  # noqa: RUF012

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        """Return the JSON body, which must be an object; refuse other media types with 415."""
        body = req.get_data(cache=True)
        if body and not req.is_json:
            raise UnsupportedMediaType
        try:
            value = cast("Any", req).json_module.loads(body.decode()) if body else None
        except ValueError:
            raise Invalid("The body is not valid JSON.", errors={"body": ["Not valid JSON."]}) from None
        if not isinstance(value, dict):
            raise Invalid("The body must be a JSON object.", errors={"body": ["Not a JSON object."]})
        return value

    def handle_error(self, error: ma.ValidationError, req: Request, schema: ma.Schema, **_: Any) -> NoReturn:
        """Raise Invalid with the sentences by field."""
        messages = error.messages if isinstance(error.messages, dict) else {"body": error.messages}
        fields = next(iter(messages.values())) if len(messages) == 1 else messages
        raise Invalid(errors=fields if isinstance(fields, dict) else {"body": fields})


class Blueprint(_Blueprint):
    """A blueprint whose arguments go through `Parser`."""

    ARGUMENTS_PARSER = RequestParser()

    def __init__(self, name: str, import_name: str, *, url_prefix: str | None = None, description: str = "") -> None:
        """Describe the blueprint in the document."""
        extra: dict[str, Any] = {"description": description}
        super().__init__(name, import_name, url_prefix=url_prefix, **extra)


class ProblemSchema(ma.Schema):
    """The one shape of every refusal (RFC 9457)."""

    type = ma.fields.String(required=True, metadata={"example": "/problems/slot-full"})
    title = ma.fields.String(required=True, metadata={"example": "Slot is full"})
    status = ma.fields.Integer(required=True, metadata={"example": 409})
    code = ma.fields.String(required=True, metadata={"example": "slot_full"})
    detail = ma.fields.String(required=True)
    message = ma.fields.String(required=True, metadata={"example": "Slot is full."})
    requestId = ma.fields.String(required=True)
    errors = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Raw())


class Api(flask_smorest.Api):
    """The API's document; errors are answered by `core.web.errors` alone."""

    ERROR_SCHEMA = ProblemSchema
    # Its own would be application/json.
    DEFAULT_ERROR_RESPONSE_NAME = None

    def handle_http_exception(self, error: HTTPException) -> Any:
        """Answer with the one payload."""
        return problem_details.on_http_error(error)


def install(app: Flask, *, version: str, blueprints: list[Blueprint]) -> Api:
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
    api.spec.components.security_scheme("manageToken", {"type": "http", "scheme": "bearer"})
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    return api


@dataclass(frozen=True)
class Endpoint:
    """What a view takes and answers, for parsing and for the document.

    `answer` is None for a body that is no JSON, whose media type is then `media_type`; `refuses` are the statuses of
    the error payload it may answer beside those that every view may: 400, 429 and 503; `conflict` is the payload of its
    409.
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

    def __call__(self, view: Callable[..., Any]) -> Callable[..., Response]:
        """Return `view` with its arguments parsed and itself documented.

        flask-smorest only documents: its own wrappers, one for each decorator, cost more than many a view.
        """
        body, query, headers = _instance(self.body), _instance(self.query), _instance(self.headers)
        answer = _instance(self.response_schema)

        @functools.wraps(view)
        def enter(**values: Any) -> Response:
            if headers:
                values |= PARSER.parse(headers, request, location="headers")
            if request.query_string or query.fields:
                values |= PARSER.parse(query, request, location="query")
            result = view(PARSER.parse(body, request), **values) if body else view(**values)
            if isinstance(result, Response):
                return result
            response = jsonify(answer.dump(result))
            response.status_code = self.status
            return response

        enter._apidoc = copy.deepcopy(self._documented(view)._apidoc)  # type: ignore[attr-defined]
        return enter

    def _documented(self, view: Callable[..., Any]) -> Any:
        documented: Any = _doc_blueprint.response(self.status, self.response_schema, content_type=self.media_type)(view)
        documented = _refusal("default", ProblemSchema)(documented)
        for status in sorted({400, 429, 503, *self.error_statuses}):
            documented = _refusal(status, self.conflict_schema if status == 409 else ProblemSchema)(documented)
        if self.security:
            documented = _doc_blueprint.doc(security=[{self.security: []}])(documented)
        documented = _doc_blueprint.arguments(self.query, location="query", as_kwargs=True)(documented)
        if self.headers:
            documented = _doc_blueprint.arguments(self.headers, location="headers", as_kwargs=True)(documented)
        return _doc_blueprint.arguments(self.body)(documented) if self.body else documented


PARSER = RequestParser()
# The decorators of flask-smorest only write down what they are told; any blueprint's will do.
_doc_blueprint: Any = Blueprint("plain", __name__)


def _instance(schema: type[ma.Schema] | ma.Schema | None) -> Any:
    """Return a schema made once: making one copies all of its fields."""
    return schema() if isinstance(schema, type) else schema


def _refusal(status: int | str, schema: type[ProblemSchema]) -> Any:
    return _doc_blueprint.alt_response(
        status, schema=schema, content_type="application/problem+json", description="Refused"
    )
