"""Streamed CSV export (RFC 4180) of bookings, with spreadsheet formulas escaped."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import islice

from booking.model import ExportRow
from core.clock import iso

COLUMNS = (
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
)
BOM = "\ufeff"
# Spreadsheets read a cell as a formula if it begins, after blanks, with one of these; full-width forms count too.
SIGNS = r"[=+\-@\uff1d\uff0b\uff0d\uff20]"
BLANKS = r"[\s\u200b\u2060\ufeff]*"
FORMULA = re.compile(rf"{BLANKS}({SIGNS}|[\t\r])|[\t\r]")
# A reader of another dialect splits a cell at one of these, also a quoted one.
INNER_FORMULA = re.compile(
    rf"([,;|\t\r\n\v\f\x1c-\x1f\x85\u2028\u2029\uff0c\uff1b][\s\u200b\u2060\ufeff\"]*)(?={SIGNS})"
)
ROWS_PER_CHUNK = 500


def stream_csv(bookings: Iterable[ExportRow]) -> Iterator[bytes]:
    """Yield the header and the rows of `bookings` in chunks; memory use is one chunk."""
    buffer = io.StringIO(newline="")
    buffer.write(BOM)
    csv.writer(buffer, lineterminator="\r\n").writerow(COLUMNS)
    # A quoted cell is text to most readers, whatever separator they expect.
    writer = csv.writer(buffer, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    rows = map(_row, bookings)
    while chunk := list(islice(rows, ROWS_PER_CHUNK)):
        writer.writerows(chunk)
        yield _drain(buffer)
    yield _drain(buffer)


def escape_formula(cell: str) -> str:
    """Return `cell` with an apostrophe wherever a spreadsheet would read a formula: at its start, after separators."""
    escaped = INNER_FORMULA.sub(r"\1'", cell)
    if FORMULA.match(cell):
        return f"'{escaped}"
    return escaped


def _row(booking: ExportRow) -> tuple[str, ...]:
    return (
        escape_formula(booking.full_name),
        escape_formula(booking.email),
        booking.phone,  # E.164 is a plus sign and digits, so it needs no escaping.
        booking.country,
        booking.date,
        booking.slot_label,
        escape_formula(booking.message),
        iso(booking.created_at),
        escape_formula(booking.city),
        booking.status,
        booking.reference,
        str(booking.seats),
    )


def _drain(buffer: io.StringIO) -> bytes:
    chunk = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return chunk
