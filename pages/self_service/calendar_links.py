"""Calendar links of a booking for Google and Outlook, and the QR picture of its own link for print."""

from __future__ import annotations

import io
from dataclasses import dataclass
from urllib.parse import urlencode

import segno
from markupsafe import Markup

from booking.model import Booking
from booking.self_service import SelfService
from core.web import context
from pages.locale import current_language
from schedules.service import Schedules

GOOGLE = "https://calendar.google.com/calendar/render"
OUTLOOK = "https://outlook.live.com/calendar/0/deeplink/compose"
BASIC = "%Y%m%dT%H%M%SZ"
EXTENDED = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class CalendarLinks:
    """Addresses that add a booking to a web calendar. They do not contain its signed link."""

    google: str
    outlook: str


def calendar_links(booking: Booking) -> CalendarLinks:
    """Return the addresses with the event's name, place and hours in the language of the page."""
    schedule = context.get_service(Schedules).schedule
    localized = schedule.localized(current_language().code)
    starts_at = schedule.starts_at(booking.date, booking.slot_label)
    ends_at = schedule.ends_at(booking.date, booking.slot_label)
    google = {
        "action": "TEMPLATE",
        "text": localized.name,
        "dates": f"{starts_at:{BASIC}}/{ends_at:{BASIC}}",
        "location": localized.details.location,
    }
    outlook = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": localized.name,
        "startdt": f"{starts_at:{EXTENDED}}",
        "enddt": f"{ends_at:{EXTENDED}}",
        "location": localized.details.location,
    }
    return CalendarLinks(f"{GOOGLE}?{urlencode(google)}", f"{OUTLOOK}?{urlencode(outlook)}")


def qr_picture(booking: Booking) -> Markup:
    """Return the QR picture of a booking's link as SVG, for the printed page."""
    url = context.get_service(SelfService).signed_links.url(booking.id)
    picture = io.BytesIO()
    segno.make(url, micro=False).save(picture, kind="svg", xmldecl=False, svgns=False, scale=3, svgclass="qr")
    # segno writes numbers and its own attributes alone.
    return Markup(picture.getvalue().decode())  # noqa: S704 # nosec B704
