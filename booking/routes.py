"""What anybody may do with bookings: make one; and, with its token, look at it or cancel it."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

from booking.model import Booking, NewBooking
from booking.schemas import BookedSchema, BookingSchema, IdempotencyHeader, NewBookingSchema, TokenHeader
from booking.service import Bookings
from core.web import context
from core.web.api import Blueprint, Door
from core.web.limits import Limits

blueprint = Blueprint("bookings", __name__, url_prefix="/api/bookings", description="Booking a place")
BOOKING = BookingSchema()
BOOKED = "Booking created successfully."


@blueprint.post("")
@Door(BookedSchema, status=201, body=NewBookingSchema, headers=IdempotencyHeader, refuses=(404, 409, 413, 415, 422))
def book(new: NewBooking, key: str | None) -> Response:
    """Book one place in a slot. With an Idempotency-Key the request can be repeated safely for 24 hours."""
    context.service(Limits).count_booking()
    booked = context.service(Bookings).book(new, key)
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
    return jsonify(_shown(context.service(Bookings).get(booking_id, _token(authorization))))


@blueprint.delete("/<booking_id>")
@Door(BookingSchema, headers=TokenHeader, refuses=(404,), security="manageToken")
def cancel(booking_id: str, authorization: str) -> Response:
    """Cancel a booking and give its place back; doing it again answers the same."""
    return jsonify(_shown(context.service(Bookings).cancel_by_guest(booking_id, _token(authorization))))


def _shown(booking: Booking) -> dict[str, Any]:
    return {**BOOKING.dump(booking), "manageUrl": context.service(Bookings).manage_url(booking)}


def _token(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else request.form.get("token", "")
