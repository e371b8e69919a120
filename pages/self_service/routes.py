"""A booking's own pages and a waiting entry's, behind their signed links. No GET changes anything."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from flask import Response, jsonify, redirect, request, url_for
from flask_babel import gettext

from booking.errors import BookingNotFound
from booking.model import Booking, Status
from booking.routes import calendar_answer
from booking.self_service import Guests
from core.errors import Conflict, DomainError
from core.web import context
from pages.error_messages import SENTENCES
from pages.rendering import COOKIE, blueprint, keep, page, tells_news, token
from schedules.errors import SlotNotFound
from schedules.service import Schedules
from waitlist.errors import EntryNotFound
from waitlist.model import Entry
from waitlist.service import Waitlist


@blueprint.errorhandler(BookingNotFound)
@blueprint.errorhandler(EntryNotFound)
def nothing_there(_: DomainError) -> tuple[Response, int]:
    """Tell whoever followed a broken link so, whatever is wrong with it."""
    return page("no_such_booking.html"), 404


@blueprint.get("/bookings/<booking_id>")
def booking(booking_id: str) -> Response:
    """Show a booking to whoever has handed over its token; to others the place to do so, whatever the id."""
    door = partial(_door, gettext("Your booking"), url_for("pages.open_booking", booking_id=booking_id))
    try:
        return _booking(context.service(Guests).get(booking_id, token())) if token() else door()
    except BookingNotFound:
        return door(404)


@blueprint.post("/bookings/<booking_id>/open")
def open_booking(booking_id: str) -> Response:
    """Take the token once, out of the link's fragment or pasted by hand, and keep it in a cookie for these pages."""
    given = _given()
    context.service(Guests).get(booking_id, given)
    return keep(given, url_for("pages.booking", booking_id=booking_id))


@blueprint.get("/bookings/<booking_id>/done")
def done(booking_id: str) -> Response:
    """Show that a place is booked, to the browser that booked it; later this is the booking's page like the other."""
    if not token():
        return _on_to(url_for("pages.booking", booking_id=booking_id))
    found = context.service(Guests).get(booking_id, token())
    return page("done.html", found.language, booking=found) if found.status is Status.CONFIRMED else _booking(found)


@blueprint.post("/bookings/<booking_id>/cancel")
def cancel(booking_id: str) -> Response:
    """Cancel the booking whose page this was clicked on, and show it as it is then."""
    context.service(Guests).cancel(booking_id, token())
    return _on_to(url_for("pages.booking", booking_id=booking_id))


@blueprint.post("/bookings/<booking_id>/reschedule")
def reschedule(booking_id: str) -> tuple[Response, int] | Response:
    """Move the booking whose page this was chosen on; what a reload asks for again is the page, not the move."""
    guests, held = context.service(Guests), token()
    try:
        guests.reschedule(booking_id, held, request.form.get("slotId", ""))
    except (Conflict, SlotNotFound) as error:
        return _booking(guests.get(booking_id, held), problem=SENTENCES[error.code]), 409
    return _on_to(url_for("pages.moved", booking_id=booking_id))


@blueprint.get("/bookings/<booking_id>/moved")
def moved(booking_id: str) -> Response:
    """Show that a booking has just been moved, and to when; later this is the booking's page like the other."""
    if not token():
        return _on_to(url_for("pages.booking", booking_id=booking_id))
    found = context.service(Guests).get(booking_id, token())
    return _booking(found, is_moved=found.was_just_moved(context.service(Schedules).clock()))


@blueprint.get("/bookings/<booking_id>/cancel")
@blueprint.get("/bookings/<booking_id>/reschedule")
@blueprint.get("/bookings/<booking_id>/open")
def back_to_booking(booking_id: str) -> Response:
    """Lead whoever opens the address of one of its buttons to the booking's page."""
    return _on_to(url_for("pages.booking", booking_id=booking_id))


@blueprint.get("/bookings/<booking_id>/calendar.ics")
def calendar(booking_id: str) -> Response:
    """Give the calendar file of the booking whose page this was clicked on."""
    return calendar_answer(context.service(Guests).calendar_file(booking_id, token()))


@blueprint.get("/bookings/<booking_id>/data.json")
def data(booking_id: str) -> Response:
    """Give everything that is kept about the guest of the booking whose page this was clicked on."""
    return jsonify(context.service(Guests).data(booking_id, token()))


@blueprint.get("/waitlist/<entry_id>")
def waiting(entry_id: str) -> Response:
    """Show a place on a waiting list to whoever has handed over its token; to others the place to do so."""
    door = partial(_door, gettext("The waiting list"), url_for("pages.open_waiting", entry_id=entry_id))
    try:
        return _waiting(*context.service(Waitlist).get(entry_id, token())) if token() else door()
    except EntryNotFound:
        return door(404)


@blueprint.post("/waitlist/<entry_id>/open")
def open_waiting(entry_id: str) -> Response:
    """Take the token once and keep it in a cookie for this page."""
    given = _given()
    context.service(Waitlist).get(entry_id, given)
    return keep(given, url_for("pages.waiting", entry_id=entry_id))


@blueprint.post("/waitlist/<entry_id>/leave")
def leave(entry_id: str) -> Response:
    """Leave the waiting list whose page this was clicked on, and show the entry as it is then."""
    context.service(Waitlist).leave(entry_id, token())
    return _on_to(url_for("pages.waiting", entry_id=entry_id))


@blueprint.get("/waitlist/<entry_id>/booking")
def promoted(entry_id: str) -> Response:
    """Lead whoever waited to the booking that was made for them, as the link in its letter does.

    It is no more than was given to them: the letter went to the address they typed, as a booking's link does to whoever
    books.
    """
    entry = context.service(Waitlist).get(entry_id, token())[0] if token() else None
    if entry is None or entry.booking_id is None:
        return _on_to(url_for("pages.waiting", entry_id=entry_id))
    held = context.service(Guests).token(entry.booking_id)
    return keep(held, url_for("pages.booking", booking_id=entry.booking_id))


@blueprint.get("/waitlist/<entry_id>/leave")
@blueprint.get("/waitlist/<entry_id>/open")
def back_to_waiting(entry_id: str) -> Response:
    """Lead whoever opens the address of one of its buttons to the entry's page."""
    return _on_to(url_for("pages.waiting", entry_id=entry_id))


def _on_to(address: str) -> Response:
    """Send the browser on to a page that it may load as often as it likes."""
    return redirect(address, 303)  # type: ignore[return-value]  # a werkzeug response is all Flask needs


def _door(title: str, action: str, status: int = 200) -> Response:
    """Return the page that takes a token. A cookie that did not open is dropped: the link at hand may well do."""
    answer = page("open.html", title=title, action=action)
    answer.status_code = status
    if token():
        answer.delete_cookie(COOKIE, path=request.path)
    return answer


def _given() -> str:
    # Whoever pastes the whole link means the code in it.
    return request.form.get("token", "").strip().rpartition("token=")[2]


def _booking(found: Booking, *, problem: str = "", is_moved: bool = False) -> Response:
    slots = [slot for slot in context.service(Guests).open_slots() if slot.id != found.slot_id]
    return page("booking.html", found.language, booking=found, slots=slots, problem=problem, is_moved=is_moved)


def _waiting(entry: Entry, position: int) -> Response:
    booking = None
    if entry.booking_id:
        with suppress(BookingNotFound):  # Its own link may have expired.
            booking = context.service(Guests).led_to(entry.booking_id)
    live = tells_news()
    return page("waiting.html", entry.language, entry=entry, position=position, booking=booking, live=live)
