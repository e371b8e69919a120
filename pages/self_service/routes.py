"""A booking's own pages and a waiting entry's, behind their signed links. No GET changes anything."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from flask import Response, jsonify, redirect, request, url_for
from flask_babel import gettext

from booking.calendar_file import ExportCalendarFile
from booking.errors import BookingNotFound
from booking.model import Booking, Status
from booking.personal_data import ExportPersonalData
from booking.routes import ics_response
from booking.schemas import OwnDataSchema
from booking.self_service import SelfService
from core.errors import Conflict, DomainError
from core.web import context
from pages.error_messages import ERROR_MESSAGES
from pages.rendering import COOKIE, blueprint, has_live_updates, redirect_with_token, render_page, token
from schedules.errors import SlotNotFound
from schedules.service import Schedules
from waitlist.errors import EntryNotFound
from waitlist.model import WaitlistEntry
from waitlist.service import Waitlist


@blueprint.errorhandler(BookingNotFound)
@blueprint.errorhandler(EntryNotFound)
def nothing_there(_: DomainError) -> tuple[Response, int]:
    """Show the page of a broken link, whatever is wrong with it."""
    return render_page("no_such_booking.html"), 404


@blueprint.get("/bookings/<booking_id>")
def booking(booking_id: str) -> Response:
    """Show a booking if its token is in the cookie; otherwise the form for the token, for any id."""
    door = partial(_token_form, gettext("Your booking"), url_for("pages.open_booking", booking_id=booking_id))
    try:
        return _booking(context.get_service(SelfService).get(booking_id, token())) if token() else door()
    except BookingNotFound:
        return door(404)


@blueprint.post("/bookings/<booking_id>/open")
def open_booking(booking_id: str) -> Response:
    """Take the token once, out of the link's fragment or pasted by hand, and keep it in a cookie for these pages."""
    given = _posted_token()
    context.get_service(SelfService).get(booking_id, given)
    return redirect_with_token(given, url_for("pages.booking", booking_id=booking_id))


@blueprint.get("/bookings/<booking_id>/done")
def done(booking_id: str) -> Response:
    """Show that a place is booked, to the browser that booked it; later this is the booking's page like the other."""
    if not token():
        return _redirect(url_for("pages.booking", booking_id=booking_id))
    found = context.get_service(SelfService).get(booking_id, token())
    return (
        render_page("done.html", found.language, booking=found) if found.status is Status.CONFIRMED else _booking(found)
    )


@blueprint.post("/bookings/<booking_id>/cancel")
def cancel(booking_id: str) -> Response:
    """Cancel the booking whose page this was clicked on, and show it as it is then."""
    context.get_service(SelfService).cancel(booking_id, token())
    return _redirect(url_for("pages.booking", booking_id=booking_id))


@blueprint.post("/bookings/<booking_id>/reschedule")
def reschedule(booking_id: str) -> tuple[Response, int] | Response:
    """Move the booking whose page this was chosen on; what a reload asks for again is the page, not the move."""
    guests, held = context.get_service(SelfService), token()
    try:
        guests.reschedule(booking_id, held, request.form.get("slotId", ""))
    except (Conflict, SlotNotFound) as error:
        return _booking(guests.get(booking_id, held), problem=ERROR_MESSAGES[error.code]), 409
    return _redirect(url_for("pages.moved", booking_id=booking_id))


@blueprint.get("/bookings/<booking_id>/moved")
def moved(booking_id: str) -> Response:
    """Show that a booking has just been moved, and to when; later this is the booking's page like the other."""
    if not token():
        return _redirect(url_for("pages.booking", booking_id=booking_id))
    found = context.get_service(SelfService).get(booking_id, token())
    return _booking(found, is_moved=found.was_recently_rescheduled(context.get_service(Schedules).clock()))


@blueprint.get("/bookings/<booking_id>/cancel")
@blueprint.get("/bookings/<booking_id>/reschedule")
@blueprint.get("/bookings/<booking_id>/open")
def back_to_booking(booking_id: str) -> Response:
    """Redirect from the address of a button to the booking's page."""
    return _redirect(url_for("pages.booking", booking_id=booking_id))


