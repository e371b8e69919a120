"""Pages for frames of other sites: the booking page and an event, without cookies; and the script of the widget."""

from __future__ import annotations

from flask import Response, request

from core.errors import DomainError
from core.mongo.failures import DatabaseError
from core.web import context
from events.service import Events
from pages.booking import submission
from pages.booking.form import BookingForm
from pages.booking.form_page import load_availability, render_form
from pages.embed import confirmation
from pages.events.messages import client_messages
from pages.events.view import EventCard
from pages.rendering import has_live_updates, render_page
from pages.site import PageBlueprint

blueprint = PageBlueprint("embed", __name__, static_url="/static/embed")
blueprint.register_error_handler(DomainError, submission.on_domain_error)
blueprint.register_error_handler(DatabaseError, submission.on_database_error)


@blueprint.get("/widget.js")
def script() -> Response:
    """Serve the script that puts an embedded page into the page that loads it."""
    return blueprint.send_static_file("widget.js")


@blueprint.get("/embed")
def home() -> Response:
    """Show the booking page in a frame."""
    return render_form(load_availability(request.args.get("date", "")), BookingForm.of({}))


@blueprint.post("/embed")
def submit() -> Response:
    """Submit the form in a frame."""
    return submission.submit_form(confirmation.ReceiptConfirmations())


@blueprint.get("/embed/bookings/<booking_id>/done")
def booked(booking_id: str) -> Response:
    """Confirm a new booking to the frame that made it."""
    return confirmation.booking_confirmation(booking_id)


@blueprint.get("/embed/waitlist/<entry_id>/joined")
def joined(entry_id: str) -> Response:
    """Confirm a new waiting-list entry to the frame that made it."""
    return confirmation.entry_confirmation(entry_id)


@blueprint.get("/embed/events/<event_id>")
def event(event_id: str) -> Response:
    """Show an event with its tickets in a frame; they are bought on the event's own page."""
    events = context.get_service(Events)
    card = EventCard.of(events.get(event_id), events.clock())
    return render_page("embed/event.html", card=card, messages=client_messages(), live=has_live_updates())
