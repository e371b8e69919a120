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
# Codes that only the API of accounts returns.
API_ONLY = frozenset(
    {
        "account_not_found",
        "forbidden",
        "not_signed_in",
        "origin_refused",
        "session_ended",
        "session_not_found",
    }
)
ERROR_MESSAGES: Mapping[str, str] = {
    "account_disabled": _("This account is disabled. Please write to us if you think that this is a mistake."),
    "already_waiting": _("You are on this hour's waiting list already. The link in your e-mail shows your position."),
    "booking_cancelled": _("This booking is cancelled. Please book again."),
    "duplicate_booking": _("You have booked this hour already. The link in your e-mail opens your booking."),
    "cookie_blocked": _(
        "Your browser did not keep the cookie that these pages need. Please allow cookies for this site, and sign in "
        "again."
    ),
    "email_taken": _("There is an account with this e-mail address. Please sign in, or ask for a new password."),
    "idempotency_key_reused": _(
        "This form has booked a place already, with what you sent first. Look for its e-mail before you book another "
        "one."
    ),
    "invalid_credentials": _("E-mail address or password is wrong."),
    "moved_too_often": _("This booking has been rescheduled too often. Please cancel it and book again."),
    "outcome_unknown": _(
        "We could not make sure that this was saved. Please send it once more, unchanged: nobody is booked twice."
    ),
    "password_too_common": _("This password is one of the most common ones. Please choose another one."),
    "provider_email_unverified": _(
        "The other service has not verified your e-mail address. Please verify it there, or sign in with a password."
    ),
    "provider_not_found": _("You cannot sign in with this service. Please choose another way."),
    "provider_sign_in_failed": _("The sign-in was not completed. Please begin again."),
    "provider_unavailable": _(
        "The other service does not answer at the moment. Please try again later, or sign in with a password."
    ),
    "slot_closed": _("This hour is closed for booking. Please choose another one."),
    "slot_date_mismatch": _("This hour is not on that day. Please choose again."),
    "slot_full": _("This hour is full. Please choose another one."),
    "slot_has_places": _("A place in this hour has just come free. You can book it now."),
    "slot_not_found": _("Choose an hour."),
    "token_invalid": _("This link was used already or is too old. Please ask for a new one."),
    "too_many_requests": _("Too many requests came from your connection. Please wait and try again."),
    "unavailable": _("The service is briefly unavailable. Please try again."),
    "party_too_large": _("This hour never has so many places. Please choose another one."),
    "waitlist_full": _("The waiting list of this hour is full. Please choose another one."),
}


def message_for(error: DomainError) -> str:
    """Return the message for `error`, or nothing if its code has none for guests."""
    if isinstance(error, FormRefused | CrossSitePost):
        return error.detail
    if isinstance(error, DateNotBookable):
        return context.get_service(Schedules).schedule.localized(current_language().code).refusal
    return str(ERROR_MESSAGES.get(error.code, ""))
