"""The booking page: a month, a day's slots, a form; and what became of it. It works without scripts."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Blueprint, Response, request, url_for
from flask_babel import force_locale, gettext
from flask_babel import lazy_gettext as _

from booking.create import CreateBooking
from booking.errors import SlotFull
from booking.self_service import SelfService
from core.config.settings import Settings
from core.errors import DomainError, IdempotencyKeyReused, Invalid, TooMany, Unavailable
from core.mongo.client import timeout
from core.mongo.failures import RETRY_AFTER_SECONDS, DatabaseError, as_domain_error, is_unavailable
from core.web import context, problem_details
from core.web.rate_limits.limiter import RateLimiter
from pages import formatting, locale, rendering
from pages.booking import view
from pages.booking.countries import countries
from pages.booking.form import BookingForm
from pages.booking.view import AvailabilityPage
from pages.error_messages import message_for
from pages.errors import FormRefused
from pages.form_token import FormTokens
from pages.locale import current_language
from pages.rendering import has_live_updates, redirect_with_token, render_page
from schedules.errors import SlotNotFound
from schedules.service import Schedules
from waitlist.join import JoinRequest, JoinWaitlist
from waitlist.service import Waitlist

# What the form says better than any page would: what was typed is not lost.
SENTENCES: Mapping[str, str] = {
    "unavailable": _(
        "We cannot reach our books now, so nothing is booked yet. Please send the form again soon; everything you "
        "typed is still here."
    ),
}
SLOT_ERRORS = ("slot_not_found", "slot_closed", "slot_has_places", "already_waiting", "duplicate_booking")
# A page that shows no places after so long helps more than one that shows them later.
READ_TIMEOUT = 1.5
blueprint = Blueprint("form", __name__)


@blueprint.get("/")
def home() -> Response:
    """Show the month, and the slots of a date with the form when one is chosen."""
    date = request.args.get("date", "")
    return _form(_availability(date), BookingForm.of({}))


@blueprint.post("/")
def book() -> Response:
    """Book the chosen slot, or wait for it, and show what came of it on a page of its own.

    The languages, and without scripts the days, are buttons of the form, so that the input is preserved.
    """
    booking_form = BookingForm.of(request.form)
    if "look" in request.form or "month" in request.form:
        return _show_date(booking_form)
    if "language" in request.form:
        return _switch_language(booking_form, locale.requested_language())
    verified_token = _form_tokens().verify(booking_form.form_token)
    if verified_token is None:
        raise FormRefused(gettext("This page was open for very long. Please look it over and send it once more."))
    if booking_form.trap or verified_token.is_too_fast:
        raise FormRefused(
            gettext(
                "We could not tell this form from a robot's. Please send it once more; everything you typed is still "
                "here."
            )
        )
    return (
        _join_waitlist(booking_form, verified_token.key)
        if request.form.get("action") == "wait"
        else _book(booking_form, verified_token.key)
    )


@blueprint.errorhandler(DomainError)
def refused(error: DomainError) -> Response:
    """Show the form again with everything that was typed, and why it was refused."""
    if request.method == "POST":
        booking_form = BookingForm.of(request.form)
        # The request has waited for the database once; it does not wait again.
        away = isinstance(error, Unavailable)
        shown = _form(
            _plan(_date_of(booking_form)) if away else _availability(_date_of(booking_form)), booking_form, error
        )
    elif isinstance(error, Invalid):
        shown = _form(_availability(""), BookingForm.of({}), error)
    else:
        return rendering.refused(error)
    answer = problem_details.on_domain_error(error)
    shown.status_code = answer.status_code
    rendering.copy_headers(answer, shown)
    return shown


@blueprint.errorhandler(DatabaseError)
def without_database(error: DatabaseError) -> Response:
    """Show the form again when the database was away; what is a bug is told as one."""
    return refused(as_domain_error(error)) if is_unavailable(error) else rendering.without_database(error)


def _book(booking_form: BookingForm, key: str) -> Response:
    new = booking_form.booking(_date_of(booking_form))
    context.get_service(RateLimiter).hit_booking()
    booked = context.get_service(CreateBooking).execute(new, key, current_language().code)
    context.set_outcome("replayed" if booked.replayed else "booked")
    path = url_for("pages.booking", booking_id=booked.booking.id)
    held = context.get_service(SelfService).signed_links.sign(booked.booking.id)
    return redirect_with_token(held, path, f"{path}/done")


def _show_date(booking_form: BookingForm) -> Response:
    date = request.form.get("look", "")
    return _form(_availability(date or _date_of(booking_form)), booking_form)


def _switch_language(booking_form: BookingForm, code: str) -> Response:
    """Show the form in another language, with what was typed, and go on in that language."""
    with force_locale(code):
        return locale.set_language_cookie(_form(_availability(_date_of(booking_form)), booking_form), code)


def _join_waitlist(booking_form: BookingForm, key: str) -> Response:
    if not booking_form.slot_id:
        raise SlotNotFound
    new = booking_form.entry()
    context.get_service(RateLimiter).hit_booking()
    request = JoinRequest(new, key, current_language().code)
    entry, _ = context.get_service(JoinWaitlist).execute(booking_form.slot_id, request)
    held = context.get_service(Waitlist).signed_links.sign(entry.id)
    return redirect_with_token(held, url_for("pages.waiting", entry_id=entry.id))


def _availability(date: str) -> AvailabilityPage:
    """Return the board of `date`, without places while the database is away; raises DateNotBookable."""
    schedules = context.get_service(Schedules)
    try:
        with timeout(READ_TIMEOUT):
            slots = schedules.slots_on(date) if date else []
            return view.build(schedules.dates(), slots, date, request.values.get("month", ""), current_language())
    except DatabaseError as error:
        if not is_unavailable(error):
            raise
        return _plan(date)


def _plan(date: str) -> AvailabilityPage:
    return view.build_unknown(context.get_service(Schedules).schedule, date, current_language())


def _form(shown: AvailabilityPage, booking_form: BookingForm, error: DomainError | None = None) -> Response:
    form_tokens = _form_tokens()
    fresh = form_tokens.verify(booking_form.form_token) is None or isinstance(error, IdempotencyKeyReused)
    answer = render_page(
        "book.html",
        availability=shown,
        values=booking_form.values,
        problems=_problems(error, booking_form) if error else {},
        offers=error.extra.get("alternatives", []) if error else [],
        is_full=isinstance(error, SlotFull),
        form_token=form_tokens.issue() if fresh else booking_form.form_token,
        countries=countries(current_language()),
        scripts=formatting.client_messages(),
        here=_current_address(shown),
        live=has_live_updates(),
    )
    if not shown.known:
        answer.status_code = problem_details.STATUS_OF[Unavailable]
        answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return answer


def _current_address(shown: AvailabilityPage) -> str:
    """Return where this page is without what was sent to it."""
    looked_at = f"?{urlencode({'date': shown.date})}" if shown.date else ""
    return locale.current_path() if request.method == "GET" else f"{url_for('pages.form.home')}{looked_at}"


def _problems(error: DomainError, booking_form: BookingForm) -> Mapping[str, str]:
    """Return what to say of a refusal by field; under no name what is about none."""
    if error.errors and type(error) is Invalid:
        return {name: sentences[0] for name, sentences in error.errors.items()}
    if isinstance(error, TooMany):
        return {"": _patience(error.retry_after or 60)}
    chosen = context.get_service(Schedules).schedule.slot_by_id.get(booking_form.slot_id)
    if isinstance(error, SlotFull) and chosen:
        when = {"hours": formatting.hours(chosen.label), "day": formatting.short_day(chosen.date)}
        return {"slotId": gettext("%(hours)s on %(day)s is full.", **when)}
    field = "slotId" if error.code in SLOT_ERRORS else ""
    return {field: str(SENTENCES.get(error.code) or message_for(error) or gettext("This was not accepted."))}


def _patience(seconds: int) -> str:
    return str(
        gettext(
            "Too many attempts came from your connection. Please try again in %(wait)s; everything you typed is still "
            "here.",
            wait=formatting.format_wait(seconds),
        )
    )


def _date_of(booking_form: BookingForm) -> str:
    """Return the date of the chosen slot, else the one that was looked at, else nothing."""
    schedule = context.get_service(Schedules).schedule
    chosen = schedule.slot_by_id.get(booking_form.slot_id)
    return chosen.date if chosen else booking_form.date if booking_form.date in schedule.day_by_date else ""


def _form_tokens() -> FormTokens:
    return FormTokens(context.get_service(Settings).secret_key, context.get_service(Schedules).clock)
