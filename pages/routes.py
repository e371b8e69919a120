"""The HTML site. No GET changes anything; what a page does, it does on a click, which is a POST."""

from __future__ import annotations

from pathlib import Path

import flask_swagger_ui
from flask import (
    Blueprint,
    Response,
    current_app,
    jsonify,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)

from booking.errors import BookingNotFound
from booking.guests import Guests
from booking.model import Booking
from booking.routes import calendar_answer
from core.errors import Conflict, DomainError
from core.web import context
from schedules.errors import SlotNotFound
from schedules.service import Schedules
from waitlist.errors import EntryNotFound
from waitlist.model import Entry
from waitlist.service import Waitlist

SWAGGER = Path(flask_swagger_ui.__file__).parent / "dist"
DAY_SECONDS = 86_400
COOKIE = "token"
blueprint = Blueprint("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/static")


@blueprint.get("/")
def home() -> Response:
    """Send visitors to the API's document."""
    return redirect(url_for("pages.docs"))  # type: ignore[return-value]  # a werkzeug response is all Flask needs


@blueprint.get("/api/docs")
def docs() -> Response:
    """Show the API's document with Swagger UI, served from here."""
    return _page("docs.html")


@blueprint.get("/api/docs/<path:name>")
def docs_asset(name: str) -> Response:
    """Serve a file of Swagger UI."""
    response = send_from_directory(SWAGGER, name, max_age=DAY_SECONDS)
    response.headers["Cache-Control"] = f"public, max-age={DAY_SECONDS}"
    return response


@blueprint.errorhandler(BookingNotFound)
@blueprint.errorhandler(EntryNotFound)
def nothing_there(_: DomainError) -> tuple[Response, int]:
    """Tell whoever followed a broken link so, whatever is wrong with it."""
    return _page("no_such_booking.html"), 404


@blueprint.get("/bookings/<booking_id>")
def booking(booking_id: str) -> Response:
    """Show a booking to whoever has handed over its token; to others the place to do so, whatever the id."""
    token = _token()
    if not token:
        return _page("open.html", title="Your booking", action=url_for("pages.open_booking", booking_id=booking_id))
    return _booking(context.service(Guests).get(booking_id, token))


@blueprint.post("/bookings/<booking_id>/open")
def open_booking(booking_id: str) -> Response:
    """Take the token once, out of the link's fragment or pasted by hand, and keep it in a cookie for these pages."""
    token = _given()
    context.service(Guests).get(booking_id, token)
    return _keep(token, url_for("pages.booking", booking_id=booking_id))


@blueprint.post("/bookings/<booking_id>/cancel")
def cancel(booking_id: str) -> Response:
    """Cancel the booking whose page this was clicked on."""
    return _booking(context.service(Guests).cancel(booking_id, _token()))


@blueprint.post("/bookings/<booking_id>/reschedule")
def reschedule(booking_id: str) -> tuple[Response, int] | Response:
    """Move the booking whose page this was chosen on."""
    guests, token, problem, status = context.service(Guests), _token(), "", 200
    try:
        guests.reschedule(booking_id, token, request.form.get("slotId", ""))
    except (Conflict, SlotNotFound) as error:
        problem, status = error.message, 409
    return _booking(guests.get(booking_id, token), problem), status


@blueprint.get("/bookings/<booking_id>/calendar.ics")
def calendar(booking_id: str) -> Response:
    """Give the calendar file of the booking whose page this was clicked on."""
    return calendar_answer(context.service(Guests).calendar_file(booking_id, _token()))


@blueprint.get("/bookings/<booking_id>/data.json")
def data(booking_id: str) -> Response:
    """Give everything that is kept about the guest of the booking whose page this was clicked on."""
    return jsonify(context.service(Guests).data(booking_id, _token()))


@blueprint.get("/waitlist/<entry_id>")
def waiting(entry_id: str) -> Response:
    """Show a place on a waiting list to whoever has handed over its token; to others the place to do so."""
    token = _token()
    if not token:
        return _page("open.html", title="The waiting list", action=url_for("pages.open_waiting", entry_id=entry_id))
    return _waiting(*context.service(Waitlist).get(entry_id, token))


@blueprint.post("/waitlist/<entry_id>/open")
def open_waiting(entry_id: str) -> Response:
    """Take the token once and keep it in a cookie for this page."""
    token = _given()
    context.service(Waitlist).get(entry_id, token)
    return _keep(token, url_for("pages.waiting", entry_id=entry_id))


@blueprint.post("/waitlist/<entry_id>/leave")
def leave(entry_id: str) -> Response:
    """Leave the waiting list whose page this was clicked on."""
    return _waiting(context.service(Waitlist).leave(entry_id, _token()), 0)


def _token() -> str:
    return request.cookies.get(COOKIE, "")


def _given() -> str:
    # Whoever pastes the whole link means the code in it.
    return request.form.get("token", "").strip().rpartition("token=")[2]


def _keep(token: str, path: str) -> Response:
    """Send the browser on with a cookie that goes to `path` alone, from these pages alone, and to no script."""
    response: Response = redirect(path, 303)  # type: ignore[assignment]  # a werkzeug response is all Flask needs
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    response.set_cookie(COOKIE, token, path=path, httponly=True, samesite="Strict", secure=secure)
    return response


def _booking(found: Booking, problem: str = "") -> Response:
    schedule = context.service(Schedules).schedule
    slots = [slot for slot in context.service(Guests).open_slots() if slot.id != found.slot_id]
    return _page("booking.html", booking=found, slots=slots, problem=problem, schedule=schedule)


def _waiting(entry: Entry, position: int) -> Response:
    schedule = context.service(Schedules).schedule
    return _page("waiting.html", entry=entry, position=position, schedule=schedule)


def _page(name: str, **values: object) -> Response:
    return Response(render_template(name, **values), mimetype="text/html")
