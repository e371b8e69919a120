"""Bulk insertion: stores bookings by a service's own mapping. Its modules are those of the current folder.

    cd SERVICE && PYTHONPATH=. python -P .../bench/bulk_insert.py BOOKINGS LINKS

The environment is that of the service. BOOKINGS has one booking per line, as JSON with the members of the service's
`Booking`. LINKS is written: one line "<booking id> <token> <slot id>" per booking. Nothing of the benchmark is
imported, so the service of another commit can be filled too.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import wiring
from bench.million_bookings import index_for_search
from booking.mapping import to_document
from booking.model import Booking, Status
from core.config.settings import from_env

BATCH_SIZE = 2000


def main(bookings_file: Path, links_file: Path) -> None:
    """Insert the bookings and write their links."""
    services = wiring.build(from_env(dict(os.environ)))
    sign = services.booking.self_service.signed_links.sign
    bookings = _read(bookings_file)
    with links_file.open("w") as links:
        while batch := list(islice(bookings, BATCH_SIZE)):
            services.db.bookings.insert_many([to_document(booking) for booking in batch], ordered=False)
            links.writelines(f"{booking.id} {sign(booking.id)} {booking.slot_id}\n" for booking in batch)
    index_for_search(services.db)
    services.client.close()


def _read(file: Path) -> Iterator[Booking]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield _booking(json.loads(line))


def _booking(members: dict[str, Any]) -> Booking:
    members["created_at"] = datetime.fromisoformat(members["created_at"])
    members["status"] = Status(members["status"])
    return Booking(**members)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
