"""Request parser: webargs with strict JSON, strict query strings, and status 400 for every error."""

from __future__ import annotations

from typing import Any, NoReturn, cast

import marshmallow as ma
from flask import Request, request
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import UnsupportedMediaType

from core.errors import Invalid

BODYLESS = frozenset({"GET", "HEAD", "OPTIONS"})
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


class QuerySchema(ma.Schema):
    """A query string: unknown and repeated parameters are refused."""

    class Meta:
        unknown = ma.RAISE

    @ma.pre_load
    def refuse_repeats(self, values: Any, **_: Any) -> Any:
        if not hasattr(values, "getlist"):
            return values
        repeated = [name for name in values if len(values.getlist(name)) > 1]
        if repeated:
            raise ma.ValidationError({name: ["Given more than once."] for name in repeated})
        return values


class TokenHeader(ma.Schema):
    """The Authorization header with the token of a signed link."""

    class Meta:
        unknown = ma.EXCLUDE

    authorization = ma.fields.String(data_key="Authorization", load_default="", metadata={"example": "Bearer <token>"})


def bearer_token(authorization: str) -> str:
    """Return the token of the header, or of the form field `token` for clients that cannot set a header."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return request.form.get("token", "")


class RequestParser(FlaskParser):
    """Parses request arguments; every error is 400."""

    DEFAULT_VALIDATION_STATUS = 400
    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": None, "json": None}  # noqa: RUF012

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        """Return the JSON body, which must be an object; other media types are refused with 415."""
        body = req.get_data(cache=True)
        if body and not req.is_json:
            raise UnsupportedMediaType
        return self.object_of(req, body)

    def object_of(self, req: Request, body: bytes) -> dict[str, Any]:
        """Return the JSON object of a body; raises Invalid for anything else."""
        value = None
        try:
            if body:
                value = cast("Any", req).json_module.loads(body.decode())
        except ValueError:
            raise Invalid("The body is not valid JSON.", errors={"body": ["Not valid JSON."]}) from None
        if not isinstance(value, dict):
            raise Invalid("The body must be a JSON object.", errors={"body": ["Not a JSON object."]})
        return value

    def handle_error(self, error: ma.ValidationError, req: Request, schema: ma.Schema, **_: Any) -> NoReturn:
        """Raise Invalid with the messages by field."""
        messages = error.messages if isinstance(error.messages, dict) else {"body": error.messages}
        fields = next(iter(messages.values())) if len(messages) == 1 else messages
        raise Invalid(errors=fields if isinstance(fields, dict) else {"body": fields})


PARSER = RequestParser()


def refuse_body(req: Request, *, takes_token: bool) -> None:
    """Refuse a body other than an empty one or `{}`, of any media type; a form with a token may be allowed.

    The body of a GET request has no meaning.
    """
    if req.method in BODYLESS or (takes_token and req.mimetype in FORMS):
        return
    body = req.get_data(cache=True)
    if body.strip():
        members = PARSER.object_of(req, body)
        if members:
            raise Invalid(errors={name: ["Unknown field."] for name in members})
