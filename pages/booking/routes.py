"""Booking page: a month of days, the slots of a day, and a form that books or joins a waiting list."""

from __future__ import annotations

from flask import Response, request, url_for
from flask_babel import force_locale, gettext

from booking.create import CreateBooking
from booking.self_service import SelfService
from core.errors import DomainError, Invalid, Unavailable
from core.mongo.failures import DatabaseError, as_domain_error, is_unavailable
from core.web import context
from core.web.rate_limits.limiter import RateLimiter
from pages import error_pages, locale, receipt
from pages.booking.form import BookingForm
from pages.booking.form_page import date_of, form_tokens, load_availability, load_plan, render_form
from pages.errors import FormRefused, SubmittedTooFast
from pages.form_token import FormToken
from pages.locale import current_language
from pages.site import PageBlueprint
from pages.token_cookie import redirect_with_token
from schedules.errors import SlotNotFound
from waitlist.join import JoinRequest, JoinWaitlist
from waitlist.service import Waitlist

blueprint = PageBlueprint("booking", __name__, static_url="/static/booking")


@blueprint.get("/")
def home() -> Response:
    """Show the month; with ?date also the slots of that day and the form."""
    return render_form(load_availability(request.args.get("date", "")), BookingForm.of({}))


@blueprint.post("/")
def submit() -> Response:
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
        return _join_waitlist(form, form_token.key)
    return _book(form, form_token.key)


@blueprint.errorhandler(DomainError)
def on_domain_error(error: DomainError) -> Response:
    """Show the form again with what was typed and the error."""
    if request.method != "POST" and not isinstance(error, Invalid):
        return error_pages.on_domain_error(error)
    return error_pages.with_refusal(_form_with(error), error)


@blueprint.errorhandler(DatabaseError)
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


def _book(form: BookingForm, key: str) -> Response:
    new = form.booking(date_of(form))
    context.get_service(RateLimiter).hit_booking()
    result = context.get_service(CreateBooking).execute(new, f"form-{key}", current_language().code)
    context.set_outcome(result.outcome)
    booking_id = result.booking.id
    token = context.get_service(SelfService).signed_links.sign(booking_id)
    target = url_for("pages.self_service.done", booking_id=booking_id, receipt=receipt.issue(booking_id))
    return redirect_with_token(token, url_for("pages.self_service.booking", booking_id=booking_id), target)


def _join_waitlist(form: BookingForm, key: str) -> Response:
    if not form.slot_id:
        raise SlotNotFound
    new = form.entry()
    context.get_service(RateLimiter).hit_booking()
    join_request = JoinRequest(new, f"form-{key}", current_language().code)
    entry, _ = context.get_service(JoinWaitlist).execute(form.slot_id, join_request)
    token = context.get_service(Waitlist).signed_links.sign(entry.id)
    target = url_for("pages.self_service.joined", entry_id=entry.id, receipt=receipt.issue(entry.id))
    return redirect_with_token(token, url_for("pages.self_service.waiting", entry_id=entry.id), target)


def _show_date(form: BookingForm) -> Response:
    return render_form(load_availability(request.form.get("look") or date_of(form)), form)


def _switch_language(form: BookingForm, code: str) -> Response:
    """Show the form in another language with what was typed, and store the language in a cookie."""
    with force_locale(code):
        return locale.set_language_cookie(render_form(load_availability(date_of(form)), form), code)
