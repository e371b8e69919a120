"""Public API of bookings: create one; read and change it with its link token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify

from accounts.guards import (
    active_session,
    current_identity,
    is_access_token,
    optional_account_id,
    require_identity,
    signed_in,
)
from booking.account_bookings import ExportAccountData, ListAccountBookings
from booking.calendar_file import ExportCalendarFile
from booking.create import CreateBooking
from booking.errors import BookingNotFound
from booking.link_requests import RequestLinks
from booking.model import AccountData, Booking, BookingResult, NewBooking, PersonalData
from booking.own_cancellation import AccountTickets, CancelOwnBooking
from booking.personal_data import ExportPersonalData
from booking.schemas import (
    AccountDataSchema,
    BookedSchema,
    BookingSchema,
    IdempotencyHeader,
    LinksSchema,
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
me_blueprint = Blueprint("me", __name__, url_prefix="/api/me", description="What belongs to the signed-in account")
BOOKED = "Booking created successfully."


@blueprint.post("")
@Endpoint(
    BookedSchema,
    status=201,
    body=NewBookingSchema,
    headers=IdempotencyHeader,
    error_statuses=(401, 404, 409, 413, 415, 422),
    conflict_schema=NoPlaceProblemSchema,
    fast=True,
)
def create_booking(new: NewBooking, key: str | None) -> Answer:
    """Book places in a slot, all or none. With an Idempotency-Key the request can be repeated safely for 24 hours.

    A signed-in guest's booking is in `GET /api/me/slots` as well.

    The guest's e-mails are in the language that Accept-Language prefers: English, or German.
    """
    context.get_service(RateLimiter).hit_booking()
    account_id = optional_account_id()
    language = accept_language.negotiated_language()
    return _created(context.get_service(CreateBooking).execute(new, key, language, account_id))


@blueprint.post("/links")
@Endpoint(None, status=202, body=LinksSchema, error_statuses=(413, 415))
def request_links(given: dict[str, str]) -> Response:
    """Send the links of the open bookings of an e-mail address there; the answer is the same for unknown ones."""
    send_links(given["email"])
    return Response(status=202)


@blueprint.get("/<booking_id>")
@Endpoint(BookingSchema, headers=TokenHeader, error_statuses=(404,), security="manageToken")
def get_booking(booking_id: str, authorization: str) -> Response:
    """Show a booking to the holder of its token."""
    return jsonify(_serialize(context.get_service(SelfService).get(booking_id, bearer_token(authorization))))


@blueprint.delete("/<booking_id>")
@Endpoint(BookingSchema, headers=TokenHeader, error_statuses=(401, 404), security="ownerToken", fast=True)
def cancel_booking(booking_id: str, authorization: str) -> Answer:
    """Cancel a booking and give its place back; doing it again answers the same.

    The access token of the account that made it opens it too, and the account's reservations of tickets.
    """
    token = bearer_token(authorization)
    if is_access_token(token):
        return Answer(200, _cancel_own(booking_id, require_identity().account_id))
    return Answer(200, _serialize(context.get_service(SelfService).cancel(booking_id, token)))


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


@me_blueprint.get("/slots")
@signed_in
@Endpoint(BookingSchema(many=True), error_statuses=(401,), security="accessToken")
def list_my_slots() -> Response:
    """List the slot bookings of the signed-in account, newest first: those that it made, or of its verified e-mail."""
    found = context.get_service(ListAccountBookings).execute(current_identity())
    return jsonify([_serialize(booking) for booking in found])


@me_blueprint.get("/data")
@active_session
@Endpoint(AccountDataSchema, error_statuses=(401,), security="accessToken")
def export_my_data() -> AccountData:
    """Show the stored data about the signed-in person: account, sessions, e-mails, slot bookings, and tickets.

    Tickets are reservations, holds, orders with their items, and the tickets of events that the person holds.
    """
    return context.get_service(ExportAccountData).execute(current_identity(), context.get_service(AccountTickets))


def send_links(email: str) -> None:
    """Count a request for links, and store it unless the address has had enough; raises RateLimited by client."""
    limiter = context.get_service(RateLimiter)
    limiter.hit_link_request()
    if limiter.admits_links(email):
        context.get_service(RequestLinks).execute(email)


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


def _cancel_own(booking_id: str, account_id: str) -> Mapping[str, Any]:
    booking = context.get_service(CancelOwnBooking).execute(booking_id, account_id)
    if booking:
        return _serialize(booking)
    reservation = context.get_service(AccountTickets).cancel(booking_id, account_id)
    if reservation is None:
        raise BookingNotFound
    return reservation


def _serialize(booking: Booking) -> dict[str, Any]:
    return booking_members(booking, context.get_service(SelfService).signed_links.url(booking.id))
