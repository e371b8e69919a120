"""Account forms: fields to typed objects by the API's schemas, with messages in the language of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import marshmallow as ma
from flask import Response, request
from flask_babel import lazy_gettext as _

from accounts.schemas import CredentialsSchema, EmailSchema, RegistrationSchema, ResetSchema, TokenSchema
from core import text
from core.errors import DomainError, Invalid
from pages.account.link_token import parse_token
from pages.error_messages import message_for
from pages.rendering import render_page

FIELD_MESSAGES: Mapping[str, str] = {
    "name": _("Enter your name, in 2 to 80 characters."),
    "email": _("Enter your e-mail address, such as ada@example.org."),
    "password": _("Enter a password of 8 to 200 characters, with a letter and a digit."),
    "token": _("Paste the whole link from your e-mail."),
}
MISSING_PASSWORD = _("Enter your password.")
# The field beside which the error of a code is shown; others are shown above the form.
FIELD_OF_CODE = {
    "email_taken": "email",
    "password_too_common": "password",  # nosec B105 # the name of a field
    "token_invalid": "token",  # nosec B105 # the name of a field
}
# Never sent back to the browser.
SECRET_FIELDS = frozenset({"password"})


@dataclass(frozen=True)
class AccountForm:
    """A form: its page, the schema of its fields, and the path of its page."""

    template: str
    schema: ma.Schema
    path: str
    field_messages: Mapping[str, str] = field(default_factory=dict)

    def load(self) -> Any:
        """Return the typed object that was submitted; raises Invalid with a message for each field."""
        submitted = {}
        for name in self.schema.fields:
            value = _normalized(name, request.form.get(name, ""))
            if value:
                submitted[name] = value
        try:
            return self.schema.load(submitted)
        except ma.ValidationError as error:
            raise Invalid(errors=self._messages(error.messages_dict)) from None

    def render(self, error: DomainError | None = None, **values: Any) -> Response:
        """Return the page with what was typed, but without passwords, and the messages of `error`."""
        typed = {}
        for name in self.schema.fields.keys() - SECRET_FIELDS:
            typed[name] = request.form.get(name, "")
        problems = _problems(error) if error else {}
        shared = {"values": typed, "problems": problems, "current_path": self.path, "next_path": ""}
        return render_page(self.template, **{**shared, **values})

    def _messages(self, errors: Mapping[str, Any]) -> dict[str, list[str]]:
        """Return the messages for people in the order of the page."""
        messages = {}
        for name in self.schema.fields:
            if name in errors:
                messages[name] = [str(self.field_messages.get(name) or FIELD_MESSAGES[name])]
        return messages


SIGN_IN = AccountForm("account/sign_in.html", CredentialsSchema(), "/sign-in", {"password": MISSING_PASSWORD})
SIGN_UP = AccountForm("account/sign_up.html", RegistrationSchema(), "/sign-up")
VERIFY_EMAIL = AccountForm("account/verify_email.html", TokenSchema(), "/account/verify-email")
FORGOT_PASSWORD = AccountForm("account/forgot_password.html", EmailSchema(), "/account/forgot-password")
RESET_PASSWORD = AccountForm("account/reset_password.html", ResetSchema(), "/account/reset-password")
FORMS: Mapping[str, AccountForm] = {
    "sign_in": SIGN_IN,
    "sign_up": SIGN_UP,
    "verify_email": VERIFY_EMAIL,
    "forgot_password": FORGOT_PASSWORD,
    "reset_password": RESET_PASSWORD,
}


def _normalized(name: str, value: str) -> str:
    """Return `value` as its field reads it; every character of a password counts."""
    if name in SECRET_FIELDS:
        return value
    if name == "token":  # nosec B105 # the name of a field
        return parse_token(value)
    return text.strip_invisible(value).strip() if name == "email" else value.strip()


def _problems(error: DomainError) -> Mapping[str, str]:
    """Return the messages of `error` by field; the empty name is the whole form."""
    if isinstance(error, Invalid) and error.errors and error.code not in FIELD_OF_CODE:
        problems = {}
        for name, messages in error.errors.items():
            problems[name] = str(messages[0])
        return problems
    return {FIELD_OF_CODE.get(error.code, ""): message_for(error)}
