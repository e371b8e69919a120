"""Calendar files (RFC 5545): the invitation that goes with a guest's letter, and the booking's own calendar entry."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from urllib.parse import quote
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress, vRecur, vUri

from core.i18n import ENGLISH, get_language
from notifications.outbox.model import Attachment, OutboxEmail

# The letters that bring a file, and what each asks of the guest's calendar.
METHODS: Mapping[str, str] = {
    "guest_booking": "REQUEST",
    "guest_promoted": "REQUEST",
    "guest_rescheduled": "REQUEST",
    "guest_reminder": "REQUEST",
    "guest_cancellation": "CANCEL",
}
FILE_NAME = "invite.ics"
# The same for ever, wherever the service is reached: a calendar knows an entry by it.
UID_DOMAIN = "bookings.invalid"
PRODUCT = "-//Booking service//EN"
SLOT = re.compile(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
IN_ADDRESS = "@!$'*+"
IN_URL = ":/?#[]@!$&'()*+,;=%"


def attachments(letter: OutboxEmail, organizer: str = "") -> Sequence[Attachment]:
    """Return the calendar file that goes with `letter`, or nothing; the same letter always gives the same bytes.

    A letter that names no hour on a calendar goes without a file rather than not at all.
    """
    method = METHODS.get(letter.template)
    if method is None:
        return ()
    try:
        content = build_ics(
            facts=letter.context, about=letter.subject, stamp=letter.created_at, method=method, organizer=organizer
        )
    except (KeyError, ValueError):
        return ()
    return (Attachment(FILE_NAME, f"text/calendar; charset=utf-8; method={method}", content),)


def build_ics(*, facts: Mapping[str, str], about: str, stamp: datetime, method: str, organizer: str = "") -> bytes:
    """Return the calendar file of the booking `about`; `facts` are those of its letters, `stamp` is aware.

    `method` is REQUEST, CANCEL or PUBLISH. Raises ValueError when the facts give no hour, zone or address.
    """
    start, end = _hour(facts)
    event = Event()
    event.add("UID", f"{_line(about)}@{UID_DOMAIN}")
    event.add("DTSTAMP", stamp.astimezone(UTC))
    event.add("SEQUENCE", int(facts.get("sequence", "0")))
    event.add("DTSTART", start)
    event.add("DTEND", end)
    event.add("SUMMARY", _line(facts["event"]), parameters=_language(facts))
    event.add("DESCRIPTION", _description(facts), parameters=_language(facts))
    event["URL"] = vUri(quote(facts["manageUrl"], safe=IN_URL))
    event.add("STATUS", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    event.add("TRANSP", "TRANSPARENT" if method == "CANCEL" else "OPAQUE")
    if organizer:
        event["ORGANIZER"] = _mailbox(organizer)
    if method != "PUBLISH":
        event["ATTENDEE"] = _guest(facts, method)
    whole = Calendar()
    whole.add("PRODID", PRODUCT)
    whole.add("VERSION", "2.0")
    whole.add("CALSCALE", "GREGORIAN")
    whole.add("METHOD", method)
    whole.add_component(timezone(facts["timezone"], start.year))
    whole.add_component(event)
    return bytes(whole.to_ical())


@lru_cache(maxsize=64)
def timezone(name: str, year: int) -> Timezone:
    """Return the VTIMEZONE of the zone `name`, right from the last change before `year` to that year's end.

    Made here because the library's own begins an hour late in spring: an onset is read on the clock before the change.
    """
    zone = ZoneInfo(name)
    changes = _changes(zone, datetime(year - 1, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 3, tzinfo=UTC))
    onsets: dict[tuple[timedelta, timedelta, str], list[datetime]] = {}
    if not changes or changes[0].year == year:
        first = datetime(year - 1, 1, 1, tzinfo=zone)
        onsets[_offset(first), _offset(first), first.tzname() or ""] = [first.replace(tzinfo=None)]
    for change in changes:
        before, after = _offset((change - timedelta(minutes=1)).astimezone(zone)), change.astimezone(zone)
        kind = before, _offset(after), after.tzname() or ""
        onsets.setdefault(kind, []).append(change.replace(tzinfo=None) + before)
    found = Timezone()
    found.add("TZID", name)
    for (before, to, called), starts in onsets.items():
        part = TimezoneDaylight() if to > before else TimezoneStandard()
        part.add("DTSTART", starts[0])
        part.add("TZOFFSETFROM", before)
        part.add("TZOFFSETTO", to)
        part.add("TZNAME", called)
        if rule := _rule(starts):
            part.add("RRULE", rule)
        elif starts[1:]:
            part.add("RDATE", starts[1:])
        found.add_component(part)
    return found


def _hour(facts: Mapping[str, str]) -> tuple[datetime, datetime]:
    slot = SLOT.fullmatch(facts["slot"])
    if not slot:
        raise ValueError("A slot is written HH:MM-HH:MM.")
    try:
        zone = ZoneInfo(facts["timezone"])
    except (KeyError, OSError):
        raise ValueError("There is no such time zone.") from None
    day = date.fromisoformat(facts["date"])
    if not date(1971, 1, 1) <= day <= date(2999, 12, 31):
        raise ValueError("There is no calendar for such a year.")
    start, end = (time.fromisoformat(clock) for clock in slot.groups())
    last = day if end > start else day + timedelta(days=1)
    return _on_the_clock(day, start, zone), _on_the_clock(last, end, zone)


def _on_the_clock(day: date, clock: time, zone: ZoneInfo) -> datetime:
    # An hour that the clocks skip is written as the one they show instead, which every calendar reads alike.
    return datetime.combine(day, clock, zone).astimezone(UTC).astimezone(zone)


def _changes(zone: ZoneInfo, first: datetime, last: datetime) -> list[datetime]:
    found = []
    while first < last:
        following = first + timedelta(days=1)
        if _offset(first.astimezone(zone)) != _offset(following.astimezone(zone)):
            found.append(_change_between(zone, first, following))
        first = following
    return found


def _change_between(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    offset = _offset(before.astimezone(zone))
    while after - before > timedelta(minutes=1):
        middle = before + (after - before) // timedelta(minutes=2) * timedelta(minutes=1)
        if _offset(middle.astimezone(zone)) == offset:
            before = middle
        else:
            after = middle
    return after


def _rule(starts: Sequence[datetime]) -> vRecur | None:
    """Return the yearly rule, such as the last Sunday of March, that gives exactly `starts`, if there is one."""
    if len(starts) == 1 or len({(start.month, start.weekday(), start.time()) for start in starts}) > 1:
        return None
    weeks = {(start.day - 1) // 7 + 1 for start in starts}
    if all((start + timedelta(days=7)).month != start.month for start in starts):
        weeks = {-1}
    if len(weeks) > 1:
        return None
    return vRecur(FREQ="YEARLY", BYMONTH=starts[0].month, BYDAY=f"{weeks.pop()}{WEEKDAYS[starts[0].weekday()]}")


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta()


def _language(facts: Mapping[str, str]) -> dict[str, str]:
    """Return the parameter that names the language, where it is not the file's own, English."""
    language = get_language(facts.get("language"))
    return {} if language is ENGLISH else {"LANGUAGE": language.code}


def _description(facts: Mapping[str, str]) -> str:
    words = get_language(facts.get("language")).translations
    reference = words.gettext("Reference: %(reference)s") % {"reference": _line(facts["reference"])}
    page = words.gettext("Your booking: %(url)s") % {"url": _line(facts["manageUrl"])}
    return f"{reference}\n{page}"


def _guest(facts: Mapping[str, str], method: str) -> vCalAddress:
    guest = _mailbox(facts["email"])
    # Some calendars take a backslash for an escape here, which would swallow the sign that ends the name.
    guest.params["CN"] = _line(facts["fullName"]).replace('"', "'").replace("\\", "/")
    guest.params["ROLE"] = "REQ-PARTICIPANT"
    if method == "REQUEST":
        guest.params["PARTSTAT"] = "ACCEPTED"
        guest.params["RSVP"] = "FALSE"
    return guest


def _mailbox(address: str) -> vCalAddress:
    return vCalAddress(f"mailto:{quote(address, safe=IN_ADDRESS)}")


def _line(text: str) -> str:
    """Return `text` on one line and without control characters, so that it cannot begin another property."""
    return "".join(c for c in " ".join(text.split()) if unicodedata.category(c) != "Cc")
