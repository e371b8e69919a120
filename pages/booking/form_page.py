"""Form page of the booking family: renders the month, the slots of a day and the form, with its error messages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from zoneinfo import ZoneInfo

from flask import Response, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from booking.errors import SlotFull
from core.config.settings import Settings
from core.email_domains import DomainReceivesNoEmail
from core.errors import DomainError, IdempotencyKeyReused, Invalid, TooMany, Unavailable
from core.mongo.client import timeout
from core.mongo.failures import RETRY_AFTER_SECONDS, DatabaseError, is_unavailable
from core.timed_signer import TimedSigner
from core.web import accept_language, context, problem_details
from pages import formatting, locale
from pages.booking import view
from pages.booking.countries import countries
from pages.booking.form import FIELD_MESSAGES, BookingForm
from pages.booking.party import for_party
from pages.booking.view import AvailabilityPage
from pages.error_messages import message_for
from pages.errors import SubmittedTooFast
from pages.form_token import PURPOSE, FormTokens
from pages.locale import current_language
from pages.rendering import has_live_updates, render_page
from schedules.errors import DateNotBookable
from schedules.service import Schedules
from waitlist.errors import AlreadyWaiting

UNAVAILABLE = _(
    "We cannot reach our books now, so nothing is booked yet. Please send the form again soon; everything you "
    "typed is still here."
)
# Errors of the selected slot; other errors belong to no field.
SLOT_ERRORS = (
    "slot_not_found",
    "slot_closed",
    "slot_has_places",
    "party_too_large",
    "already_waiting",
    "duplicate_booking",
)
# Where a booking can have several places, the guest may have asked for another number of them.
PARTY_WAITS = _(
    "You are on this hour's waiting list already, for the number of places that you chose first. That stays so, and "
    "you lose nothing. For another number, leave the list with the link in your e-mail, and join again at its end."
)
# After this time the page is rendered without availability.
READ_TIMEOUT = 1.5


def render_form(availability: AvailabilityPage, form: BookingForm, error: DomainError | None = None) -> Response:
    """Return the form page; an error is shown beside its fields, and what was typed is kept."""
    schedules = context.get_service(Schedules)
    form_token = _form_token(form, error)
    problems: Mapping[str, str] = {}
    alternatives = []
    if error:
        problems = _problems(error, form)
        alternatives = error.extra.get("alternatives", [])
    page = render_page(
        "booking/form.html",
        availability=for_party(availability, form.party),
        values=form.values,
        problems=problems,
        alternatives=alternatives,
        is_full=isinstance(error, SlotFull),
        form_token=form_token,
        min_age_ms=_remaining_ms(form_token),
        countries=countries(current_language()),
        nearest=_nearest_dates(error),
        asked_date=_asked_date(error),
        guessed_country=_guessed_country(form),
        today=schedules.clock().astimezone(ZoneInfo(schedules.schedule.timezone)).date().isoformat(),
        rules=schedules.schedule.contact_rules,
        scripts=formatting.client_messages(),
        current_path=_current_path(availability),
        live=has_live_updates(),
    )
    if not availability.known:
        page.status_code = problem_details.STATUS_OF[Unavailable]
        page.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return page


def load_availability(selected: str) -> AvailabilityPage:
    """Return the availability with the date `selected`; raises DateNotBookable.

    The remaining places are unknown while the database is unavailable.
    """
    schedules = context.get_service(Schedules)
    try:
        with timeout(READ_TIMEOUT):
            slots = schedules.slots_on(selected) if selected else []
            month = shown_month(selected[:7])
            return view.build(schedules.schedule, schedules.dates_in(month), slots, selected, current_language())
    except DatabaseError as error:
        if not is_unavailable(error):
            raise
        return load_plan(selected)


def shown_month(default: str) -> str:
    """Return the month that the request asks for, else `default`, else the first one with places."""
    schedules = context.get_service(Schedules)
    for month in (request.values.get("month", ""), default):
        if month in schedules.schedule.days_by_month:
            return month
    return schedules.open_month()


def load_plan(selected: str) -> AvailabilityPage:
    """Return the page of the schedule alone, without a query."""
    return view.build_unknown(context.get_service(Schedules).schedule, selected, current_language())


def date_of(form: BookingForm) -> str:
    """Return the date of the selected slot, else the date that was shown, else nothing."""
    schedule = context.get_service(Schedules).schedule
    selected = schedule.slot_by_id.get(form.slot_id)
    if selected:
        return selected.date
    if form.date in schedule.day_by_date:
        return form.date
    return ""


def form_tokens() -> FormTokens:
    clock = context.get_service(Schedules).clock
    return FormTokens(TimedSigner(context.get_service(Settings).secret_key, PURPOSE, clock))


def _asked_date(error: DomainError | None) -> str:
    """Return the date that was asked for and that the schedule does not have; nothing if it is no date."""
    asked = request.values.get("date", "")
    with suppress(ValueError):
        if isinstance(error, DateNotBookable) and date.fromisoformat(asked).isoformat() == asked:
            return asked
    return ""


def _nearest_dates(error: DomainError | None) -> Sequence[str]:
    asked = _asked_date(error)
    if not asked:
        return ()
    schedules = context.get_service(Schedules)
    return view.nearest_dates(schedules.schedule, asked, schedules.clock())


def _guessed_country(form: BookingForm) -> str:
    """Return the country of an untouched form by the browser's language, such as de-AT."""
    if request.method == "POST" or form.values["country"]:
        return ""
    return accept_language.country()


