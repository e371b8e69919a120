"""Self-service pages: a booking or a waiting-list entry behind its signed link. No GET changes anything."""

from __future__ import annotations

from flask import Response, jsonify, request, url_for

from booking.calendar_file import ExportCalendarFile
from booking.errors import BookingNotFound
from booking.model import Status
from booking.personal_data import ExportPersonalData
from booking.routes import ics_response
from booking.schemas import OwnDataSchema
from booking.self_service import SelfService
from core.errors import Conflict, DomainError
from core.web import context
from core.web.rate_limits.limiter import RateLimited, RateLimiter
from pages import receipt
from pages.rendering import render_page, see_other
from pages.self_service import view
from pages.self_service.link_parser import is_changed_id
from pages.self_service.linked_pages import BOOKING, WAITLIST_ENTRY
from pages.site import PageBlueprint
from pages.token_cookie import read_token, redirect_with_token
from schedules.errors import SlotNotFound
from schedules.service import Schedules
from waitlist.errors import EntryNotFound
from waitlist.service import Waitlist

blueprint = PageBlueprint("self_service", __name__, static_url="/static/self_service")


@blueprint.errorhandler(BookingNotFound)
@blueprint.errorhandler(EntryNotFound)
def on_not_found(_: DomainError) -> tuple[Response, int]:
    """Show the page of a broken link; it reveals no reason."""
    return render_page("self_service/not_found.html"), 404


@blueprint.get("/bookings/<booking_id>")
def booking(booking_id: str) -> Response:
    """Show a booking if its token is in the cookie; otherwise the form for the token, for any id."""
    if is_changed_id(booking_id):
        return BOOKING.changed_id(booking_id)
    if not read_token():
        return BOOKING.token_form(booking_id)
    try:
        return view.booking_page(context.get_service(SelfService).get(booking_id, read_token()))
    except BookingNotFound:
        return BOOKING.token_form(booking_id, status=404)


@blueprint.get("/bookings/<booking_id>/")
@blueprint.get("/bookings/<booking_id>/<path:rest>")
def changed_booking_link(booking_id: str, rest: str = "") -> Response:
    """Open a link whose path a mail program has extended."""
    return BOOKING.changed_link(booking_id, rest)


@blueprint.post("/bookings/<booking_id>/open")
def open_booking(booking_id: str) -> Response:
    """Verify the token of the link, from its fragment or pasted by hand, and keep it in a cookie for these pages."""
    return BOOKING.open(booking_id)


@blueprint.get("/bookings/<booking_id>/opened")
def opened_booking(booking_id: str) -> Response:
    """Redirect to the booking, or explain that its pages need the cookie that was just set."""
    return BOOKING.opened(booking_id)


@blueprint.get("/bookings/<booking_id>/done")
def done(booking_id: str) -> Response:
    """Confirm a new booking to the browser that made it; without cookies, confirm it without personal data."""
    receipt_text = request.args.get("receipt", "")
    if read_token() and receipt_text:
        return see_other(url_for("pages.self_service.done", booking_id=booking_id))
    if not read_token() and receipt.is_valid(booking_id, receipt_text):
        return render_page("self_service/receipt.html", is_booked=True)
    if not read_token():
        return see_other(BOOKING.path(booking_id))
    found = context.get_service(SelfService).get(booking_id, read_token())
    if found.status is not Status.CONFIRMED:
        return view.booking_page(found)
    return view.done_page(found)


@blueprint.post("/bookings/<booking_id>/cancel")
def cancel(booking_id: str) -> Response:
    """Cancel the booking and show it."""
    context.get_service(SelfService).cancel(booking_id, read_token())
    return see_other(BOOKING.path(booking_id))


@blueprint.post("/bookings/<booking_id>/reschedule")
def reschedule(booking_id: str) -> tuple[Response, int] | Response:
    """Move the booking to the selected slot and redirect, so that a reload does not move it again."""
    service = context.get_service(SelfService)
    found = service.get(booking_id, read_token())
    try:
        context.get_service(RateLimiter).hit_email(booking_id)
        service.reschedule(found, request.form.get("slotId", ""))
    except RateLimited as error:
        limited = view.booking_page(found, refusal=error)
        limited.headers["Retry-After"] = str(error.retry_after)
        return limited, 429
    except (Conflict, SlotNotFound) as error:
        found = service.get(booking_id, read_token())
        return view.booking_page(found, refusal=error), 409
    return see_other(url_for("pages.self_service.moved", booking_id=booking_id))


