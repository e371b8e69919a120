"""JSON of accounts: requests to typed objects, accounts and sessions to responses."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from accounts.model import Credentials, NewAccount, is_well_formed
from core.clock import iso
from core.schema_fields import Email, PersonName

NOT_WELL_FORMED = "Must have 8 to 200 characters, with a letter and a digit."
NOT_UNICODE = "Not a valid text."
MAX_PASSWORD_INPUT = 1_000
MAX_TOKEN = 200


class _StrictSchema(ma.Schema):
    class Meta:
        unknown = ma.RAISE


class ExactString(ma.fields.String):
    """A text that is used exactly as given; lone surrogates, which UTF-8 cannot encode, are refused."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        given: str = super()._deserialize(value, attr, data, **kwargs)
        try:
            given.encode()
        except UnicodeEncodeError:
            raise ma.ValidationError(NOT_UNICODE) from None
        return given


class NewPassword(ExactString):
    """A well-formed password; every character counts, so nothing is trimmed or normalised."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        given: str = super()._deserialize(value, attr, data, **kwargs)
        if not is_well_formed(given):
            raise ma.ValidationError(NOT_WELL_FORMED)
        return given


class GivenPassword(ExactString):
    """A password to verify: any text that could be one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=ma.validate.Length(1, MAX_PASSWORD_INPUT), **kwargs)


class RegistrationSchema(_StrictSchema):
    """A registration."""

    name = PersonName(2, 80, required=True, metadata={"example": "Ada Lovelace"})
    email = Email(required=True, metadata={"format": "email"})
    password = NewPassword(required=True, metadata={"format": "password", "minLength": 8, "maxLength": 200})

    @ma.post_load
    def to_new_account(self, values: dict[str, Any], **_: Any) -> NewAccount:
        return NewAccount(**values)


class CredentialsSchema(_StrictSchema):
    """An e-mail address and a password to sign in with."""

    email = Email(required=True, metadata={"format": "email"})
    password = GivenPassword(required=True, metadata={"format": "password"})

    @ma.post_load
    def to_credentials(self, values: dict[str, Any], **_: Any) -> Credentials:
        return Credentials(**values)


class TokenSchema(_StrictSchema):
    """A one-time token."""

    token = ExactString(required=True, validate=ma.validate.Length(1, MAX_TOKEN))


class EmailSchema(_StrictSchema):
    """An e-mail address."""

    email = Email(required=True, metadata={"format": "email"})


class ResetSchema(TokenSchema):
    """A one-time token and the new password."""

    password = NewPassword(required=True, metadata={"format": "password"})


class PasswordSchema(_StrictSchema):
    """The password of the signed-in person."""

    password = GivenPassword(required=True, metadata={"format": "password"})


class ProfileSchema(_StrictSchema):
    """A new name, or the current password with a new one."""

    name = PersonName(2, 80, metadata={"example": "Ada Lovelace"})
    currentPassword = GivenPassword(attribute="current", metadata={"format": "password"})
    password = NewPassword(metadata={"format": "password"})

    @ma.validates_schema(skip_on_field_errors=True)
    def passwords_come_together(self, values: dict[str, Any], **_: Any) -> None:
        if not values:
            raise ma.ValidationError({"name": ["Give a name, or both passwords."]})
        if ("current" in values) != ("password" in values):
            missing = "password" if "current" in values else "currentPassword"
            raise ma.ValidationError({missing: ["Missing data for required field."]})


class UserSchema(ma.Schema):
    """An account as its owner and administrators see it."""

    id = ma.fields.String()
    email = ma.fields.String()
    name = ma.fields.String()
    role = ma.fields.String()
    emailVerified = ma.fields.Boolean(attribute="email_verified")
    createdAt = ma.fields.Function(
        lambda account: iso(account.created_at), metadata={"type": "string", "format": "date-time"}
    )


class UserResponseSchema(ma.Schema):
    """One account."""

    user = ma.fields.Nested(UserSchema)


class SignedInSchema(UserResponseSchema):
    """The account and its access token."""

    accessToken = ma.fields.String()


class SessionSchema(ma.Schema):
    """A signed-in device."""

    id = ma.fields.String()
    createdAt = ma.fields.String(metadata={"format": "date-time"})
    lastUsedAt = ma.fields.String(metadata={"format": "date-time"})
    userAgent = ma.fields.String()
    current = ma.fields.Boolean()


class SessionsSchema(ma.Schema):
    """The signed-in devices of an account, newest first."""

    data = ma.fields.List(ma.fields.Nested(SessionSchema))
