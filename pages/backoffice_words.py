"""All that the back office's page says through its scripts, in one table; `{name}` stands for what they put there."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _
from flask_babel import lazy_ngettext as ngettext
from flask_babel import lazy_pgettext as pgettext

from pages.sentences import SENTENCES

# What is counted has a form for each of CLDR's plurals, by the names that Intl.PluralRules gives them.
Word = str | Mapping[str, str]
FORMS = (("one", 1), ("other", 2))

WORDS: Mapping[str, Word] = {
    # Views
    "bookings": _("Bookings"),
    "slots": _("Slots"),
    "letters": _("Letters"),
    "overview": _("Overview"),
    "audit": _("Audit"),
    "title": _("{view} \u00b7 Back office"),
    # Entering
    "wrongKey": _("This key is not right."),
    "unreachable": _("The service cannot be reached. Nothing has been changed as far as this page knows."),
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
    "countryHint": _("Two letters, such as DE"),
    # The listing
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
    "found": _("Bookings found: {total}"),
    "nothing": _("No booking matches."),
    "open": _("Open booking {reference} of {name}"),
    # The download
    "download": _("Download CSV"),
    "downloadFound": _("Download all {total} as CSV"),
    "downloading": {
        name: ngettext("{rows} of {total} booking, {size} MB", "{rows} of {total} bookings, {size} MB", count)
        for name, count in FORMS
    },
    "downloaded": {
        name: ngettext("Saved {name}: {rows} booking, {size} MB.", "Saved {name}: {rows} bookings, {size} MB.", count)
        for name, count in FORMS
    },
    "downloadCancel": _("Stop download"),
    "downloadStopped": _("The download was stopped; nothing was saved."),
    "downloadBroken": _("The download broke off; nothing was saved. Please try again."),
    # A booking
    "booking": _("Booking {reference}"),
    "done": pgettext("a dialog", "Close"),
    "resend": _("Send letter again"),
    "resent": _("The letter is on its way again."),
    "cancel": _("Cancel booking"),
    "cancelSure": _("Cancel the booking of {name}?"),
    "cancelMeans": _("The place on {date}, {hours}, is given to others at once, and the guest gets a letter."),
    "cancelYes": _("Yes, cancel it"),
    "cancelNo": _("Keep it"),
    "cancelDone": _("Cancelled; the guest gets a letter."),
    "done.booking.cancelled": _("Cancelled"),
    "done.booking.letter_resent": _("Letter sent again"),
    "done.slot.changed": _("Slot changed"),
    "done.letter.retried": _("Letter tried again"),
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
    "capacitySaved": _("{hours}: capacity saved."),
    "nowClosed": _("{hours} is closed."),
    "nowOpen": _("{hours} is open again."),
    # Letters
    "letter": _("Letter"),
    "to": pgettext("a column", "To"),
    "tries": _("Tries"),
    "trouble": _("Last trouble"),
    "when": pgettext("a column", "When"),
    "action": _("Action"),
    "retry": _("Try again"),
    "retryOf": _("Try again: {letter} to {to}"),
    "retried": _("The letter is tried again."),
    "noLetters": _("No letter is in this state."),
    "noLettersYet": _("No letter yet."),
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
    "letter.guest_rescheduled": pgettext("a letter", "Moved"),
    "letter.guest_waiting": _("Waiting list"),
    # The overview
    "seats": pgettext("a sum", "places"),
    "seatsBooked": pgettext("a sum", "booked"),
    "seatsFree": pgettext("a sum", "still free"),
    "lettersOpen": _("letters under way"),
    "lettersDead": _("letters given up"),
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
    "change.template": _("letter"),
    # What the service refuses, by its code, and by the field that is wrong
    "wrong": _("This was not accepted: {field}."),
    "wrong.capacity": _("Must be a whole number of at least 0."),
    "wrong.country": _("Must be two letters, such as DE."),
    "wrong.phone": _("Must have digits."),
    "problem.booking_forgotten": _("The personal data of this booking was erased, so there is nobody to write to."),
    "problem.booking_not_found": _("There is no such booking."),
    "problem.capacity_below_booked": _("More places are booked than this capacity."),
    "problem.letter_not_failed": _("Only letters that were given up can be tried again."),
    "problem.letter_outdated": _("This letter is out of date: the booking has changed since."),
    "problem.too_many_to_sort": _("This search finds too many bookings for this order. Please narrow it down."),
    "problem.outcome_unknown": _("It is not known whether this was saved. Please look, and try again if it was not."),
    **{f"problem.{code}": SENTENCES[code] for code in ("too_many_requests", "unavailable")},
    "none": "\u2013",
}
