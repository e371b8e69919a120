"""Calendar files (RFC 5545): the calendar around events, and texts that are safe on one line."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from icalendar import Calendar, Event

PRODUCT = "-//Booking service//EN"


def calendar_file(method: str, events: Iterable[Event]) -> bytes:
    """Return the file with `events`; the same events always give the same bytes."""
    calendar = Calendar()
    calendar.add("PRODID", PRODUCT)
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("METHOD", method)
    for event in events:
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def one_line(text: str) -> str:
    """Return `text` on one line and without control characters, so that it cannot begin another property."""
    joined = " ".join(text.split())
    return "".join(letter for letter in joined if unicodedata.category(letter) != "Cc")
