"""Messages of the back-office scripts by key; the scripts replace each `{name}` by a value."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _
from flask_babel import lazy_ngettext as ngettext
from flask_babel import lazy_pgettext as pgettext

from pages.error_messages import ERROR_MESSAGES
from pages.formatting import PLURAL_FORMS

Message = str | Mapping[str, str]

MESSAGES: Mapping[str, Message] = {
    # Views
    "bookings": _("Bookings"),
    "slots": _("Slots"),
    "letters": _("E-mails"),
    "overview": _("Overview"),
    "audit": _("Audit"),
    "title": _("{view} \u00b7 Back office"),
    # Entering
    "wrongKey": _("This key is not right."),
    "unreachable": _("The service cannot be reached. Please try again in a moment."),
    "unknown": _(
        "The service did not answer, so it is not known whether this was done. Please look before you repeat it."
    ),
    "refused": _("The service answered {status}."),
    "left": _("You are signed out."),
    # Fields and columns
    "reference": _("Reference"),
    "name": _("Name"),
    "email": _("E-mail"),
    "phone": _("Phone"),
    "country": _("Country"),
    "city": _("City"),
    "date": _("Date"),
    "hours": _("Hours"),
    "status": _("Status"),
    "message": _("Message"),
    "created": _("Booked at"),
    "any": _("Any"),
    "confirmed": _("Confirmed"),
    "cancelled": _("Cancelled"),
    "erased": _("(erased)"),
    # The listing
    "q": _("Search"),
    "searchHint": _("Name, e-mail, phone or reference"),
    "find": _("Find"),
    "clear": _("Clear"),
    "sortBy": _("Sort by"),
    "sortNewest": _("Newest first"),
    "sortOldest": _("Oldest first"),
    "sortUp": _("{column}, ascending"),
    "sortDown": _("{column}, descending"),
    "previous": _("Previous"),
    "next": _("Next"),
    "pages": _("Pages"),
    "page": _("Page {page} of {pages}"),
    "aboutTotal": _("about {total}"),
    "found": _("Bookings found: {total}"),
    "foundPage": _("Bookings found: {total}. Page {page} of {pages}"),
    "nothing": _("No booking matches."),
    "open": _("Open booking {reference} of {name}"),
    # The download
    "download": _("Download CSV"),
    "downloadFound": _("Download all {total} as CSV"),
    "downloading": {
        name: ngettext("{rows} of {total} booking, {size}", "{rows} of {total} bookings, {size}", count)
        for name, count in PLURAL_FORMS
    },
    "downloaded": {
        name: ngettext(
            "Saved {name}: {rows} booking, {size}.",
            "Saved {name}: {rows} bookings, {size}.",
            count,
        )
        for name, count in PLURAL_FORMS
    },
    "downloadCancel": _("Stop download"),
    "downloadStopped": _("The download was stopped; nothing was saved."),
    "downloadBroken": _("The download broke off; nothing was saved. Please try again."),
    # A booking
    "booking": _("Booking {reference}"),
    "done": pgettext("a dialog", "Close"),
    "resend": _("Resend e-mail"),
    "resent": _("The e-mail is on its way again."),
    "cancel": _("Cancel booking"),
    "cancelSure": _("Cancel the booking of {name}?"),
    "cancelMeans": _("The place on {date}, {hours}, is given to others at once, and the guest gets an e-mail."),
    "cancelYes": _("Yes, cancel it"),
    "cancelNo": _("Keep it"),
    "cancelDone": _("Cancelled; the guest gets an e-mail."),
    "done.booking.cancelled": _("Cancelled"),
    "done.booking.letter_resent": _("E-mail resent"),
    "done.slot.changed": _("Slot changed"),
    "done.letter.retried": _("Delivery retried"),
    "history": _("What the back office did"),
    "historyEntry": _("{what}, by {who}"),
    "noHistory": _("Nothing yet."),
    # Slots
    "slotsOf": _("Slots of {date}"),
    "booked": _("Booked"),
    "waiting": pgettext("a column", "Waiting"),
    "capacity": _("Capacity"),
    "capacityOf": _("Capacity of {hours}"),
    "save": _("Save"),
    "saveOf": _("Save the capacity of {hours}"),
    "state": _("State"),
    "slotOpen": pgettext("a slot", "open"),
    "slotFull": pgettext("a slot", "full"),
    "slotClosed": pgettext("a slot", "closed"),
    "closing": pgettext("a column", "Booking"),
    "close": pgettext("a slot", "Close"),
    "reopen": pgettext("a slot", "Open"),
    "closeOf": _("Close {hours}"),
    "reopenOf": _("Open {hours}"),
    "capacitySaved": _("{date}, {hours}: capacity saved."),
    "nowClosed": _("{date}, {hours} is closed."),
    "nowOpen": _("{date}, {hours} is open again."),
    # Letters
    "letter": _("E-mail"),
    "to": pgettext("a column", "To"),
    "tries": _("Tries"),
    "trouble": _("Last trouble"),
    "when": pgettext("a column", "When"),
    "action": _("Action"),
    "retry": _("Try again"),
    "retryOf": _("Try again: {letter} to {to}"),
    "retried": _("The e-mail is being sent again."),
    "noLetters": _("No e-mail is in this state."),
    "noLettersYet": _("No e-mail yet."),
    "queued": _("queued"),
    "sending": _("sending"),
    "retrying": _("retrying"),
    "sent": _("sent"),
    "dead": _("given up"),
    "delivered": _("delivered"),
    "bounced": _("bounced"),
    "complained": _("complained"),
    "letter.admin_booking": _("To the organiser"),
    "letter.guest_booking": _("Confirmation"),
    "letter.guest_cancellation": _("Cancellation"),
    "letter.guest_promoted": _("A place came free"),
    "letter.guest_reminder": _("Reminder"),
    "letter.guest_rescheduled": pgettext("an e-mail", "Rescheduled"),
    "movedTo": _("Rescheduled to {date}, {hours}"),
    "letter.guest_waiting": _("Waiting list"),
    # The overview
    "seats": pgettext("a sum", "places"),
    "seatsBooked": pgettext("a sum", "booked"),
    "seatsFree": pgettext("a sum", "still free"),
    "lettersOpen": _("e-mails under way"),
    "lettersDead": _("e-mails given up"),
    "asTable": _("As a table"),
    # The audit
    "who": pgettext("a column", "Who"),
    "what": pgettext("a column", "What"),
    "about": pgettext("a column", "About"),
    "before": pgettext("a change", "Before"),
    "after": pgettext("a change", "After"),
    "older": _("Older"),
    "noAudit": _("The back office has not done anything yet."),
    "yes": _("yes"),
    "no": _("no"),
    "change.capacity": _("capacity"),
    "change.closed": pgettext("a slot", "closed"),
    "change.state": _("state"),
    "change.status": _("status"),
    "change.template": _("e-mail"),
    # What the service refuses, by its code, and by the field that is wrong
    "wrong": _("This was not accepted: {field}."),
    "wrong.capacity": _("Must be a whole number of at least 0."),
    "wrong.country": _("There is no such country."),
    "wrong.reference": _("Must be a whole reference, such as K7MP-4QXD."),
    "problem.booking_forgotten": _("The personal data of this booking was erased, so there is nobody to write to."),
    "problem.booking_not_found": _("There is no such booking."),
    "problem.capacity_below_booked": _("More places are booked than this capacity."),
    "problem.letter_not_failed": _("Only e-mails that were given up can be tried again."),
    "problem.letter_outdated": _("This e-mail is out of date: the booking has changed since."),
    "problem.too_many_to_sort": _("This search finds too many bookings for this order. Please narrow it down."),
    "problem.outcome_unknown": _("It is not known whether this was saved. Please look, and try again if it was not."),
    **{f"problem.{code}": ERROR_MESSAGES[code] for code in ("too_many_requests", "unavailable")},
    "none": "\u2013",
}
