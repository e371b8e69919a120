"""Booking endpoints of the back office."""

from __future__ import annotations

import math
from itertools import chain
from typing import Any

from flask import Response

from admin.blueprint import blueprint
from admin.bookings import csv_export
from admin.bookings.schemas import AdminBookingSchema, FilterSchema, ListingQuery, ListingSchema
from admin.guards import current_admin
from booking.cancellation import CancelBooking, Cancellation
from booking.export import ExportBookings
from booking.listing import SearchBookings
from booking.model import Booking, BookingFilter, PageRequest
from booking.resend import ResendEmail
from core.web import context
from core.web.endpoint import Endpoint
from core.web.rate_limits.limiter import RateLimiter


@blueprint.get("/bookings")
@Endpoint(
    ListingSchema,
    query=ListingQuery,
    error_statuses=(
        401,
        403,
    ),
    security="adminKey",
)
def bookings(booking_filter: BookingFilter, page_request: PageRequest) -> dict[str, Any]:
    """List bookings, newest first or by `sort`; `after` is the `next` of the previous answer.

    `q` are words in any order, each a part of the name, the e-mail or the phone number, or a reference. `total` is an
    estimate, and `totalIsExact` false, for a common text or a filter with very many matches.

    `sorts` are the orders available for this search: not all while it finds more than ten thousand bookings.
    """
    found = context.get_service(SearchBookings).execute(booking_filter, page_request)
    return {
        "items": found.page.items,
        "next": found.page.next,
        "total": found.total,
        "totalIsExact": found.is_exact,
        "sorts": found.sorts,
        "page": page_request.page,
        "limit": page_request.limit,
        "totalPages": math.ceil(found.total / page_request.limit),
    }


@blueprint.get("/bookings/export")
@Endpoint(
    None,
    query=FilterSchema,
    error_statuses=(
        401,
        403,
    ),
    security="adminKey",
    media_type="text/csv",
)
def export(booking_filter: BookingFilter, page_request: PageRequest) -> Response:
    """Export bookings as CSV, streamed, in the order of the list."""
    rows = context.get_service(ExportBookings).execute(booking_filter, page_request)
    chunks = csv_export.stream_csv(rows)
    # Reading the first chunk here lets the error handlers answer an unavailable database.
    first = next(chunks)
    headers = {"Content-Disposition": 'attachment; filename="bookings.csv"'}
    return Response(chain((first,), chunks), content_type="text/csv; charset=utf-8", headers=headers)


@blueprint.post("/bookings/<booking_id>/cancel")
@Endpoint(AdminBookingSchema, error_statuses=(401, 403, 404), security="adminKey")
def cancel(booking_id: str) -> Booking:
    """Cancel a booking and e-mail the guest; repeating it gives the same answer."""
    return context.get_service(CancelBooking).execute(Cancellation(booking_id, actor=current_admin()))


@blueprint.post("/bookings/<booking_id>/resend")
@Endpoint(AdminBookingSchema, status=202, error_statuses=(401, 403, 404, 409), security="adminKey")
def resend(booking_id: str) -> Booking:
    """Send the guest's confirmation again, unless the guest was erased."""
    context.get_service(RateLimiter).hit_email(booking_id)
    return context.get_service(ResendEmail).execute(booking_id, actor=current_admin())
