"""Variants of the schemas that ask for contact data, by the rules of the organiser.

A variant is a subclass that replaces the fields with another rule than the schema's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import marshmallow as ma

from core import text
from core.contact.model import DEFAULT_RULES, ContactRules, FieldRule
from core.schema_fields import PHONE, ContactSchema, ParsedString, Phone, Text, VisiblePatternString

MAX_CITY = 80
NO_COUNTRY = "Not an ISO 3166 code in upper case."


class OptionalPhone(Phone):
    """A phone number in E.164, or an empty text."""

    plain_pattern = rf"(?:{PHONE.pattern})?"

    def parse(self, value: str) -> str:
        if not text.strip_invisible(value):
            return ""
        return super().parse(value)


class IgnoredText(ParsedString):
    """A member that is dropped, whatever it is, null included."""

    def parse(self, value: str) -> str:  # noqa: ARG002  # the value is dropped
        return ""

    def deserialize(self, *_: Any, **__: Any) -> str:
        """Return an empty text, also for null, which other fields refuse or keep."""
        return ""


FIELDS: Mapping[tuple[str, FieldRule], Callable[[], ParsedString]] = {
    ("phone", FieldRule.OPTIONAL): lambda: OptionalPhone(load_default="", metadata={"example": "+14155550123"}),
    ("country", FieldRule.OPTIONAL): lambda: VisiblePatternString(
        "([A-Z]{2})?", "US", error=NO_COUNTRY, load_default=""
    ),
    ("city", FieldRule.REQUIRED): lambda: Text(1, MAX_CITY, required=True),
}


def variant(schema: type[ContactSchema], rules: ContactRules) -> type[ContactSchema]:
    """Return `schema` with the fields that `rules` demand; the schema itself if these are its own."""
    fields: dict[str, Any] = {}
    for name, rule in vars(rules).items():
        if name in schema().load_fields and rule is not getattr(DEFAULT_RULES, name):
            fields[name] = _field(name, rule)
    if not fields:
        return schema
    return type(schema.__name__, (schema,), fields)


def adapt_document(component: dict[str, Any], schema: ma.Schema) -> None:
    """Change the OpenAPI `component` of the declared schema into that of its variant."""
    fields = schema.load_fields
    component["required"] = [name for name in component["properties"] if name in fields and fields[name].required]
    for name, field in fields.items():
        if isinstance(field, IgnoredText):
            del component["properties"][name]
        elif name == "country":
            component["properties"][name]["pattern"] = field.metadata["pattern"]
        elif name == "city":
            component["properties"][name]["minLength"] = int(field.required)


def _field(name: str, rule: FieldRule) -> ParsedString:
    if rule is FieldRule.OFF:
        return IgnoredText(load_default="")
    return FIELDS[name, rule]()
