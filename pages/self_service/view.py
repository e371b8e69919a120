"""Rendering of the self-service pages: a booking, a waiting-list entry, and the form for a link's token."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from flask import Response, request

from booking.errors import BookingNotFound
from booking.model import Booking
from booking.self_service import SelfService
from core.web import context
from pages.rendering import has_live_updates, render_page
from pages.token_cookie import COOKIE, read_token
from waitlist.model import WaitlistEntry


@dataclass(frozen=True)
class TokenForm:
    """State of the form for a link's token; a known `token` is filled in and submitted by the page's script."""

    status: int = 200
    token: str = ""
    cookies_blocked: bool = False


def booking_page(found: Booking, *, problem: str = "", is_moved: bool = False) -> Response:
    slots = [slot for slot in context.get_service(SelfService).open_slots() if slot.id != found.slot_id]
    values = {"booking": found, "slots": slots, "problem": problem, "is_moved": is_moved}
    return render_page("self_service/booking.html", found.language, **values)


def entry_page(entry: WaitlistEntry, position: int) -> Response:
    values = {"entry": entry, "position": position, "booking": _booking_of(entry), "live": has_live_updates()}
    return render_page("self_service/waiting.html", entry.language, **values)


def token_form(title: str, action: str, form: TokenForm) -> Response:
    """Return the form for a link's token. It removes a cookie whose token was refused."""
    page = render_page("self_service/token_form.html", title=title, action=action, form=form)
    page.status_code = form.status
    if read_token():
        page.delete_cookie(COOKIE, path=request.path)
    return page


def _booking_of(entry: WaitlistEntry) -> Booking | None:
    """Return the booking of a promoted entry, unless the booking's own link has expired."""
    if entry.booking_id is None:
        return None
    with suppress(BookingNotFound):
        return context.get_service(SelfService).get_linked(entry.booking_id)
    return None
