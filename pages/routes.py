"""The HTML site. No GET changes anything; a booking's page asks for a click, which is a POST, before it cancels."""

from __future__ import annotations

from pathlib import Path

import flask_swagger_ui
from flask import Blueprint, Response, redirect, render_template, request, send_from_directory, url_for

from booking.errors import BookingNotFound
from booking.service import Bookings
from core.web import context

SWAGGER = Path(flask_swagger_ui.__file__).parent / "dist"
DAY_SECONDS = 86_400
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
def no_such_booking(_: BookingNotFound) -> tuple[Response, int]:
    """Tell whoever followed a broken link so, whatever is wrong with it."""
    return _page("no_such_booking.html"), 404


@blueprint.get("/bookings/<booking_id>")
def booking(booking_id: str) -> Response:
    """Show a booking to whoever has its link."""
    token = request.args.get("token", "")
    found = context.service(Bookings).get(booking_id, token)
    return _page("booking.html", booking=found, token=token, schedule=context.service(Bookings).schedules.schedule)


@blueprint.post("/bookings/<booking_id>/cancel")
def cancel(booking_id: str) -> Response:
    """Cancel the booking whose page this was clicked on."""
    token = request.form.get("token", "")
    cancelled = context.service(Bookings).cancel_by_guest(booking_id, token)
    return _page("booking.html", booking=cancelled, token=token, schedule=context.service(Bookings).schedules.schedule)


def _page(name: str, **values: object) -> Response:
    return Response(render_template(name, **values), mimetype="text/html")
