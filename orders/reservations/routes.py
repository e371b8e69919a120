"""Public API of reservations: reserve a ticket of an event, cancel it, list one's own."""

from __future__ import annotations

from flask import Response, jsonify

from accounts.guards import current_identity, require_identity, signed_in
from core.web import context
from core.web.answer import Answer
from core.web.endpoint import Blueprint, Endpoint
from core.web.rate_limits.limiter import RateLimiter
from orders.reservations.cancel import CancelReservation
from orders.reservations.listing import ListReservations
from orders.reservations.model import ReservationStatus
from orders.reservations.reserve import CreateReservation
from orders.reservations.schemas import (
    ALL,
    NewReservation,
    NewReservationSchema,
    ReservationSchema,
    ReservationsQuery,
    reservation_members,
)

blueprint = Blueprint("reservations", __name__, url_prefix="/api", description="Reservations of tickets of events")


@blueprint.post("/events/<event_id>/reserve")
@Endpoint(ReservationSchema, status=201, error_statuses=(401, 404, 409), security="accessToken", fast=True)
def reserve(event_id: str) -> Answer:
    """Reserve one ticket of the event's first tier; a person has at most one active reservation of an event."""
    return _reserved(event_id)


@blueprint.post("/book")
@Endpoint(
    ReservationSchema,
    status=201,
    body=NewReservationSchema,
    error_statuses=(401, 404, 409, 413, 415),
    security="accessToken",
    fast=True,
)
def book(new: NewReservation) -> Answer:
    """Reserve one ticket of the event's first tier, as `POST /api/events/{id}/reserve`."""
    return _reserved(new.event_id)


@blueprint.delete("/events/<event_id>/reserve")
@Endpoint(ReservationSchema, error_statuses=(401, 404), security="accessToken", fast=True)
def cancel_reservation(event_id: str) -> Answer:
    """Cancel the reservation of an event and give its ticket back; doing it again answers the same."""
    account_id = require_identity().account_id
    return Answer(200, reservation_members(*context.get_service(CancelReservation).of_event(event_id, account_id)))


@blueprint.get("/bookings")
@signed_in
@Endpoint(ReservationSchema(many=True), query=ReservationsQuery, error_statuses=(401,), security="accessToken")
def list_my_reservations(status: str) -> Response:
    """List the reservations of the signed-in account, newest first; slot bookings are in `GET /api/me/slots`."""
    wanted = None
    if status != ALL:
        wanted = ReservationStatus(status)
    found = context.get_service(ListReservations).of_account(current_identity().account_id, wanted)
    return jsonify([reservation_members(reservation, event) for reservation, event in found])


def _reserved(event_id: str) -> Answer:
    account_id = require_identity().account_id
    context.get_service(RateLimiter).hit_reservation(account_id)
    return Answer(201, reservation_members(*context.get_service(CreateReservation).execute(event_id, account_id)))