@blueprint.get("/bookings/<booking_id>/moved")
def moved(booking_id: str) -> Response:
    """Show a booking that has just been rescheduled, with a success message."""
    if not read_token():
        return see_other(BOOKING.path(booking_id))
    found = context.get_service(SelfService).get(booking_id, read_token())
    return view.booking_page(found, is_moved=found.was_recently_rescheduled(context.get_service(Schedules).clock()))


@blueprint.get("/bookings/<booking_id>/cancel")
@blueprint.get("/bookings/<booking_id>/reschedule")
@blueprint.get("/bookings/<booking_id>/open")
def back_to_booking(booking_id: str) -> Response:
    """Redirect from the address of a button to the booking's page."""
    return see_other(BOOKING.path(booking_id))


@blueprint.get("/bookings/<booking_id>/calendar.ics")
def calendar(booking_id: str) -> Response:
    """Serve the booking's calendar file."""
    return ics_response(context.get_service(ExportCalendarFile).execute(booking_id, read_token()))


@blueprint.get("/bookings/<booking_id>/data.json")
def data(booking_id: str) -> Response:
    """Serve the personal data that is stored about the guest of the booking."""
    return jsonify(OwnDataSchema().dump(context.get_service(ExportPersonalData).execute(booking_id, read_token())))


@blueprint.get("/waitlist/<entry_id>")
def waiting(entry_id: str) -> Response:
    """Show a waiting-list entry if its token is in the cookie; otherwise the form for the token."""
    if is_changed_id(entry_id):
        return WAITLIST_ENTRY.changed_id(entry_id)
    if not read_token():
        return WAITLIST_ENTRY.token_form(entry_id)
    try:
        return view.entry_page(*context.get_service(Waitlist).get(entry_id, read_token()))
    except EntryNotFound:
        return WAITLIST_ENTRY.token_form(entry_id, status=404)


@blueprint.get("/waitlist/<entry_id>/")
@blueprint.get("/waitlist/<entry_id>/<path:rest>")
def changed_entry_link(entry_id: str, rest: str = "") -> Response:
    """Open a link whose path a mail program has extended."""
    return WAITLIST_ENTRY.changed_link(entry_id, rest)


@blueprint.post("/waitlist/<entry_id>/open")
def open_waiting(entry_id: str) -> Response:
    """Verify the token of the link and keep it in a cookie for this page."""
    return WAITLIST_ENTRY.open(entry_id)


@blueprint.get("/waitlist/<entry_id>/opened")
def opened_waiting(entry_id: str) -> Response:
    """Redirect to the entry, or explain that its page needs the cookie that was just set."""
    return WAITLIST_ENTRY.opened(entry_id)


@blueprint.get("/waitlist/<entry_id>/joined")
def joined(entry_id: str) -> Response:
    """Redirect to a new entry; without cookies, confirm it without personal data."""
    if not read_token() and receipt.is_valid(entry_id, request.args.get("receipt", "")):
        return render_page("self_service/receipt.html", is_booked=False)
    return see_other(WAITLIST_ENTRY.path(entry_id))


@blueprint.post("/waitlist/<entry_id>/leave")
def leave(entry_id: str) -> Response:
    """Leave the waiting list and show the entry."""
    context.get_service(Waitlist).leave(entry_id, read_token())
    return see_other(WAITLIST_ENTRY.path(entry_id))


@blueprint.get("/waitlist/<entry_id>/booking")
def promoted(entry_id: str) -> Response:
    """Redirect from a promoted waitlist entry to its booking, as the link in the e-mail does.

    This reveals nothing the e-mail did not.
    """
    if not read_token():
        return see_other(WAITLIST_ENTRY.path(entry_id))
    entry, _ = context.get_service(Waitlist).get(entry_id, read_token())
    if entry.booking_id is None:
        return see_other(WAITLIST_ENTRY.path(entry_id))
    token = context.get_service(SelfService).signed_links.sign(entry.booking_id)
    return redirect_with_token(token, BOOKING.path(entry.booking_id))


@blueprint.get("/waitlist/<entry_id>/calendar.ics")
def entry_calendar(entry_id: str) -> Response:
    """Serve the calendar file of the booking of a promoted waitlist entry."""
    entry, _ = context.get_service(Waitlist).get(entry_id, read_token())
    if entry.booking_id is None:
        raise BookingNotFound
    token = context.get_service(SelfService).signed_links.sign(entry.booking_id)
    return ics_response(context.get_service(ExportCalendarFile).execute(entry.booking_id, token))


@blueprint.get("/waitlist/<entry_id>/leave")
@blueprint.get("/waitlist/<entry_id>/open")
def back_to_waiting(entry_id: str) -> Response:
    """Redirect from the address of a button to the entry's page."""
    return see_other(WAITLIST_ENTRY.path(entry_id))
