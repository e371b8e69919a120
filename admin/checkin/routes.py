"""Check-in endpoints of the back office, open to staff as well."""

from __future__ import annotations

import math
from typing import Any

from flask import Response, jsonify

from admin.checkin.schemas import (
    CheckedInSchema,
    CheckInProblemSchema,
    CheckInSchema,
    FoundTicketsSchema,
    TicketSearch,
    UndoCheckInSchema,
)
from admin.guards import current_admin, require_staff
from core.clock import iso
from core.web import context
from core.web.endpoint import Blueprint, Endpoint
from orders.tickets.checkin import CheckIn
from orders.tickets.listing import ListTickets
from orders.tickets.model import Ticket, TicketQuery
from orders.tickets.schemas import event_members

blueprint = Blueprint("checkin", __name__, url_prefix="/api/admin/checkin", description="Check-in at the entrance")
blueprint.before_request(require_staff)


@blueprint.get("")
@Endpoint(FoundTicketsSchema, query=TicketSearch, error_statuses=(401, 403), security="adminKey")
def find_tickets(q: str, event_id: str, page: int, limit: int) -> dict[str, Any]:
    """List the tickets of people by name, for those who come without the code; transferred ones are left out."""
    query = TicketQuery(text=q, code=q, event_id=event_id, page=page, limit=limit)
    found, total = context.get_service(ListTickets).search(query)
    items = [_members(ticket) | {"status": ticket.state.value} for ticket in found]
    return {"items": items, "total": total, "page": page, "limit": limit, "totalPages": math.ceil(total / limit)}


@blueprint.post("")
@Endpoint(
    CheckedInSchema,
    body=CheckInSchema,
    error_statuses=(401, 403, 404, 409, 413, 415),
    conflict_schema=CheckInProblemSchema,
    security="adminKey",
)
def check_in(given: dict[str, str]) -> Response:
    """Check a ticket in, once; a second scan is refused with the time of the first."""
    ticket = context.get_service(CheckIn).execute(current_admin(), given["code"], given["event_id"])
    return jsonify(_members(ticket))


@blueprint.post("/undo")
@Endpoint(
    CheckedInSchema,
    body=UndoCheckInSchema,
    error_statuses=(401, 403, 404, 409, 413, 415),
    conflict_schema=CheckInProblemSchema,
    security="adminKey",
)
def undo_check_in(given: dict[str, str]) -> Response:
    """Make a ticket valid again that was checked in by mistake."""
    return jsonify(_members(context.get_service(CheckIn).undo(current_admin(), given["code"])))


def _members(ticket: Ticket) -> dict[str, Any]:
    return {
        "code": ticket.code,
        "event": event_members(context.get_service(ListTickets).event_of(ticket)),
        "tier": ticket.tier,
        "seat": ticket.seat or None,
        "name": ticket.holder_name,
        "checkedInAt": iso(ticket.checked_in_at) if ticket.checked_in_at else None,
    }
