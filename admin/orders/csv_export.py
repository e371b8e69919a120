"""Streamed CSV export of orders, a row for each item."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator

from admin.bookings.csv_export import BOM, escape_formula
from core.clock import iso
from events.money import Money
from orders.holds.model import HeldItem
from orders.model import Order

COLUMNS = (
    "Order",
    "Created At",
    "Status",
    "Name",
    "Email",
    "Event",
    "Tier",
    "Quantity",
    "Price",
    "Amount",
    "Currency",
    "Refunded",
    "Payment",
)
ROWS_PER_CHUNK = 500


def stream_csv(orders: Iterable[Order], title_of: Callable[[str], str]) -> Iterator[bytes]:
    """Yield the header and the rows of `orders` in chunks; `title_of` returns the title of an event."""
    buffer = io.StringIO(newline="")
    buffer.write(BOM)
    csv.writer(buffer, lineterminator="\r\n").writerow(COLUMNS)
    writer = csv.writer(buffer, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    for number, order in enumerate(orders, 1):
        writer.writerows(_row(order, item, title_of(item.event_id)) for item in order.items)
        if number % ROWS_PER_CHUNK == 0:
            yield _drain(buffer)
    yield _drain(buffer)


def _row(order: Order, item: HeldItem, title: str) -> tuple[str, ...]:
    currency = order.currency
    return (
        order.id,
        iso(order.created_at),
        order.status,
        escape_formula(order.name),
        escape_formula(order.email),
        escape_formula(title),
        escape_formula(item.code),
        str(item.quantity),
        str(Money(item.price, currency)),
        str(Money(item.price * item.quantity, currency)),
        currency,
        str(Money(order.refunded, currency)),
        order.payment_id,
    )


def _drain(buffer: io.StringIO) -> bytes:
    chunk = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return chunk
