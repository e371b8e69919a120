"""The booking page: a month, a day's slots, a form; and what became of it. It works without scripts."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Blueprint, Response, request, url_for
from flask_babel import force_locale, gettext
from flask_babel import lazy_gettext as _

from booking.errors import IdempotencyKeyReused, SlotFull
from booking.service import Bookings
from core.config.settings import Settings
from core.errors import DomainError, Invalid, TooMany, Unavailable
from core.mongo.client import timeout
from core.mongo.failures import RETRY_AFTER_SECONDS, DatabaseError, as_domain_error, is_unavailable
from core.web import context, problem_details
from core.web.rate_limits.limiter import Limits
from pages import formatting, locale, rendering
from pages.booking import view
from pages.booking.countries import countries
from pages.booking.form import Draft
from pages.booking.view import Board
from pages.error_messages import sentence
from pages.errors import FormRefused
from pages.form_token import Seals
from pages.locale import speaking
from pages.rendering import keep, page, tells_news
from schedules.errors import SlotNotFound
from schedules.service import Schedules
from waitlist.service import Waitlist

# What the form says better than any page would: what was typed is not lost.
SENTENCES: Mapping[str, str] = {
    "unavailable": _(
        "We cannot reach our books now, so nothing is booked yet. Please send the form again soon; everything you "
        "typed is still here."
    ),
}
ABOUT_THE_SLOT = ("slot_not_found", "slot_closed", "slot_has_places", "already_waiting", "duplicate_booking")
# A page that shows no places after so long helps more than one that shows them later.
PATIENCE_SECONDS = 1.5
blueprint = Blueprint("form", __name__)


@blueprint.get("/")
def home() -> Response:
    """Show the month, and the slots of a date with the form when one is chosen."""
    date = request.args.get("date", "")
    return _form(_board(date), Draft.of({}))


@blueprint.post("/")
def book() -> Response:
    """Book the chosen slot, or wait for it, and show what came of it on a page of its own.

    The languages, and without scripts the days, are buttons of the form: whoever presses one keeps what was typed.
    """
    draft = Draft.of(request.form)
    if "look" in request.form or "month" in request.form:
        return _look(draft)
    if "language" in request.form:
        return _speak(draft, locale.switched())
    seal = _seals().read(draft.sealed)
    if seal is None:
        raise FormRefused(gettext("This page was open for very long. Please look it over and send it once more."))
    if draft.trap or seal.is_hasty:
        raise FormRefused(
            gettext(
                "We could not tell this form from a robot's. Please send it once more; everything you typed is still "
                "here."
            )
        )
    return _wait(draft, seal.key) if request.form.get("action") == "wait" else _book(draft, seal.key)


@blueprint.errorhandler(DomainError)
def refused(error: DomainError) -> Response:
    """Show the form again with everything that was typed, and why it was refused."""
    if request.method == "POST":
        draft = Draft.of(request.form)
        # Whoever has waited for the database need not wait for it again.
        away = isinstance(error, Unavailable)
        shown = _form(_plan(_date_of(draft)) if away else _board(_date_of(draft)), draft, error)
    elif isinstance(error, Invalid):
        shown = _form(_board(""), Draft.of({}), error)
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


def _book(draft: Draft, key: str) -> Response:
    new = draft.booking(_date_of(draft))
    context.service(Limits).count_booking()
    bookings = context.service(Bookings)
    booked = bookings.book(new, key, speaking().code)
    context.outcome("replayed" if booked.replayed else "booked")
    path = url_for("pages.booking", booking_id=booked.booking.id)
    return keep(_token_in(bookings.manage_url(booked.booking)), path, f"{path}/done")


def _look(draft: Draft) -> Response:
    date = request.form.get("look", "")
    return _form(_board(date or _date_of(draft)), draft)


def _speak(draft: Draft, code: str) -> Response:
    """Show the form in another language, with what was typed, and go on in that language."""
    with force_locale(code):
        return locale.remember(_form(_board(_date_of(draft)), draft), code)


def _wait(draft: Draft, key: str) -> Response:
    if not draft.slot_id:
        raise SlotNotFound
    new = draft.entry()
    context.service(Limits).count_booking()
    waitlist = context.service(Waitlist)
    entry, _ = waitlist.join(draft.slot_id, new, key=key, language=speaking().code)
    return keep(_token_in(waitlist.manage_url(entry)), url_for("pages.waiting", entry_id=entry.id))


def _board(date: str) -> Board:
    """Return the board of `date`, without places while the database is away; raises DateNotBookable."""
    schedules = context.service(Schedules)
    try:
        with timeout(PATIENCE_SECONDS):
            slots = schedules.slots_on(date) if date else []
            return view.lay_out(schedules.dates(), slots, date, request.values.get("month", ""), speaking())
    except DatabaseError as error:
        if not is_unavailable(error):
            raise
        return _plan(date)


def _plan(date: str) -> Board:
    return view.without_places(context.service(Schedules).schedule, date, speaking())


def _form(shown: Board, draft: Draft, error: DomainError | None = None) -> Response:
    seals = _seals()
    fresh = seals.read(draft.sealed) is None or isinstance(error, IdempotencyKeyReused)
    answer = page(
        "book.html",
        board=shown,
        values=draft.values,
        problems=_problems(error, draft) if error else {},
        offers=error.extra.get("alternatives", []) if error else [],
        is_full=isinstance(error, SlotFull),
        sealed=seals.new() if fresh else draft.sealed,
        countries=countries(speaking()),
        scripts=formatting.for_scripts(),
        here=_here(shown),
        live=tells_news(),
    )
    if not shown.known:
        answer.status_code = problem_details.STATUS_OF[Unavailable]
        answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return answer


def _here(shown: Board) -> str:
    """Return where this page is without what was sent to it."""
    looked_at = f"?{urlencode({'date': shown.date})}" if shown.date else ""
    return locale.here() if request.method == "GET" else f"{url_for('pages.form.home')}{looked_at}"


def _problems(error: DomainError, draft: Draft) -> Mapping[str, str]:
    """Return what to say of a refusal by field; under no name what is about none."""
    if error.errors and type(error) is Invalid:
        return {name: sentences[0] for name, sentences in error.errors.items()}
    if isinstance(error, TooMany):
        return {"": _patience(error.retry_after or 60)}
    chosen = context.service(Schedules).schedule.slot_with.get(draft.slot_id)
    if isinstance(error, SlotFull) and chosen:
        when = {"hours": formatting.hours(chosen.label), "day": formatting.short_day(chosen.date)}
        return {"slotId": gettext("%(hours)s on %(day)s is full.", **when)}
    field = "slotId" if error.code in ABOUT_THE_SLOT else ""
    return {field: str(SENTENCES.get(error.code) or sentence(error) or gettext("This was not accepted."))}


def _patience(seconds: int) -> str:
    return str(
        gettext(
            "Too many attempts came from your connection. Please try again in %(wait)s; everything you typed is still "
            "here.",
            wait=formatting.minutes(seconds),
        )
    )


def _date_of(draft: Draft) -> str:
    """Return the date of the chosen slot, else the one that was looked at, else nothing."""
    schedule = context.service(Schedules).schedule
    chosen = schedule.slot_with.get(draft.slot_id)
    return chosen.date if chosen else draft.date if draft.date in schedule.day_on else ""


def _seals() -> Seals:
    return Seals(context.service(Settings).secret_key, context.service(Schedules).clock)


def _token_in(url: str) -> str:
    return url.partition("#token=")[2]
