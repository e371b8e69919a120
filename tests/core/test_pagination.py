"""Cursors and pages of listings."""

from __future__ import annotations

import pytest

from core.pagination import NOT_A_CURSOR, Cursor, Page

ID = "0" * 32


def cursor_of(item: int) -> Cursor:
    return Cursor(str(item))


@pytest.mark.parametrize("value", ["", "2026-03-01", "\u05e2\u05d3\u05d4 \u00e9", "a.b", "\x00"])
def test_cursor_text_is_parsed_to_the_same_cursor(value: str) -> None:
    cursor = Cursor(ID, value, "name")

    assert Cursor.parse(str(cursor)) == cursor


def test_cursor_of_the_order_by_id_is_the_id() -> None:
    assert str(Cursor(ID)) == ID
    assert Cursor.parse(ID) == Cursor(ID)


@pytest.mark.parametrize("text", [f".{ID}", f"name.?.{ID}", f"name._w.{ID}", f"name.YQ==.{ID}", f"YQ.{ID}", f"..{ID}"])
def test_any_other_text_is_no_cursor(text: str) -> None:
    with pytest.raises(ValueError, match=NOT_A_CURSOR):
        Cursor.parse(text)


@pytest.mark.parametrize(
    ("found", "items", "following"),
    [([], [], None), ([1, 2], [1, 2], None), ([1, 2, 3], [1, 2, 3], None), ([1, 2, 3, 4], [1, 2, 3], Cursor("3"))],
)
def test_page_has_a_next_cursor_only_if_more_follows(found: list[int], items: list[int], following: Cursor) -> None:
    assert Page.first_of(found, 3, cursor_of) == Page(items, following)
