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
)
BOM = "\ufeff"
# Spreadsheets read a cell as a formula if it begins, after blanks, with one of these; full-width forms count too.
FORMULA = re.compile(r"[\s\u200b\u2060\ufeff]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]|[\t\r]")
ROWS_PER_CHUNK = 500


def stream_csv(bookings: Iterable[ExportRow]) -> Iterator[bytes]:
    """Yield the header and the rows of `bookings` in chunks; memory use is one chunk."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write(BOM)
    writer.writerow(COLUMNS)
    rows = map(_row, bookings)
    while chunk := list(islice(rows, ROWS_PER_CHUNK)):
        writer.writerows(chunk)
        yield _drain(buffer)
    yield _drain(buffer)


def escape_formula(cell: str) -> str:
    """Return `cell` with a leading apostrophe if a spreadsheet would read it as a formula."""
    return f"'{cell}" if cell and FORMULA.match(cell) else cell


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
    )


def _drain(buffer: io.StringIO) -> bytes:
    chunk = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return chunk
