"""Schemas that several parts of the back office share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import marshmallow as ma

from core.pagination import Cursor

INVALID_CURSOR = "Not a cursor of this listing in this order."
ID_PATTERN = "[0-9a-f]{32}"
EXAMPLE = Cursor("019cb1d2e3f4000000000000000000a1")

MAX_PAGE_SIZE = 100


class CursorField(ma.fields.Field[Cursor]):
    """The `next` of the previous answer: a cursor whose id, and whose value if it has one, match patterns."""

    def __init__(
        self, id_pattern: str, value_pattern: str = "", *, orders: Sequence[str] = ("",), example: Cursor = EXAMPLE
    ) -> None:
        pattern = rf"^([a-z]+\.[A-Za-z0-9_-]*\.)?{id_pattern}$"
        super().__init__(load_default=None, metadata={"type": "string", "pattern": pattern, "example": str(example)})
        self._id = re.compile(id_pattern, re.ASCII)
        self._value = re.compile(value_pattern, re.DOTALL)
        self._orders = orders

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Cursor:
        try:
            cursor = Cursor.parse(str(value))
        except ValueError as error:
            raise ma.ValidationError(INVALID_CURSOR) from error
        if cursor.order not in self._orders or not self._matches(cursor):
            raise ma.ValidationError(INVALID_CURSOR)
        return cursor

    def _matches(self, cursor: Cursor) -> bool:
        return bool(self._id.fullmatch(cursor.id) and self._value.fullmatch(cursor.value))


class ValidSchema(ma.Schema):
    """The key is right."""

    success = ma.fields.Boolean()
