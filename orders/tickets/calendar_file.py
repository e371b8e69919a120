"""Calendar files (RFC 5545) of events with UTC times: one entry for each event, which has no known end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from icalendar import Event as CalendarEvent

from core.calendar_files import calendar_file, one_line
from events.model import Event

FILE_NAME = "events.ics"
MEDIA_TYPE = "text/calendar; charset=utf-8; method=PUBLISH"
# Fixed UID domain; calendars match events by UID.
UID_DOMAIN = "events.invalid"


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
        "calendarTitles": "\n".join(one_line(event.title) for event in events),
        "calendarVenues": "\n".join(one_line(event.venue) for event in events),
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
    return calendar_file("PUBLISH", map(_calendar_event, entries))


def _calendar_event(entry: Entry) -> CalendarEvent:
    calendar_event = CalendarEvent()
    calendar_event.add("UID", f"{entry.event_id}@{UID_DOMAIN}")
    calendar_event.add("DTSTAMP", entry.stamp.astimezone(UTC))
    calendar_event.add("SEQUENCE", entry.version)
    calendar_event.add("DTSTART", entry.start.astimezone(UTC))
    calendar_event.add("SUMMARY", one_line(entry.title))
    calendar_event.add("LOCATION", one_line(entry.venue))
    return calendar_event
