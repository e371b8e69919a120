"""Plain forms: the plain case of a request, decoded and checked with msgspec as a marshmallow schema declares it.

A plain form may only accept. What it does not accept goes to the schema, which alone makes errors and OpenAPI. A form
is generated from the schema's fields and calls their functions, so that it has no rules of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

import marshmallow as ma
import msgspec

from core.schema_fields import ClampedInteger, ParsedString, TypedSchema, WholeNumber

# Removes the characters of a query string, beside letters and digits, that mean themselves or separate parameters.
_WITHOUT_MARKS = str.maketrans("", "", "-._=&")


class NoPlainForm(TypeError):
    """The schema has a field or a validator that no plain form knows."""


@dataclass(frozen=True)
class PlainField:
    """A text of a request: its name, its attribute in the result, and the rules of its field.

    `parse` is None if `pattern` and the lengths are all there is to check. The text of a query may be a number.
    """

    name: str
    attribute: str
    least: int
    most: int | None
    default: Any = msgspec.NODEFAULT
    parse: Callable[[str], Any] | None = None
    pattern: str = ""

    @classmethod
    def of(cls, name: str, field: ma.fields.Field[Any]) -> PlainField:
        """Return the plain case of a field; raises NoPlainForm."""
        if isinstance(field, ClampedInteger) and isinstance(field.load_default, int):
            return cls(name, field.attribute or name, 0, None, field.load_default, field.parse)
        if not isinstance(field, ParsedString) and type(field) is not ma.fields.String:
            raise NoPlainForm(f"{name} is a {type(field).__name__}")
        if not field.required and not isinstance(field.load_default, str | None):
            raise NoPlainForm(f"{name} has no text as its default")
        length = _only_length(name, field)
        plain = cls(field.data_key or name, field.attribute or name, length.min or 0, length.max)
        if not field.required:
            plain = replace(plain, default=field.load_default)
        if isinstance(field, ParsedString):
            plain = replace(plain, parse=field.parse, pattern=field.plain_pattern)
        return plain

    @property
    def is_parsed(self) -> bool:
        """Whether the checks of msgspec are not enough."""
        return self.parse is not None and not self.pattern

    def declaration(self) -> tuple[str, Any, Any]:
        """Return the field of a msgspec structure; parsing may shorten a text, so its least length is checked later."""
        limits: dict[str, Any] = {"max_length": self.most}
        if not self.is_parsed:
            limits["min_length"] = self.least
        if self.pattern:
            limits["pattern"] = rf"(?a)\A(?:{self.pattern})\Z"
        type_ = Annotated[str, msgspec.Meta(**limits)]
        return self.attribute, type_, msgspec.field(default=self.default, name=self.name)

    def parsed(self, text: str) -> Any:
        """Return `text` as the field does; raises ValueError, also where only the schema knows the answer."""
        value: Any = text
        if self.parse is not None:
            value = self.parse(text)
        if not isinstance(value, str):
            return value
        if len(value) < self.least or (self.most is not None and len(value) > self.most):
            raise ValueError(self.name)
        return value


@dataclass(frozen=True)
class PlainForm:
    """Makes the result of a schema from a body that is plainly valid."""

    decode: Callable[[bytes], Any]
    parsed_fields: tuple[PlainField, ...]
    schema: type[TypedSchema]

    @classmethod
    def of(cls, schema: type[ma.Schema]) -> PlainForm:
        """Return the plain form of `schema`; raises NoPlainForm."""
        if not issubclass(schema, TypedSchema):
            raise NoPlainForm(f"{schema.__name__} has no result type")
        fields = _fields_of(schema)
        declared = [field.declaration() for field in fields]
        structure = msgspec.defstruct(f"Plain{schema.__name__}", declared, kw_only=True, forbid_unknown_fields=True)
        parsed = tuple(field for field in fields if field.is_parsed)
        return cls(msgspec.json.Decoder(structure).decode, parsed, schema)

    def load(self, body: bytes) -> Any:
        """Return what the schema makes of `body`, or None for the schema to decide."""
        try:
            values = msgspec.structs.asdict(self.decode(body))
            for field in self.parsed_fields:
                values[field.attribute] = field.parsed(values[field.attribute])
        except (ValueError, RecursionError):
            return None
        if not self.schema.is_plain(values):
            return None
        return self.schema.result_type(**values)


@dataclass(frozen=True)
class PlainTexts:
    """Makes the arguments of a schema from headers or parameters that are plainly valid."""

    fields: tuple[tuple[str, PlainField], ...] = ()

    @classmethod
    def of_headers(cls, schema: type[ma.Schema] | None) -> PlainTexts:
        """Return the plain case of a schema of headers, by their names in a WSGI environment."""
        if schema is None:
            return cls()
        return cls(tuple((f"HTTP_{field.name.upper().replace('-', '_')}", field) for field in _fields_of(schema)))

    @classmethod
    def of_query(cls, schema: type[ma.Schema]) -> PlainTexts:
        """Return the plain case of a schema of a query string."""
        return cls(tuple((field.name, field) for field in _fields_of(schema)))

    def load(self, given: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the arguments, or None for the schema to decide."""
        values: dict[str, Any] = {}
        try:
            for name, field in self.fields:
                values[field.attribute] = field.default
                if name in given:
                    values[field.attribute] = field.parsed(given[name])
        except ValueError:
            return None
        if msgspec.NODEFAULT in values.values():
            return None
        return values

    def load_query(self, query: str) -> dict[str, Any] | None:
        """Return the arguments of a query string without escapes, unknown and repeated names, else None."""
        if not query:
            return self.load({})
        unmarked = query.translate(_WITHOUT_MARKS)
        if not unmarked.isascii() or not unmarked.isalnum():
            return None
        given = {}
        pairs = query.split("&")
        for pair in pairs:
            name, _, value = pair.partition("=")
            given[name] = value
        known = {name for name, _ in self.fields}
        if len(given) == len(pairs) == query.count("=") and given.keys() <= known:
            return self.load(given)
        return None


def _fields_of(schema: type[ma.Schema]) -> list[PlainField]:
    return [PlainField.of(name, field) for name, field in schema().load_fields.items() if not _is_left_out(field)]


def _is_left_out(field: ma.fields.Field[Any]) -> bool:
    """Return whether the plain case is a request without this field: a number that the result has by default."""
    return isinstance(field, WholeNumber) and isinstance(field.load_default, int)


def _only_length(name: str, field: ma.fields.Field[Any]) -> ma.validate.Length:
    """Return the length that is the only validator of a field."""
    if not field.validators:
        return ma.validate.Length(min=0)
    only, *others = field.validators
    if others or not isinstance(only, ma.validate.Length) or only.equal is not None:
        raise NoPlainForm(f"{name} has validators other than a length")
    return only
