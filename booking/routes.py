"""Public API of bookings: create one; read and change it with its link token."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from booking.calendar_file import ExportCalendarFile
from booking.create import CreateBooking
from booking.model import Booking, BookingResult, NewBooking, PersonalData
from booking.personal_data import ExportPersonalData
from booking.schemas import (
    BookedSchema,
    BookingSchema,
    IdempotencyHeader,
    NewBookingSchema,
    NoPlaceProblemSchema,
    OwnDataSchema,
    RescheduleSchema,
    booking_members,
)
from booking.self_service import SelfService
from core.web import accept_language, context
from core.web.answer import Answer
from core.web.endpoint import Blueprint, Endpoint
from core.web.rate_limits.limiter import RateLimiter
from core.web.request_parser import TokenHeader, bearer_token

blueprint = Blueprint("bookings", __name__, url_prefix="/api/bookings", description="Booking a place")
BOOKED = "Booking created successfully."


@blueprint.post("")
@Endpoint(
    BookedSchema,
    status=201,
    body=NewBookingSchema,
    headers=IdempotencyHeader,
    error_statuses=(404, 409, 413, 415, 422),
    conflict_schema=NoPlaceProblemSchema,
    fast=True,
)
def create_booking(new: NewBooking, key: str | None) -> Answer:
    """Book one place in a slot. With an Idempotency-Key the request can be repeated safely for 24 hours.

    The guest's e-mails are in the language that Accept-Language prefers: English, or German.
    """
    context.get_service(RateLimiter).hit_booking()
    return _created(context.get_service(CreateBooking).execute(new, key, accept_language.negotiated_language()))


@blueprint.get("/<booking_id>")
@Endpoint(BookingSchema, headers=TokenHeader, error_statuses=(404,), security="manageToken")
def get_booking(booking_id: str, authorization: str) -> Response:
    """Show a booking to the holder of its token."""
    return jsonify(_serialize(context.get_service(SelfService).get(booking_id, bearer_token(authorization))))


@blueprint.delete("/<booking_id>")
@Endpoint(BookingSchema, headers=TokenHeader, error_statuses=(404,), security="manageToken", fast=True)
def cancel_booking(booking_id: str, authorization: str) -> Answer:
    """Cancel a booking and give its place back; doing it again answers the same."""
    cancelled = context.get_service(SelfService).cancel(booking_id, bearer_token(authorization))
    return Answer(200, _serialize(cancelled))


@blueprint.post("/<booking_id>/reschedule")
@Endpoint(
    BookingSchema,
    body=RescheduleSchema,
    headers=TokenHeader,
    error_statuses=(404, 409, 413, 415),
    conflict_schema=NoPlaceProblemSchema,
    security="manageToken",
)
def reschedule_booking(target: dict[str, str], booking_id: str, authorization: str) -> Response:
    """Exchange a booking's place for one in another slot, in one step: the guest never has both, and never none."""
    token = bearer_token(authorization) or target.get("token", "")
    # Only the holder of the token uses up the booking's quota.
    booking = context.get_service(SelfService).get(booking_id, token)
    context.get_service(RateLimiter).hit_email(booking_id)
    return jsonify(_serialize(context.get_service(SelfService).reschedule(booking, target["slot_id"])))


@blueprint.get("/<booking_id>/calendar.ics")
@Endpoint(None, headers=TokenHeader, error_statuses=(404,), security="manageToken", media_type="text/calendar")
def calendar(booking_id: str, authorization: str) -> Response:
    """Give the booking as a calendar file."""
    return ics_response(context.get_service(ExportCalendarFile).execute(booking_id, bearer_token(authorization)))


@blueprint.get("/<booking_id>/data")
@Endpoint(OwnDataSchema, headers=TokenHeader, error_statuses=(404,), security="manageToken")
def export_personal_data(booking_id: str, authorization: str) -> PersonalData:
    """Show everything that is kept about the guest in connection with a booking."""
    return context.get_service(ExportPersonalData).execute(booking_id, bearer_token(authorization))


def ics_response(file: bytes) -> Response:
    """Return the response that a browser saves as a calendar file."""
    headers = {"Content-Disposition": 'attachment; filename="booking.ics"'}
    return Response(file, content_type="text/calendar; charset=utf-8", headers=headers)


def _created(result: BookingResult) -> Answer:
    context.set_outcome(result.outcome)
    headers = {"Location": f"/api/bookings/{result.booking.id}"}
    if result.replayed:
        headers["Idempotency-Replayed"] = "true"
    return Answer(201, {"message": BOOKED, "booking": _serialize(result.booking)}, headers)


def _serialize(booking: Booking) -> dict[str, Any]:
    return booking_members(booking, context.get_service(SelfService).signed_links.url(booking.id))
