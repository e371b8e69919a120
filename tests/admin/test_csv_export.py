"""Rows of the export: no cell is a formula, wherever it begins."""

from __future__ import annotations

import csv as reader
import io
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from admin.bookings import csv_export
from booking.model import ExportRow

BOOKING = ExportRow(
    full_name="Ada Lovelace",
    email="ada@example.org",
    phone="+14155550123",
    country="US",
    date="2026-03-05",
    slot_label="10:00-11:00",
    message="",
    created_at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
    city="London",
    status="confirmed",
    reference="K7MP-4QXD",
    seats=2,
)
SIGNS = "=+-@\t\r\uff1d\uff0b\uff0d\uff20"
BLANKS = ["", " ", "   ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u2003", "\ufeff", "\u200b", " \u00a0\t "]


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("blanks", BLANKS)
def test_a_cell_that_begins_like_a_formula_after_blanks_is_neutralised(sign: str, blanks: str) -> None:
    cell = f"{blanks}{sign}1+1"

    escaped = csv_export.escape_formula(cell)

    assert escaped.startswith(f"'{blanks[:1]}")
    assert escaped.replace("'", "") == cell


@pytest.mark.parametrize("cell", ["", "Ada", "1+1", "a=b", "'=1", " Ada", "(=1)", "\u2014", "\n", "3-4", "\u674e"])
def test_any_other_cell_is_left_alone(cell: str) -> None:
    assert csv_export.escape_formula(cell) == cell


def rows(*bookings: ExportRow) -> list[list[str]]:
    text = b"".join(csv_export.stream_csv(bookings)).decode("utf-8-sig")
    return list(reader.reader(io.StringIO(text, newline=""), strict=True))


def test_phone_numbers_are_the_exception() -> None:
    assert rows(BOOKING)[1][2] == "+14155550123"


def test_a_file_is_a_heading_and_a_row_for_each_booking() -> None:
    cancelled = BOOKING._replace(reference="XXXX-XXXX", status="cancelled")

    heading, first, second = rows(BOOKING, cancelled)

    assert heading == [
        "Full Name",
        "Email",
        "Phone",
        "Country",
        "Date",
        "Slot",
        "Message",
        "Created At",
        "City",
        "Status",
        "Reference",
        "Seats",
    ]
    assert first == [
        "Ada Lovelace",
        "ada@example.org",
        "+14155550123",
        "US",
        "2026-03-05",
        "10:00-11:00",
        "",
        "2026-03-01T09:30:00.000Z",
        "London",
        "confirmed",
        "K7MP-4QXD",
        "2",
    ]
    assert second[-3:] == ["cancelled", "XXXX-XXXX", "2"]


def test_a_file_of_no_one_is_a_heading_with_its_mark() -> None:
    assert b"".join(csv_export.stream_csv([])).startswith(b"\xef\xbb\xbfFull Name,Email,")
    assert len(rows()) == 1


def test_no_more_than_a_piece_is_held() -> None:
    taken = 0

    def many() -> object:
        nonlocal taken
        for _ in range(1200):
            taken += 1
            yield BOOKING

    pieces = csv_export.stream_csv(many())  # type: ignore[arg-type]

    assert next(pieces).count(b"\r\n") == 501
    assert taken == 500
    assert sum(piece.count(b"\r\n") for piece in pieces) == 700


@given(st.text(), st.text())
@settings(max_examples=200, derandomize=True, database=None)
def test_csv_cell_is_read_back_and_starts_no_formula(name: str, message: str) -> None:
    (_, row) = rows(BOOKING._replace(full_name=name, message=message))

    assert row[0].replace("'", "") == name.replace("'", "")
    assert row[6].replace("'", "") == message.replace("'", "")
    for cell in (row[0], row[6]):
        assert not cell.lstrip().startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20"))


@pytest.mark.parametrize(
    ("cell", "escaped"),
    [
        ("Ann;=1+1", "Ann;'=1+1"),
        ("Ann; =1+1", "Ann; '=1+1"),
        ("Ann,@SUM(A1)", "Ann,'@SUM(A1)"),
        ("Ann|-1", "Ann|'-1"),
        ("a\tb\t+1", "a\tb\t'+1"),
        ("one\n=two\r\n-three", "one\n'=two\r\n'-three"),
        ('Ann;"=1+1"', 'Ann;"\'=1+1"'),
        ("\uff1b\uff1d1", "\uff1b'\uff1d1"),
        ("Ann;\u200b=1", "Ann;\u200b'=1"),
        (";=1;=2", ";'=1;'=2"),
        ("=1;=2", "'=1;'=2"),
        ("a;b, c|d", "a;b, c|d"),
        ("well-known = fine", "well-known = fine"),
    ],
)
def test_formula_after_a_separator_within_a_cell_is_neutralised(cell: str, escaped: str) -> None:
    assert csv_export.escape_formula(cell) == escaped


SEPARATORS = [",", ";", "\t", "|"]
ATTACKS = [
    f"{start}{sign}1+1" for start in ("", "x", "Ann;", "Ann,", "a|", "a\t", "a\n", 'a;"', 'a"', '";') for sign in SIGNS
]


def dialect_cells(text: str, separator: str, quoting: int) -> list[str]:
    reading = reader.reader(io.StringIO(text, newline=""), delimiter=separator, quoting=quoting)  # type: ignore[arg-type]
    return [cell for row in reading for cell in row]


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("quoting", [reader.QUOTE_MINIMAL, reader.QUOTE_NONE], ids=["quotes", "no-quotes"])
def test_no_dialect_reads_a_formula_from_the_file(separator: str, quoting: int) -> None:
    attacks = [BOOKING._replace(full_name=text, message=text, city=text) for text in ATTACKS]
    text = b"".join(csv_export.stream_csv(attacks)).decode("utf-8-sig")

    formulas = [cell for cell in dialect_cells(text, separator, quoting) if starts_formula(cell)]

    assert {cell.strip('"') for cell in formulas} <= {BOOKING.phone}


def test_control_without_inner_escapes_a_dialect_reads_a_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_export, "INNER_FORMULA", re.compile("(?!)()"))
    attack = BOOKING._replace(message="Ann;=1+1")
    text = b"".join(csv_export.stream_csv([attack])).decode("utf-8-sig")

    assert any(starts_formula(cell) for cell in dialect_cells(text, ";", reader.QUOTE_MINIMAL))


def starts_formula(cell: str) -> bool:
    return cell.lstrip(' \t\r\n"\u200b').startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20"))


def test_all_cells_of_a_row_are_quoted() -> None:
    text = b"".join(csv_export.stream_csv([BOOKING])).decode("utf-8-sig")

    _, line, _ = text.split("\r\n")
    assert line.startswith('"Ada Lovelace","ada@example.org","+14155550123",')
    assert line.count('"') == 2 * len(csv_export.COLUMNS)