def _form_token(form: BookingForm, error: DomainError | None) -> str:
    """Return the form's own token while it can be used, else a new one."""
    tokens = form_tokens()
    if isinstance(error, SubmittedTooFast):
        return tokens.issue_confirmed()
    if isinstance(error, IdempotencyKeyReused) or tokens.verify(form.form_token) is None:
        return tokens.issue()
    return form.form_token


def _remaining_ms(form_token: str) -> int:
    """Return the milliseconds until the form is old enough; the page's script waits for them."""
    verified = form_tokens().verify(form_token)
    if verified is None:
        return 0
    return math.ceil(verified.remaining.total_seconds() * 1000)


def _current_path(availability: AvailabilityPage) -> str:
    """Return the path that shows this page by GET, without what was submitted."""
    if request.method == "GET":
        return locale.current_path()
    if availability.date:
        return url_for("pages.booking.home", date=availability.date)
    return url_for("pages.booking.home")


def _problems(error: DomainError, form: BookingForm) -> Mapping[str, str]:
    """Return the error messages by field; the empty name stands for the whole form."""
    if error.errors.keys() == {"seats"}:
        return {"seats": str(FIELD_MESSAGES["seats"])}
    if error.errors and type(error) is Invalid:
        return {name: messages[0] for name, messages in error.errors.items()}
    if isinstance(error, DomainReceivesNoEmail):
        return {"email": gettext("Addresses in the test domain .%(domain)s receive no e-mail.", domain=error.domain)}
    if isinstance(error, TooMany):
        return {"": _rate_limit_message(error.retry_after or 60)}
    if isinstance(error, Unavailable) and error.code == Unavailable.code:
        return {"": str(UNAVAILABLE)}
    return _slot_problem(error, form)


def _slot_problem(error: DomainError, form: BookingForm) -> Mapping[str, str]:
    """Return the message of an error of the selected slot beside it, and others for the whole form."""
    selected = context.get_service(Schedules).schedule.slot_by_id.get(form.slot_id)
    if isinstance(error, SlotFull) and selected:
        hours = formatting.hours(selected.label)
        day = formatting.short_day(selected.date)
        if error.remaining:
            left = formatting.places(error.remaining)
            return {
                "slotId": gettext("%(hours)s on %(day)s: %(left)s, too few for you.", hours=hours, day=day, left=left)
            }
        return {"slotId": gettext("%(hours)s on %(day)s is full.", hours=hours, day=day)}
    message = message_for(error) or gettext("This was not accepted.")
    if isinstance(error, AlreadyWaiting) and context.get_service(Schedules).schedule.seats_per_booking > 1:
        message = str(PARTY_WAITS)
    if error.code in SLOT_ERRORS:
        return {"slotId": message}
    return {"": message}


def _rate_limit_message(seconds: int) -> str:
    return str(
        gettext(
            "Too many attempts came from your connection. Please try again in %(wait)s; everything you typed is still "
            "here.",
            wait=formatting.format_wait(seconds),
        )
    )
