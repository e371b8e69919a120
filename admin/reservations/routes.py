"""Reservation endpoints of the back office."""

from __future__ import annotations

import math

from flask import Response, jsonify

from admin.blueprint import blueprint
from admin.reservations.schemas import AdminReservationsSchema, ReservationsQuery, admin_members
from core.web import context
from core.web.endpoint import Endpoint
from orders.reservations.listing import ListReservations


@blueprint.get("/events/<event_id>/bookings")
@Endpoint(AdminReservationsSchema, query=ReservationsQuery, error_statuses=(401, 403, 404), security="adminKey")
def reservations(event_id: str, page: int, limit: int) -> Response:
    """List the reservations of an event in any state, newest first, with the people who made them."""
    found, total = context.get_service(ListReservations).page_of_event(event_id, page, limit)
    items = [admin_members(reservation, account) for reservation, account in found]
    total_pages = math.ceil(total / limit)
    return jsonify({"items": items, "total": total, "page": page, "limit": limit, "totalPages": total_pages})
