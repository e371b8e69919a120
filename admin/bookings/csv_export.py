"""Bookings as CSV (RFC 4180), a row at a time, safe to open in a spreadsheet."""

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
# A cell is taken for a formula when it begins, after blanks, with one of these; full-width forms count too.
FORMULA = re.compile(r"[\s\u200b\u2060\ufeff]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]|[\t\r]")
ROWS_A_PIECE = 500


def stream_csv(bookings: Iterable[ExportRow]) -> Iterator[bytes]:
    """Yield the file in pieces: the heading, then the rows of `bookings`, never holding more than a piece."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write(BOM)
    writer.writerow(COLUMNS)
    rows = map(_row, bookings)
    while piece := list(islice(rows, ROWS_A_PIECE)):
        writer.writerows(piece)
        yield _drain(buffer)
    yield _drain(buffer)


def escape_formula(cell: str) -> str:
    """Return `cell` such that no spreadsheet takes it for a formula."""
    return f"'{cell}" if cell and FORMULA.match(cell) else cell


def _row(booking: ExportRow) -> tuple[str, ...]:
    return (
        escape_formula(booking.full_name),
        escape_formula(booking.email),
        booking.phone,  # E.164 begins with a plus sign and is nothing but digits behind it.
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
    piece = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return piece
