"""Booking page: a month of days, the slots of a day, and a form that books or joins a waiting list."""

from __future__ import annotations

from flask import Response, request, url_for

from booking.self_service import SelfService
from core.errors import DomainError
from core.mongo.failures import DatabaseError
from core.web import context
from pages import page_visit, receipt
from pages.booking import submission
from pages.booking.form import BookingForm
from pages.booking.form_page import load_availability, render_form
from pages.site import PageBlueprint
from pages.token_cookie import redirect_with_token
from waitlist.service import Waitlist

blueprint = PageBlueprint("booking", __name__, static_url="/static/booking")
blueprint.register_error_handler(DomainError, submission.on_domain_error)
blueprint.register_error_handler(DatabaseError, submission.on_database_error)


class CookieConfirmations:
    """Confirmations that keep the token of the link in a cookie, and have a receipt for browsers that block it."""

    def booked(self, booking_id: str) -> Response:
        token = context.get_service(SelfService).signed_links.sign(booking_id)
        target = url_for("pages.self_service.done", booking_id=booking_id, receipt=receipt.issue(booking_id))
        return redirect_with_token(token, url_for("pages.self_service.booking", booking_id=booking_id), target)

    def joined(self, entry_id: str) -> Response:
        token = context.get_service(Waitlist).signed_links.sign(entry_id)
        target = url_for("pages.self_service.joined", entry_id=entry_id, receipt=receipt.issue(entry_id))
        return redirect_with_token(token, url_for("pages.self_service.waiting", entry_id=entry_id), target)


@blueprint.get("/")
def home() -> Response:
    """Show the month; with ?date also the slots of that day and the form."""
    return render_form(load_availability(request.args.get("date", "")), BookingForm.of(_own_details()))


@blueprint.post("/")
def submit() -> Response:
    """Submit the form."""
    return submission.submit_form(CookieConfirmations())


def _own_details() -> dict[str, str]:
    """Return the name and the e-mail address of the signed-in account for the form."""
    visitor = page_visit.current_visitor()
    if visitor is None:
        return {}
    return {"fullName": visitor.name, "email": visitor.email}
