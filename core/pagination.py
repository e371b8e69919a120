"""Keyset pagination: a page of items, and the cursor of the item where the next page begins."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
NOT_A_CURSOR = "not a cursor"


def count_pages(total: int, limit: int) -> int:
    """Return the number of pages with `limit` of `total` items each."""
    return -(-total // limit)


@dataclass(frozen=True)
class Cursor:
    """The last item of a page: its id and, unless the items are ordered by id, the order and its value there."""

    id: str
    value: str = ""
    order: str = ""

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Return the cursor whose text is `text`; raises ValueError if there is none."""
        prefix, _, id_ = text.rpartition(".")
        order, _, value = prefix.partition(".")
        padded = value.encode() + b"=" * (-len(value) % 4)
        try:
            cursor = cls(id_, urlsafe_b64decode(padded).decode(), order)
        except ValueError as error:
            raise ValueError(NOT_A_CURSOR) from error
        if str(cursor) != text:
            raise ValueError(NOT_A_CURSOR)
        return cursor

    def __str__(self) -> str:
        if not self.order:
            return self.id
        value = urlsafe_b64encode(self.value.encode()).decode().rstrip("=")
        return f"{self.order}.{value}.{self.id}"


@dataclass(frozen=True)
class Page(Generic[T]):
    """Items of a listing; `next` is the cursor of the following page, or None on the last one."""

    items: Sequence[T]
    next: Cursor | None = None

    @classmethod
    def first_of(cls, found: Sequence[T], limit: int, cursor_of: Callable[[T], Cursor]) -> Page[T]:
        """Return the first `limit` items of `found`; a further item means that another page follows."""
        items = found[:limit]
        if len(found) <= limit:
            return cls(items)
        return cls(items, cursor_of(items[-1]))
