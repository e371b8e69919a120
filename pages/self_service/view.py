"""Rendering of the self-service pages: a booking, a waiting-list entry, and the form for a link's token."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from zoneinfo import ZoneInfo

from flask import Response, request, url_for
from flask_babel import gettext

from booking.errors import BookingNotFound, SlotFull
from booking.model import Booking, Status
from booking.self_service import SelfService
from core.errors import DomainError
from core.web import context
from pages.booking import view as calendar_view
from pages.booking.form_page import shown_month
from pages.booking.party import for_party
from pages.booking.view import Level, SlotCard
from pages.error_messages import ERROR_MESSAGES
from pages.formatting import too_few_places
from pages.locale import current_language
from pages.rendering import has_live_updates, record_locale, render_page
from pages.self_service.calendar_links import calendar_links, qr_picture
from pages.token_cookie import COOKIE, read_token
from schedules.model import DateSummary, Slot
from schedules.service import Schedules
from waitlist.model import WaitlistEntry


@dataclass(frozen=True)
class TokenForm:
    """State of the form for a link's token; a known `token` is filled in and submitted by the page's script."""

    status: int = 200
    token: str = ""
    cookies_blocked: bool = False


def booking_page(found: Booking, *, refusal: DomainError | None = None, is_moved: bool = False) -> Response:
    """Return the page of a booking; a `refusal` is the reason why it was not moved."""
    with record_locale(found.language):
        values: dict[str, object] = {
            "booking": found,
            "is_moved": is_moved,
            "problem": _refusal_message(refusal, found),
        }
        if found.status is Status.CONFIRMED:
            values |= {**_moves(found), **_own_links(found)}
        schedule = context.get_service(Schedules).schedule
        values["is_offered"] = found.date in schedule.day_by_date
        return render_page("self_service/booking.html", found.language, **values)


def done_page(found: Booking) -> Response:
    """Return the confirmation of a new booking."""
    with record_locale(found.language):
        return render_page("self_service/done.html", found.language, booking=found, **_own_links(found))


def _refusal_message(error: DomainError | None, found: Booking) -> str:
    """Return the reason why a booking was not moved; it names the places if some are left, but too few."""
    if error is None:
        return ""
    if isinstance(error, SlotFull) and error.remaining:
        short = too_few_places(error.remaining, found.seats)
        return str(gettext("This hour has too few places: %(short)s. Please choose another one.", short=short))
    return str(ERROR_MESSAGES[error.code])


def _own_links(found: Booking) -> dict[str, object]:
    """Return the calendar links and the QR picture of a confirmed booking."""
    return {"calendar": calendar_links(found), "qr": qr_picture(found)}


def _moves(found: Booking) -> dict[str, object]:
    """Return the calendar, and the hours of a chosen date to which a booking can be moved."""
    schedules = context.get_service(Schedules)
    chosen = request.values.get("date", "")
    slots: Sequence[Slot] = ()
    if chosen in schedules.schedule.day_by_date:
        slots = schedules.slots_on(chosen)
    else:
        chosen = ""
    days = schedules.dates_in(shown_month((chosen or found.date)[:7]))
    if not _have_places(days) and not _have_places(schedules.dates_in(schedules.open_month())):
        return {}
    availability = calendar_view.build(schedules.schedule, days, slots, chosen, current_language())
    availability = for_party(availability, found.seats)
    cards = [card for card in availability.cards if _is_shown(card, found)]
    today = schedules.clock().astimezone(ZoneInfo(schedules.schedule.timezone)).date().isoformat()
    return {
        "availability": availability,
        "cards": cards,
        "has_target": any(not card.is_short for card in cards),
        "today": today,
        "moves": bool(request.args.get("month")),
        "move_path": partial(url_for, "pages.self_service.booking", booking_id=found.id),
    }


def _have_places(days: Sequence[DateSummary]) -> bool:
    return any(day.remaining for day in days)


def _is_shown(card: SlotCard, booking: Booking) -> bool:
    """Return whether the booking can be moved to a slot, or could if it had enough places."""
    has_places = card.level in (Level.FREE, Level.FEW) or card.is_short
    return has_places and card.id != booking.slot_id


def entry_page(entry: WaitlistEntry, position: int) -> Response:
    """Return the page of a waiting-list entry."""
    booking = _booking_of(entry)
    values = {"entry": entry, "position": position, "booking": booking, "live": has_live_updates()}
    with record_locale(entry.language):
        if booking and booking.status is Status.CONFIRMED:
            values["calendar"] = calendar_links(booking)
        return render_page("self_service/waiting.html", entry.language, **values)


def token_form(title: str, action: str, form: TokenForm) -> Response:
    """Return the form for a link's token. It removes a cookie whose token was refused."""
    page = render_page("self_service/token_form.html", title=title, action=action, form=form)
    page.status_code = form.status
    if read_token():
        page.delete_cookie(COOKIE, path=request.path)
    return page


def _booking_of(entry: WaitlistEntry) -> Booking | None:
    """Return the booking of a promoted entry, unless the booking's own link has expired."""
    if entry.booking_id is None:
        return None
    with suppress(BookingNotFound):
        return context.get_service(SelfService).get_linked(entry.booking_id)
    return None
