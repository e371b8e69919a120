"""Submission of the booking form: it books the selected slot or joins its waiting list, once for each form token."""

from __future__ import annotations

from typing import Protocol

from flask import Response, request
from flask_babel import force_locale, gettext

from booking.create import CreateBooking
from core.errors import DomainError, Invalid, Unavailable
from core.mongo.failures import DatabaseError, as_domain_error, is_unavailable
from core.web import context
from core.web.rate_limits.limiter import RateLimiter
from pages import error_pages, locale, page_visit
from pages.booking.form import BookingForm
from pages.booking.form_page import date_of, form_tokens, load_availability, load_plan, render_form
from pages.embedding import is_embedded
from pages.errors import FormRefused, SubmittedTooFast
from pages.form_token import FormToken
from pages.locale import current_language
from schedules.errors import SlotNotFound
from waitlist.join import JoinRequest, JoinWaitlist


class Confirmations(Protocol):
    """Leads the browser to the confirmation of what the form did."""

    def booked(self, booking_id: str) -> Response:
        """Redirect to the confirmation of a booking."""

    def joined(self, entry_id: str) -> Response:
        """Redirect to the confirmation of a waiting-list entry."""


def submit_form(confirmations: Confirmations) -> Response:
    """Book the selected slot or join its waiting list, and redirect to the result.

    The buttons of languages and, without scripts, of days submit the form as well, so that the input is kept.
    """
    form = BookingForm.of(request.form)
    if "look" in request.form or "month" in request.form:
        return _show_date(form)
    if "language" in request.form:
        return _switch_language(form, locale.requested_language())
    form_token = _accepted_token(form)
    if request.form.get("action") == "wait":
        return confirmations.joined(_join_waitlist(form, form_token.key))
    return confirmations.booked(_book(form, form_token.key))


def on_domain_error(error: DomainError) -> Response:
    """Show the form again with what was typed and the error."""
    if request.method != "POST" and not isinstance(error, Invalid):
        return error_pages.on_domain_error(error)
    return error_pages.with_refusal(_form_with(error), error)


def on_database_error(error: DatabaseError) -> Response:
    """Show the form again if the database is unavailable."""
    if is_unavailable(error):
        return on_domain_error(as_domain_error(error))
    return error_pages.on_database_error(error)


def _form_with(error: DomainError) -> Response:
    if request.method != "POST":
        return render_form(load_availability(""), BookingForm.of({}), error)
    form = BookingForm.of(request.form)
    # The request has waited for the database once; it does not wait again.
    load = load_plan if isinstance(error, Unavailable) else load_availability
    return render_form(load(date_of(form)), form, error)


def _accepted_token(form: BookingForm) -> FormToken:
    """Return the form's token; raises FormRefused if it is invalid, or if a robot may have sent the form."""
    form_token = form_tokens().verify(form.form_token)
    if form_token is None:
        raise FormRefused(gettext("This page was open for very long. Please look it over and send it once more."))
    if form.honeypot:
        raise FormRefused(_robot_message())
    if form_token.is_too_fast:
        raise SubmittedTooFast(_robot_message())
    return form_token


def _robot_message() -> str:
    return str(
        gettext(
            "We could not tell this form from a robot's. Please send it once more; everything you typed is still here."
        )
    )


def _book(form: BookingForm, key: str) -> str:
    """Return the id of the new booking."""
    new = form.booking(date_of(form))
    context.get_service(RateLimiter).hit_booking()
    result = context.get_service(CreateBooking).execute(new, f"form-{key}", current_language().code, _account_id())
    context.set_outcome(result.outcome)
    return result.booking.id


def _account_id() -> str:
    """Return the id of the signed-in account, so that the booking is among its own; empty for guests."""
    visitor = page_visit.current_visitor()
    if visitor is None:
        return ""
    return visitor.id


def _join_waitlist(form: BookingForm, key: str) -> str:
    """Return the id of the new waiting-list entry."""
    if not form.slot_id:
        raise SlotNotFound
    new = form.entry()
    context.get_service(RateLimiter).hit_booking()
    join_request = JoinRequest(new, f"form-{key}", current_language().code)
    entry, _ = context.get_service(JoinWaitlist).execute(form.slot_id, join_request)
    return entry.id


def _show_date(form: BookingForm) -> Response:
    return render_form(load_availability(request.form.get("look") or date_of(form)), form)


def _switch_language(form: BookingForm, code: str) -> Response:
    """Show the form in another language with what was typed, and store the language in a cookie outside of frames."""
    with force_locale(code):
        page = render_form(load_availability(date_of(form)), form)
    if is_embedded():
        return page
    return locale.set_language_cookie(page, code)
