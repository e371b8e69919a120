"""Query strings and answers of a sign-in with a provider."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from accounts.openid.model import AuthorizationResponse
from core.own_paths import is_own_path
from core.web.request_parser import QuerySchema

MAX_PARAMETER = 4_000


class ReturnPath(ma.fields.String):
    """A path of this service."""

    def __init__(self) -> None:
        super().__init__(load_default="/", attribute="return_to", metadata={"example": "/account"})

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        given: str = super()._deserialize(value, attr, data, **kwargs)
        if not is_own_path(given):
            raise ma.ValidationError("Must be a path of this service, such as /account.")
        return given


class StartQuery(QuerySchema):
    """Where the browser goes after the sign-in."""

    returnTo = ReturnPath()


class CallbackQuery(QuerySchema):
    """What the provider answers. Providers add parameters of their own, which are ignored."""

    class Meta:
        unknown = ma.EXCLUDE

    state = ma.fields.String(load_default="", validate=ma.validate.Length(max=MAX_PARAMETER))
    code = ma.fields.String(load_default="", validate=ma.validate.Length(max=MAX_PARAMETER))
    iss = ma.fields.String(load_default="", attribute="issuer", validate=ma.validate.Length(max=MAX_PARAMETER))
    error = ma.fields.String(load_default="", validate=ma.validate.Length(max=MAX_PARAMETER))

    @ma.post_load
    def to_response(self, values: dict[str, Any], **_: Any) -> dict[str, AuthorizationResponse]:
        return {"given": AuthorizationResponse(**values)}


class ProvidersSchema(ma.Schema):
    """The names of the providers."""

    data = ma.fields.List(ma.fields.String())