@blueprint.get("/bookings/<booking_id>/calendar.ics")
def calendar(booking_id: str) -> Response:
    """Give the calendar file of the booking whose page this was clicked on."""
    return ics_response(context.get_service(ExportCalendarFile).execute(booking_id, token()))


@blueprint.get("/bookings/<booking_id>/data.json")
def data(booking_id: str) -> Response:
    """Give everything that is kept about the guest of the booking whose page this was clicked on."""
    return jsonify(OwnDataSchema().dump(context.get_service(ExportPersonalData).execute(booking_id, token())))


@blueprint.get("/waitlist/<entry_id>")
def waiting(entry_id: str) -> Response:
    """Show a waitlist entry if its token is in the cookie; otherwise the form for the token."""
    door = partial(_token_form, gettext("The waiting list"), url_for("pages.open_waiting", entry_id=entry_id))
    try:
        return _waiting(*context.get_service(Waitlist).get(entry_id, token())) if token() else door()
    except EntryNotFound:
        return door(404)


@blueprint.post("/waitlist/<entry_id>/open")
def open_waiting(entry_id: str) -> Response:
    """Take the token once and keep it in a cookie for this page."""
    given = _posted_token()
    context.get_service(Waitlist).get(entry_id, given)
    return redirect_with_token(given, url_for("pages.waiting", entry_id=entry_id))


@blueprint.post("/waitlist/<entry_id>/leave")
def leave(entry_id: str) -> Response:
    """Leave the waiting list whose page this was clicked on, and show the entry as it is then."""
    context.get_service(Waitlist).leave(entry_id, token())
    return _redirect(url_for("pages.waiting", entry_id=entry_id))


@blueprint.get("/waitlist/<entry_id>/booking")
def promoted(entry_id: str) -> Response:
    """Redirect from a promoted waitlist entry to its booking, as the link in the e-mail does.

    This reveals nothing the e-mail did not.
    """
    entry = context.get_service(Waitlist).get(entry_id, token())[0] if token() else None
    if entry is None or entry.booking_id is None:
        return _redirect(url_for("pages.waiting", entry_id=entry_id))
    held = context.get_service(SelfService).signed_links.sign(entry.booking_id)
    return redirect_with_token(held, url_for("pages.booking", booking_id=entry.booking_id))


@blueprint.get("/waitlist/<entry_id>/leave")
@blueprint.get("/waitlist/<entry_id>/open")
def back_to_waiting(entry_id: str) -> Response:
    """Redirect from the address of a button to the entry's page."""
    return _redirect(url_for("pages.waiting", entry_id=entry_id))


def _redirect(address: str) -> Response:
    """Send the browser on to a page that it may load as often as it likes."""
    return redirect(address, 303)  # type: ignore[return-value]  # a werkzeug response is all Flask needs


def _token_form(title: str, action: str, status: int = 200) -> Response:
    """Return the page that takes a token. A cookie that did not open is dropped: the link at hand may well do."""
    answer = render_page("open.html", title=title, action=action)
    answer.status_code = status
    if token():
        answer.delete_cookie(COOKIE, path=request.path)
    return answer


def _posted_token() -> str:
    # A pasted link contains the token in its fragment.
    return request.form.get("token", "").strip().rpartition("token=")[2]


def _booking(found: Booking, *, problem: str = "", is_moved: bool = False) -> Response:
    slots = [slot for slot in context.get_service(SelfService).open_slots() if slot.id != found.slot_id]
    return render_page("booking.html", found.language, booking=found, slots=slots, problem=problem, is_moved=is_moved)


def _waiting(entry: WaitlistEntry, position: int) -> Response:
    booking = None
    if entry.booking_id:
        with suppress(BookingNotFound):  # Its own link may have expired.
            booking = context.get_service(SelfService).get_linked(entry.booking_id)
    live = has_live_updates()
    return render_page("waiting.html", entry.language, entry=entry, position=position, booking=booking, live=live)
