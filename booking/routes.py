"""What anybody may do with bookings: make one; and, with its token, look after it."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from booking.model import Booking, NewBooking
from booking.schemas import (
    BookedSchema,
    BookingSchema,
    IdempotencyHeader,
    NewBookingSchema,
    NoPlaceProblemSchema,
    OwnDataSchema,
    RescheduleSchema,
)
from booking.self_service import Guests
from booking.service import Bookings
from core.web import accept_language, context
from core.web.endpoint import Blueprint, Door, TokenHeader, token_of
from core.web.rate_limits.limiter import Limits

blueprint = Blueprint("bookings", __name__, url_prefix="/api/bookings", description="Booking a place")
BOOKING = BookingSchema()
BOOKED = "Booking created successfully."


@blueprint.post("")
@Door(
    BookedSchema,
    status=201,
    body=NewBookingSchema,
    headers=IdempotencyHeader,
    refuses=(404, 409, 413, 415, 422),
    conflict=NoPlaceProblemSchema,
)
def book(new: NewBooking, key: str | None) -> Response:
    """Book one place in a slot. With an Idempotency-Key the request can be repeated safely for 24 hours.

    The guest's letters are in the language that Accept-Language prefers: English, or German.
    """
    context.service(Limits).count_booking()
    booked = context.service(Bookings).book(new, key, accept_language.accepted())
    context.outcome("replayed" if booked.replayed else "booked")
    response = jsonify(message=BOOKED, booking=_shown(booked.booking))
    response.status_code = 201
    response.headers["Location"] = f"/api/bookings/{booked.booking.id}"
    if booked.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


@blueprint.get("/<booking_id>")
@Door(BookingSchema, headers=TokenHeader, refuses=(404,), security="manageToken")
def look(booking_id: str, authorization: str) -> Response:
    """Show a booking to whoever holds its token."""
    return jsonify(_shown(context.service(Guests).get(booking_id, token_of(authorization))))


@blueprint.delete("/<booking_id>")
@Door(BookingSchema, headers=TokenHeader, refuses=(404,), security="manageToken")
def cancel(booking_id: str, authorization: str) -> Response:
    """Cancel a booking and give its place back; doing it again answers the same."""
    return jsonify(_shown(context.service(Guests).cancel(booking_id, token_of(authorization))))


@blueprint.post("/<booking_id>/reschedule")
@Door(
    BookingSchema,
    body=RescheduleSchema,
    headers=TokenHeader,
    refuses=(404, 409, 413, 415),
    conflict=NoPlaceProblemSchema,
    security="manageToken",
)
def reschedule(wanted: dict[str, str], booking_id: str, authorization: str) -> Response:
    """Exchange a booking's place for one in another slot, in one step: the guest never has both, and never none."""
    token = token_of(authorization) or wanted.get("token", "")
    return jsonify(_shown(context.service(Guests).reschedule(booking_id, token, wanted["slot_id"])))


@blueprint.get("/<booking_id>/calendar.ics")
@Door(None, headers=TokenHeader, refuses=(404,), security="manageToken", media_type="text/calendar")
def calendar(booking_id: str, authorization: str) -> Response:
    """Give the booking as a calendar file."""
    return calendar_answer(context.service(Guests).calendar_file(booking_id, token_of(authorization)))


@blueprint.get("/<booking_id>/data")
@Door(OwnDataSchema, headers=TokenHeader, refuses=(404,), security="manageToken")
def data(booking_id: str, authorization: str) -> Any:
    """Show everything that is kept about the guest in connection with a booking."""
    return context.service(Guests).data(booking_id, token_of(authorization))


def calendar_answer(file: bytes) -> Response:
    """Return the answer that a browser hands to the calendar."""
    headers = {"Content-Disposition": 'attachment; filename="booking.ics"'}
    return Response(file, content_type="text/calendar; charset=utf-8", headers=headers)


def _shown(booking: Booking) -> dict[str, Any]:
    return {**BOOKING.dump(booking), "manageUrl": context.service(Bookings).manage_url(booking)}
