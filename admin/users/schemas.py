"""Schemas of the back office's accounts."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from accounts.model import AccountChange, Role
from accounts.schemas import UserSchema
from admin.schemas import MAX_PAGE_SIZE
from core.schema_fields import ClampedInteger, NormalizedString, StrictBoolean
from core.web.request_parser import QuerySchema

MAX_PAGE = 1_000_000
MAX_EMAIL = 254


class UsersQuery(QuerySchema):
    """The page of all accounts, or the account with `email`."""

    email = NormalizedString(str.lower, MAX_EMAIL)
    page = ClampedInteger(MAX_PAGE, load_default=1, metadata={"minimum": 1})
    limit = ClampedInteger(MAX_PAGE_SIZE, load_default=15, metadata={"minimum": 1})


class AccountChangeSchema(ma.Schema):
    """A new role, or whether the account is disabled."""

    class Meta:
        unknown = ma.RAISE

    role = ma.fields.Enum(Role, by_value=True)
    disabled = StrictBoolean()

    @ma.validates_schema
    def not_empty(self, values: dict[str, Any], **_: Any) -> None:
        """Refuse an empty change."""
        if not values:
            raise ma.ValidationError({"role": ["Give role, disabled, or both."]})

    @ma.post_load
    def to_change(self, values: dict[str, Any], **_: Any) -> AccountChange:
        return AccountChange(**values)


class AdminUserSchema(UserSchema):
    """An account in the back office."""

    disabled = ma.fields.Boolean()


class UsersSchema(ma.Schema):
    """A page of accounts in the order of their e-mail addresses."""

    items = ma.fields.List(ma.fields.Nested(AdminUserSchema))
    total = ma.fields.Integer()
    page = ma.fields.Integer()
    limit = ma.fields.Integer()
    totalPages = ma.fields.Integer()
