"""Calendar files (RFC 5545) with UTC times: the invitation in a guest's e-mail, and a booking's calendar entry."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from icalendar import Alarm, Event, vCalAddress, vUri

from core.calendar_files import calendar_file, one_line
from core.i18n import ENGLISH, get_language
from notifications.outbox.model import Attachment, OutboxEmail
from schedules.details.model import NO_DETAILS, EventDetails

# The calendar method of the e-mails that have a calendar file.
METHODS: Mapping[str, str] = {
    "guest_booking": "REQUEST",
    "guest_promoted": "REQUEST",
    "guest_rescheduled": "REQUEST",
    "guest_reminder": "REQUEST",
    "guest_cancellation": "CANCEL",
}
FILE_NAME = "invite.ics"
# Fixed UID domain; calendars match events by UID.
UID_DOMAIN = "bookings.invalid"
SLOT = re.compile(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})")
# The calendar reminds this long before the start.
ALARM = timedelta(hours=-2)
IN_ADDRESS = "@!$'*+"
IN_URL = ":/?#[]@!$&'()*+,;=%"


@dataclass(frozen=True)
class Publisher:
    """The organiser's e-mail address, if there is one, and the event's details by language code."""

    email: str = ""
    details_in: Callable[[str], EventDetails] = lambda _code: NO_DETAILS


NO_PUBLISHER = Publisher()


def attachments(email: OutboxEmail, publisher: Publisher = NO_PUBLISHER) -> Sequence[Attachment]:
    """Return the calendar file of `email`, or nothing; the same e-mail always gives the same bytes.

    An e-mail without a valid date, time or zone is sent without a file.
    """
    method = METHODS.get(email.template)
    if method is None:
        return ()
    try:
        content = build_ics(
            facts=email.context, about=email.subject, stamp=email.created_at, method=method, publisher=publisher
        )
    except (KeyError, ValueError):
        return ()
    return (Attachment(FILE_NAME, f"text/calendar; charset=utf-8; method={method}", content),)


def build_ics(
    *, facts: Mapping[str, str], about: str, stamp: datetime, method: str, publisher: Publisher = NO_PUBLISHER
) -> bytes:
    """Return the calendar file of the booking `about`; `facts` are those of its e-mails, `stamp` is aware.

    `method` is REQUEST, CANCEL or PUBLISH. Raises ValueError when the facts give no hour, zone or address.
    """
    start, end = _time_range(facts)
    details = publisher.details_in(get_language(facts.get("language")).code)
    event = Event()
    event.add("UID", f"{one_line(about)}@{UID_DOMAIN}")
    event.add("DTSTAMP", stamp.astimezone(UTC))
    event.add("SEQUENCE", int(facts.get("sequence", "0")))
    event.add("DTSTART", start)
    event.add("DTEND", end)
    event.add("SUMMARY", one_line(facts["event"]), parameters=_language(facts))
    event.add("DESCRIPTION", _description(facts, details), parameters=_language(facts))
    event["URL"] = vUri(quote(facts["manageUrl"], safe=IN_URL))
    event.add("STATUS", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    event.add("TRANSP", "TRANSPARENT" if method == "CANCEL" else "OPAQUE")
    _add_place(event, details, facts)
    if publisher.email:
        event["ORGANIZER"] = _organizer(publisher.email, details.organiser)
    if method != "PUBLISH":
        event["ATTENDEE"] = _guest(facts, method)
    if method != "CANCEL":
        event.add_component(_alarm(facts))
    return calendar_file(method, [event])


def _time_range(facts: Mapping[str, str]) -> tuple[datetime, datetime]:
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
    starts_at = _to_utc(day, start, zone)
    ends_at = _to_utc(last, end, zone)
    if ends_at <= starts_at:
        # The clocks skip an end of this slot, so only its length by the clock is left.
        ends_at = starts_at + (datetime.combine(last, end) - datetime.combine(day, start))
    return starts_at, ends_at


def _to_utc(day: date, wall_time: time, zone: ZoneInfo) -> datetime:
    # A wall time that the clocks skip becomes the time they show instead.
    return datetime.combine(day, wall_time, zone).astimezone(UTC)


def _language(facts: Mapping[str, str]) -> dict[str, str]:
    """Return the parameter that names the language, where it is not the file's own, English."""
    language = get_language(facts.get("language"))
    return {} if language is ENGLISH else {"LANGUAGE": language.code}


def _add_place(event: Event, details: EventDetails, facts: Mapping[str, str]) -> None:
    if details.location:
        event.add("LOCATION", one_line(details.location), parameters=_language(facts))
    if details.geo:
        event.add("GEO", details.geo)


def _alarm(facts: Mapping[str, str]) -> Alarm:
    alarm = Alarm()
    alarm.add("ACTION", "DISPLAY")
    alarm.add("TRIGGER", ALARM)
    alarm.add("DESCRIPTION", one_line(facts["event"]))
    return alarm


def _description(facts: Mapping[str, str], details: EventDetails) -> str:
    words = get_language(facts.get("language")).translations
    reference = words.gettext("Reference: %(reference)s") % {"reference": one_line(facts["reference"])}
    page = words.gettext("Your booking: %(url)s") % {"url": one_line(facts["manageUrl"])}
    hours = f"{one_line(facts['slot'])}, {one_line(facts['timezone'])}"
    places = ""
    if "seats" in facts:
        places = words.gettext("Places: %(seats)s") % {"seats": one_line(facts["seats"])}
    return "\n".join(filter(None, (hours, places, reference, page, details.map_url)))


def _guest(facts: Mapping[str, str], method: str) -> vCalAddress:
    guest = _mailbox(facts["email"])
    guest.params["CN"] = _common_name(facts["fullName"])
    guest.params["ROLE"] = "REQ-PARTICIPANT"
    if method == "REQUEST":
        guest.params["PARTSTAT"] = "ACCEPTED"
        guest.params["RSVP"] = "FALSE"
    return guest


def _organizer(email: str, name: str) -> vCalAddress:
    organizer = _mailbox(email)
    if name:
        organizer.params["CN"] = _common_name(name)
    return organizer


def _common_name(name: str) -> str:
    # Some calendars take a backslash for an escape here, which would swallow the sign that ends the name.
    return one_line(name).replace('"', "'").replace("\\", "/")


def _mailbox(address: str) -> vCalAddress:
    return vCalAddress(f"mailto:{quote(address, safe=IN_ADDRESS)}")
