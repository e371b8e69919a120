"""Messages of the event views in the back office, by key."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _
from flask_babel import lazy_ngettext as ngettext
from flask_babel import lazy_pgettext as pgettext

from pages.formatting import PLURAL_FORMS

EVENT_MESSAGES: Mapping[str, str | Mapping[str, str]] = {
    # The list
    "events": _("Events"),
    "event": _("Event"),
    "eventsHint": _("Part of title or venue"),
    "eventsFound": _("Events found: {total}"),
    "eventsNone": _("No event matches."),
    "eventsAll": _("All events"),
    "eventNew": _("New event"),
    "event.draft": pgettext("an event", "Draft"),
    "event.published": pgettext("an event", "Published"),
    "event.cancelled": pgettext("an event", "Cancelled"),
    "tierCounts": _("{sold} sold, {held} held, {left} left"),
    # An event
    "eventTitle": pgettext("an event", "Title"),
    "description": _("Description"),
    "venue": _("Venue"),
    "currency": _("Currency"),
    "salesEnd": _("Sales end"),
    "image": _("Image"),
    "imageAlt": _("What the image shows"),
    "timeInZone": pgettext("a time and its zone", "{time}, {zone}"),
    "eventSales": _("Sales"),
    "eventPublic": _("Public page"),
    "tiers": _("Kinds of tickets"),
    "tierCode": pgettext("a kind of ticket", "Code"),
    "tierName": pgettext("a kind of ticket", "Name"),
    "tierPrice": pgettext("a kind of ticket", "Price"),
    "tierCapacity": pgettext("a kind of ticket", "Capacity"),
    "tierOpen": pgettext("a kind of ticket", "open"),
    "tierClosed": pgettext("a kind of ticket", "closed"),
    "sold": pgettext("a number of tickets", "Sold"),
    "held": pgettext("a number of tickets", "Held"),
    "remaining": pgettext("a number of tickets", "Left"),
    "ordersPaid": pgettext("a sum", "orders paid"),
    "ticketsSold": pgettext("a sum", "tickets ordered"),
    "checkedIn": pgettext("a sum", "checked in"),
    "revenue": pgettext("a sum", "revenue"),
    "refunded": pgettext("a sum", "refunded"),
    # Its orders, tickets and reservations
    "list.orders": _("Orders"),
    "list.tickets": _("Tickets"),
    "list.reservations": _("Reservations"),
    "found.orders": _("Orders found: {total}"),
    "found.tickets": _("Tickets found: {total}"),
    "found.reservations": _("Reservations found: {total}"),
    "salesNone": _("There are none yet."),
    "ordered": _("Ordered at"),
    "reserved": _("Reserved at"),
    "tickets": _("Tickets"),
    "amount": pgettext("a column", "Amount"),
    "refund": pgettext("a column", "Refund"),
    "orderItem": pgettext("tickets of an order", "{quantity} \u00d7 {tier}"),
    "ticketCode": _("Ticket"),
    "seat": pgettext("a column", "Seat"),
    "checkedInAt": _("Checked in at"),
    "order.PENDING": pgettext("an order", "Open"),
    "order.PAID": pgettext("an order", "Paid"),
    "order.DECLINED": pgettext("an order", "Payment declined"),
    "order.EXPIRED": pgettext("an order", "Expired"),
    "order.CANCELLED": pgettext("an order", "Cancelled"),
    "order.REFUNDED": pgettext("an order", "Refunded"),
    "refund.pending": pgettext("a refund", "under way"),
    "refund.succeeded": pgettext("a refund", "done"),
    "refund.failed": pgettext("a refund", "failed"),
    "ticket.valid": pgettext("a ticket", "Valid"),
    "ticket.checked_in": pgettext("a ticket", "Checked in"),
    "ticket.transferred": pgettext("a ticket", "Transferred"),
    "ticket.void": pgettext("a ticket", "Void"),
    "reservation.CONFIRMED": pgettext("a reservation", "Confirmed"),
    "reservation.CANCELLED": pgettext("a reservation", "Cancelled"),
    # Publication and cancellation
    "publish": pgettext("an event", "Publish"),
    "publishSure": _("Publish {title}?"),
    "publishMeans": _(
        "It is on the public pages at once, and {total} tickets are on sale until {end}. Nobody gets an e-mail."
    ),
    "publishYes": _("Yes, publish it"),
    "publishNo": _("Keep it as a draft"),
    "publishDone": _("Published; tickets are on sale."),
    "unpublish": _("Back to draft"),
    "unpublishSure": _("Make {title} a draft again?"),
    "unpublishMeans": _(
        "It leaves the public pages at once, and nobody can buy tickets of it. No ticket is sold, so nobody gets an "
        "e-mail."
    ),
    "unpublishYes": _("Yes, make it a draft"),
    "unpublishNo": _("Keep it published"),
    "unpublishDone": _("It is a draft again."),
    "eventCancel": _("Cancel event"),
    "eventCancelSure": _("Cancel {title}?"),
    "eventCancelMeans": {
        name: ngettext(
            "{count} ticket is sold, reserved or held. Its holder gets an e-mail; what was paid is refunded, and the "
            "reservation is cancelled.",
            "{count} tickets are sold, reserved or held. Each holder gets an e-mail; all that was paid is refunded, "
            "and all reservations are cancelled.",
            count,
        )
        for name, count in PLURAL_FORMS
    },
    "eventCancelUnsold": _("No ticket is sold, so nobody gets an e-mail and nothing is refunded."),
    "eventCancelFinal": _("Sales end at once. This cannot be undone."),
    "eventCancelYes": _("Yes, cancel the event"),
    "eventCancelNo": _("Keep the event"),
    "eventCancelDone": _("Cancelled. E-mails and refunds are on their way."),
    # The editor
    "eventEdit": _("Edit event"),
    "editorLeave": _("Leave without saving"),
    "leaveSure": _("Leave without saving?"),
    "leaveMeans": _("What you have typed is lost."),
    "leaveYes": _("Yes, leave"),
    "leaveNo": _("Stay here"),
    "dateAndTime": _("Date and time"),
    "timeZone": _("Time zone"),
    "zoneHint": _("Of both times. Guests see them in {zone}."),
    "salesEndOptional": _("Sales end (optional)"),
    "salesEndHint": _("Empty: at the date of the event."),
    "movedHint": _("Holders of tickets get an e-mail about a change."),
    "currencyHint": _("Code of ISO 4217, such as EUR"),
    "imageOptional": _("Image (optional)"),
    "imageHint": _("An https address, or a path of this site"),
    "imageAltHint": _("For people who do not see it. Empty if it only decorates."),
    "statusHint": _("A draft is not public until you publish it."),
    "tierNew": _("New kind of tickets"),
    "tierAdd": _("Add a kind of tickets"),
    "tierRemove": _("Remove this kind of tickets"),
    "tierClose": _("Closed: nobody can buy it"),
    "tierTakenCounts": _("{sold} sold, {held} held"),
    "codeHint": _("Short, such as VIP. It cannot be changed later."),
    "numberedHint": _("Its seats are numbered; there are as many tickets as seats."),
    "eventSaved": _("Saved."),
    "eventCreated": _("The event is created."),
    "eventUnchanged": _("Nothing was changed, so there is nothing to save."),
    "eventCheck": _("Not saved. Please check the marked fields."),
    "changedTo": _("Changed meanwhile by somebody else to: {value}"),
    "changedByOther": _("Changed meanwhile by somebody else; this is the new value."),
    "capacityTaken": _("{count} are sold, reserved or held already; the capacity cannot be lower."),
    "codeTwice": _("Another kind of tickets has this code."),
    "timeSkipped": _("The clocks of {zone} skip this time. Please choose another one."),
    "wrongEvent.title": _("Enter a title of at most 200 characters."),
    "wrongEvent.description": _("Write at most 5000 characters, without control characters."),
    "wrongEvent.date": _("Choose a date and a time in the future."),
    "wrongEvent.salesEnd": _("Choose a time in the future, not after the date of the event."),
    "wrongEvent.venue": _("Enter a venue of at most 200 characters."),
    "wrongEvent.currency": _("Enter a currency code such as EUR; all prices must have its decimals."),
    "wrongEvent.image": _("Enter an https:// address, or a path of this site such as /images/a.jpg."),
    "wrongEvent.imageAlt": _("Write at most 200 characters."),
    "wrongEvent.tiers": _(
        "There are one to 20 kinds of tickets with different codes, and the payment provider must be able to take each "
        "price exactly."
    ),
    "wrongTier.code": _("Enter a code of at most 40 characters."),
    "wrongTier.name": _("Enter a name of at most 200 characters."),
    "wrongTier.price": _("Enter an amount such as {example}."),
    "wrongTier.capacity": _("Enter a whole number from 0 to 1,000,000."),
    "problem.changed_meanwhile": _(
        "Somebody else has changed this event meanwhile, so nothing was saved. The changes are marked below, and yours "
        "are still here. Please look, and save again."
    ),
    "problem.event_cancelled": _("This event was cancelled, so it cannot be changed any more."),
    "problem.event_has_sales": _("Tickets of this event are sold or reserved, so this cannot be changed any more."),
    "problem.event_not_found": _("There is no such event."),
    # The audit
    "done.event.created": _("Event created"),
    "done.event.changed": _("Event changed"),
    "done.event.cancelled": _("Event cancelled"),
    "done.event.deleted": _("Event deleted"),
}
