"""Calendar files (RFC 5545) of events with UTC times: one entry for each event, which has no known end."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from icalendar import Calendar
from icalendar import Event as CalendarEvent

from events.model import Event

FILE_NAME = "events.ics"
MEDIA_TYPE = "text/calendar; charset=utf-8; method=PUBLISH"
# Fixed UID domain; calendars match events by UID.
UID_DOMAIN = "events.invalid"
PRODUCT = "-//Booking service//EN"


@dataclass(frozen=True)
class Entry:
    """An event in a calendar; `stamp` is the time of the information, `version` counts the changes of the event."""

    event_id: str
    title: str
    venue: str
    start: datetime
    version: int
    stamp: datetime


def entry_of(event: Event) -> Entry:
    """Return the entry of an event as it is now."""
    return Entry(event.id, event.title, event.venue, event.date, event.version, event.updated_at)


def calendar_facts(events: Sequence[Event]) -> dict[str, str]:
    """Return the facts of an e-mail that `entries_of` reads."""
    return {
        "calendarIds": "\n".join(event.id for event in events),
        "calendarTitles": "\n".join(_line(event.title) for event in events),
        "calendarVenues": "\n".join(_line(event.venue) for event in events),
        "calendarStarts": "\n".join(event.date.astimezone(UTC).isoformat() for event in events),
        "calendarVersions": "\n".join(str(event.version) for event in events),
    }


def entries_of(facts: Mapping[str, str], stamp: datetime) -> list[Entry]:
    """Return the entries of the facts of an e-mail."""
    names = ("calendarIds", "calendarTitles", "calendarVenues", "calendarStarts", "calendarVersions")
    rows = zip(*(facts[name].split("\n") for name in names), strict=True)
    entries = []
    for event_id, title, venue, start, version in rows:
        entry = Entry(event_id, title, venue, datetime.fromisoformat(start), int(version), stamp)
        entries.append(entry)
    return entries


def calendar_of(entries: Sequence[Entry]) -> bytes:
    """Return the calendar file; the same entries always give the same bytes."""
    whole = Calendar()
    whole.add("PRODID", PRODUCT)
    whole.add("VERSION", "2.0")
    whole.add("METHOD", "PUBLISH")
    for entry in entries:
        whole.add_component(_component(entry))
    return bytes(whole.to_ical())


def _component(entry: Entry) -> CalendarEvent:
    component = CalendarEvent()
    component.add("UID", f"{entry.event_id}@{UID_DOMAIN}")
    component.add("DTSTAMP", entry.stamp.astimezone(UTC))
    component.add("SEQUENCE", entry.version)
    component.add("DTSTART", entry.start.astimezone(UTC))
    component.add("SUMMARY", _line(entry.title))
    component.add("LOCATION", _line(entry.venue))
    return component


def _line(text: str) -> str:
    """Return `text` on one line and without control characters, so that it cannot begin another property."""
    joined = " ".join(text.split())
    return "".join(letter for letter in joined if unicodedata.category(letter) != "Cc")
