"""The booking page: a month, a day's slots, a form; and what became of it. It works without scripts."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, current_app, request, url_for

from booking.errors import IdempotencyKeyReused, SlotFull
from booking.service import Bookings
from core import mongo
from core.config import Settings
from core.errors import DomainError, Invalid, TooMany, Unavailable
from core.web import context, errors
from core.web.limits import Limits
from pages import board, site, words
from pages.board import Board
from pages.countries import countries
from pages.draft import Draft
from pages.seal import Seals
from pages.site import keep, page
from schedules.errors import SlotNotFound
from schedules.service import Schedules
from waitlist.service import Waitlist

KEPT = "everything you typed is still here."
ROBOT = f"We could not tell this form from a robot's. Please send it once more; {KEPT}"
STALE = "This page was open for very long. Please look it over and send it once more."
SENTENCES: Mapping[str, str] = {
    "slot_not_found": "Choose an hour.",
    "slot_closed": "This hour is closed for booking. Please choose another one.",
    "duplicate_booking": "You have booked this hour already. The link in your letter opens your booking.",
    "already_waiting": "You are on this hour's waiting list already. The link in your letter shows your place in it.",
    "slot_has_places": "A place in this hour has just come free. You can book it now.",
    "idempotency_key_reused": "This form has booked a place already, with what you sent first. Look for its letter "
    "before you book another one.",
    "unavailable": f"We cannot reach our books now, so nothing is booked yet. Please send the form again soon; {KEPT}",
    "outcome_unknown": "We could not make sure that this was saved. Please send it once more, unchanged: nobody is "
    "booked twice.",
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

    Without scripts the days are buttons of the form: whoever looks at another one keeps what was typed.
    """
    if "look" in request.form or "month" in request.form:
        return _look(Draft.of(request.form))
    draft, seals = Draft.of(request.form), _seals()
    seal = seals.read(draft.sealed)
    if seal is None:
        raise Invalid(STALE)
    if draft.trap or seal.is_hasty:
        raise Invalid(ROBOT)
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
        return site.refused(error)
    answer = errors.on_domain_error(error)
    shown.status_code = answer.status_code
    site.copy_headers(answer, shown)
    return shown


@blueprint.errorhandler(mongo.DatabaseError)
def without_database(error: mongo.DatabaseError) -> Response:
    """Show the form again when the database was away; what is a bug is told as one."""
    return refused(mongo.as_domain_error(error)) if mongo.is_away(error) else site.without_database(error)


def _book(draft: Draft, key: str) -> Response:
    new = draft.booking(_date_of(draft))
    context.service(Limits).count_booking()
    bookings = context.service(Bookings)
    booked = bookings.book(new, key)
    context.outcome("replayed" if booked.replayed else "booked")
    path = url_for("pages.booking", booking_id=booked.booking.id)
    return keep(_token_in(bookings.manage_url(booked.booking)), path, f"{path}/done")


def _look(draft: Draft) -> Response:
    date = request.form.get("look", "")
    return _form(_board(date or _date_of(draft)), draft)


def _wait(draft: Draft, key: str) -> Response:
    if not draft.slot_id:
        raise SlotNotFound
    new = draft.entry()
    context.service(Limits).count_booking()
    waitlist = context.service(Waitlist)
    entry, _ = waitlist.join(draft.slot_id, new, key)
    return keep(_token_in(waitlist.manage_url(entry)), url_for("pages.waiting", entry_id=entry.id))


def _board(date: str) -> Board:
    """Return the board of `date`, without places while the database is away; raises DateNotBookable."""
    schedules = context.service(Schedules)
    try:
        with mongo.within(PATIENCE_SECONDS):
            slots = schedules.slots_on(date) if date else []
            return board.lay_out(schedules.dates(), slots, date, request.values.get("month", ""))
    except mongo.DatabaseError as error:
        if not mongo.is_away(error):
            raise
        return _plan(date)


def _plan(date: str) -> Board:
    return board.without_places(context.service(Schedules).schedule, date)


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
        countries=countries(),
        # The page asks for news only where the service tells them.
        live=current_app.url_map.bind("").test("/api/live", "GET"),
    )
    if not shown.known:
        answer.status_code = errors.STATUS_OF[Unavailable]
        answer.headers["Retry-After"] = str(mongo.RETRY_AFTER_SECONDS)
    return answer


def _problems(error: DomainError, draft: Draft) -> Mapping[str, str]:
    """Return what to say of a refusal by field; under no name what is about none."""
    if error.errors and type(error) is Invalid:
        return {name: sentences[0] for name, sentences in error.errors.items()}
    if isinstance(error, TooMany):
        wait = words.minutes(error.retry_after or 60)
        return {"": f"Too many attempts came from your connection. Please try again in {wait}; {KEPT}"}
    chosen = context.service(Schedules).schedule.slot_with.get(draft.slot_id)
    if isinstance(error, SlotFull) and chosen:
        hours, day = words.FILTERS["hours"](chosen.label), words.FILTERS["short_day"](chosen.date)
        return {"slotId": f"{hours} on {day} is full."}
    field = "slotId" if error.code in ABOUT_THE_SLOT else ""
    return {field: SENTENCES.get(error.code, error.detail)}


def _date_of(draft: Draft) -> str:
    """Return the date of the chosen slot, else the one that was looked at, else nothing."""
    schedule = context.service(Schedules).schedule
    chosen = schedule.slot_with.get(draft.slot_id)
    return chosen.date if chosen else draft.date if draft.date in schedule.day_on else ""


def _seals() -> Seals:
    return Seals(context.service(Settings).secret_key, context.service(Schedules).clock)


def _token_in(url: str) -> str:
    return url.partition("#token=")[2]
