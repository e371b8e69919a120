"""Forms of the account's own page: name, password, deletion; with messages in the language of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import marshmallow as ma
from flask import request
from flask_babel import lazy_gettext as _

from accounts.errors import InvalidCredentials
from accounts.schemas import PasswordSchema, ProfileSchema
from core.errors import DomainError, Invalid
from pages.account.forms import FIELD_MESSAGES
from pages.error_messages import message_for

WRONG_PASSWORD = _("This is not your password.")
MISSING_PASSWORD = _("Enter your present password.")


@dataclass(frozen=True)
class ProfileForm:
    """A form: the fields of the schema by the names that they have on the page, where several forms are shown."""

    schema: ma.Schema
    fields: Mapping[str, str]
    # The field of the current password.
    password_field: str = ""

    def load(self) -> Any:
        """Return what was submitted; raises Invalid with a message for each field."""
        submitted = {}
        for shown, name in self.fields.items():
            submitted[name] = request.form.get(shown, "")
        try:
            return self.schema.load(submitted)
        except ma.ValidationError as error:
            raise Invalid(errors=self._messages(error.messages_dict)) from None

    def problems(self, error: DomainError) -> Mapping[str, str]:
        """Return the messages of `error` by field; the empty name is the whole page."""
        if isinstance(error, InvalidCredentials):
            return {self.password_field: str(WRONG_PASSWORD)}
        if error.code == "password_too_common":
            return {"newPassword": message_for(error)}
        if isinstance(error, Invalid) and error.errors:
            return {name: str(messages[0]) for name, messages in error.errors.items()}
        return {"": message_for(error)}

    def _messages(self, errors: Mapping[str, Any]) -> dict[str, list[str]]:
        messages = {}
        for shown, name in self.fields.items():
            if name in errors:
                messages[shown] = [str(self._message(shown, name))]
        return messages

    def _message(self, shown: str, name: str) -> Any:
        if shown == self.password_field:
            return MISSING_PASSWORD
        return FIELD_MESSAGES[name]


NAME = ProfileForm(ProfileSchema(), {"name": "name"})
PASSWORD = ProfileForm(
    ProfileSchema(), {"currentPassword": "currentPassword", "newPassword": "password"}, "currentPassword"
)
DELETION = ProfileForm(PasswordSchema(), {"deletePassword": "password"}, "deletePassword")
