"""The back office's doors."""

from __future__ import annotations

from itertools import chain
from typing import Any

from flask import Response

from admin.audit.view import AuditHistory
from admin.bookings import csv_export
from admin.dashboard.charts import svg
from admin.dashboard.service import Dashboard
from admin.emails.schemas import LetterSchema, LettersQuery, LettersSchema
from admin.guards import current_admin, require_key
from admin.schemas import (
    AdminBookingSchema,
    AdminSlotSchema,
    AuditQuery,
    AuditSchema,
    FilterSchema,
    ListingQuery,
    ListingSchema,
    PlotsQuery,
    PlotsSchema,
    SlotChangeSchema,
    SlotsQuery,
    StatsSchema,
    ValidSchema,
)
from booking.changes import Changes
from booking.model import Booking, BookingFilter, PageRequest
from booking.service import Bookings
from core.i18n import get_language
from core.web import accept_language, context
from core.web.endpoint import Blueprint, Endpoint
from notifications.outbox.model import EmailCursor, EmailFilter, EmailPage, EmailStatus, OutboxEmail
from notifications.outbox.service import Outbox
from schedules.model import Slot, SlotChange
from schedules.service import Schedules

blueprint = Blueprint("admin", __name__, url_prefix="/api/admin", description="Back office")
blueprint.before_request(require_key)


@blueprint.get("/validate")
@Endpoint(ValidSchema, error_statuses=(401,), security="adminKey")
def validate() -> dict[str, bool]:
    """Tell whether the key is right."""
    return {"success": True}


@blueprint.get("/bookings")
@Endpoint(ListingSchema, query=ListingQuery, error_statuses=(401,), security="adminKey")
def bookings(wanted: BookingFilter, part: PageRequest) -> dict[str, Any]:
    """List bookings, newest first or by `sort`; `after` walks on from the `next` of the last answer.

    `sorts` are those orders that this search can be put in: while it finds more than ten thousand bookings, not all.
    """
    found = context.get_service(Bookings).search(wanted, part)
    return {
        **vars(found),
        "page": part.page,
        "limit": part.limit,
        "totalPages": -(-found.total // part.limit),
    }


@blueprint.get("/bookings/export")
@Endpoint(None, query=FilterSchema, error_statuses=(401,), security="adminKey", media_type="text/csv")
def export(wanted: BookingFilter) -> Response:
    """Export bookings as CSV, streamed."""
    pieces = csv_export.stream_csv(context.get_service(Bookings).stream(wanted))
    # The first piece is read here, where a database that is away is answered like everywhere else.
    first = next(pieces)
    headers = {"Content-Disposition": 'attachment; filename="bookings.csv"'}
    return Response(chain((first,), pieces), content_type="text/csv; charset=utf-8", headers=headers)


@blueprint.post("/bookings/<booking_id>/cancel")
@Endpoint(AdminBookingSchema, error_statuses=(401, 404), security="adminKey")
def cancel(booking_id: str) -> Booking:
    """Cancel a booking and tell the guest; doing it again answers the same."""
    return context.get_service(Changes).cancel(booking_id, actor=current_admin())


@blueprint.post("/bookings/<booking_id>/resend")
@Endpoint(AdminBookingSchema, status=202, error_statuses=(401, 404, 409), security="adminKey")
def resend(booking_id: str) -> Booking:
    """Send the guest's confirmation once more, unless the guest was forgotten."""
    return context.get_service(Changes).resend_confirmation(booking_id, actor=current_admin())


@blueprint.get("/slots")
@Endpoint(AdminSlotSchema(many=True), query=SlotsQuery, error_statuses=(401,), security="adminKey")
def slots(date: str | None) -> list[Slot]:
    """List the slots of a date, or all of them."""
    schedules = context.get_service(Schedules)
    return schedules.all_slots() if date is None else schedules.slots_on(date)


@blueprint.patch("/slots/<slot_id>")
@Endpoint(AdminSlotSchema, body=SlotChangeSchema, error_statuses=(401, 404, 409, 413, 415), security="adminKey")
def change_slot(change: SlotChange, slot_id: str) -> Slot:
    """Change how many places a slot has, or close it for booking."""
    return context.get_service(Changes).change_slot(slot_id, change, actor=current_admin())


@blueprint.get("/stats")
@Endpoint(StatsSchema, error_statuses=(401,), security="adminKey")
def stats() -> Any:
    """Sum up seats and booked places, by day and by hour, and letters by state."""
    return context.get_service(Dashboard).stats()


@blueprint.get("/plots")
@Endpoint(PlotsSchema, query=PlotsQuery, error_statuses=(401,), security="adminKey")
def plots(width: int) -> dict[str, Any]:
    """Draw the figures of the overview as SVG about `width` pixels wide, each with the table it is drawn from.

    Their words are in the language that Accept-Language prefers, English by default.
    """
    drawn = context.get_service(Dashboard).figures(get_language(accept_language.negotiated_language()))
    return {"items": [{**vars(each), "formatted_rows": each.formatted_rows, "svg": svg(each, width)} for each in drawn]}


@blueprint.get("/letters")
@Endpoint(LettersSchema, query=LettersQuery, error_statuses=(401,), security="adminKey")
def letters(about: str, state: str, limit: int, after: str | None) -> EmailPage:
    """List letters, newest first: all, those of one state, or those about one booking.

    `after` walks on from the `next` of the last answer. A letter that is retried is as new as its retry.
    """
    wanted = EmailFilter(about, EmailStatus(state) if state else None)
    return context.get_service(Outbox).find(wanted, limit, EmailCursor.of(after) if after else None)


@blueprint.post("/letters/<letter_id>/retry")
@Endpoint(LetterSchema, error_statuses=(401, 404, 409), security="adminKey")
def retry_letter(letter_id: str) -> OutboxEmail:
    """Try a letter that was given up again."""
    return context.get_service(Changes).retry_email(letter_id, actor=current_admin())


@blueprint.get("/audit")
@Endpoint(AuditSchema, query=AuditQuery, error_statuses=(401,), security="adminKey")
def audit(about: str, limit: int, after: str | None) -> dict[str, Any]:
    """List what the back office did, newest first; `about` is the id of a booking, slot or letter.

    An entry names its `slot`, or its `booking` by the reference, where there is one.
    """
    found = context.get_service(AuditHistory).find(about, after, limit + 1)
    items = found[:limit]
    return {"items": items, "next": items[-1].entry.id if len(found) > limit else None}
