"""Error messages of the pages, by error code, in the guest's language."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _

from core.errors import DomainError
from core.web import context
from pages.errors import CrossSitePost, FormRefused
from pages.locale import current_language
from schedules.errors import DateNotBookable
from schedules.service import Schedules

# Codes that only the API and the back office return.
NOT_SHOWN = frozenset(
    {
        "booking_forgotten",
        "capacity_below_booked",
        "too_many_to_sort",
    }
)
ERROR_MESSAGES: Mapping[str, str] = {
    "already_waiting": _("You are on this hour's waiting list already. The link in your e-mail shows your position."),
    "booking_cancelled": _("This booking is cancelled. Please book again."),
    "duplicate_booking": _("You have booked this hour already. The link in your e-mail opens your booking."),
    "idempotency_key_reused": _(
        "This form has booked a place already, with what you sent first. Look for its e-mail before you book another "
        "one."
    ),
    "moved_too_often": _("This booking has been rescheduled too often. Please cancel it and book again."),
    "outcome_unknown": _(
        "We could not make sure that this was saved. Please send it once more, unchanged: nobody is booked twice."
    ),
    "slot_closed": _("This hour is closed for booking. Please choose another one."),
    "slot_date_mismatch": _("This hour is not on that day. Please choose again."),
    "slot_full": _("This hour is full. Please choose another one."),
    "slot_has_places": _("A place in this hour has just come free. You can book it now."),
    "slot_not_found": _("Choose an hour."),
    "too_many_requests": _("Too many requests came from your connection. Please wait and try again."),
    "unavailable": _("The service is briefly unavailable. Please try again."),
    "waitlist_full": _("The waiting list of this hour is full. Please choose another one."),
}


def message_for(error: DomainError) -> str:
    """Return the message for `error`, or nothing if its code has none for guests."""
    if isinstance(error, FormRefused | CrossSitePost):
        return error.detail
    if isinstance(error, DateNotBookable):
        return context.get_service(Schedules).schedule.localized(current_language().code).refusal
    return str(ERROR_MESSAGES.get(error.code, ""))
