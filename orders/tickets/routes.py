"""API of tickets: list those that one holds, their QR pictures, and their transfer."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from accounts.guards import active_session, current_identity
from accounts.service import Accounts
from core.web import context
from core.web.endpoint import Blueprint, Endpoint
from core.web.rate_limits.limiter import RateLimiter
from orders.tickets import qr
from orders.tickets.listing import ListTickets
from orders.tickets.schemas import TicketsSchema, TransferredSchema, TransferSchema, ticket_members
from orders.tickets.transfer import TransferTicket

blueprint = Blueprint("tickets", __name__, url_prefix="/api/tickets", description="Tickets and their holders")


@blueprint.get("")
@active_session
@Endpoint(TicketsSchema, error_statuses=(401,), security="accessToken")
def list_tickets() -> Response:
    """List the tickets that the account holds now, also those that wait for its verified e-mail address."""
    holder = context.get_service(Accounts).get(current_identity())
    found = context.get_service(ListTickets).held_by(holder)
    return jsonify(data=[ticket_members(ticket, event) for ticket, event in found])


@blueprint.get("/<code>.svg")
@Endpoint(None, error_statuses=(404,), media_type="image/svg+xml")
def ticket_picture(code: str) -> Response:
    """Show the QR picture of a ticket; its code is enough to see it."""
    ticket = context.get_service(ListTickets).by_code(code)
    headers = {"Cache-Control": "private, no-store"}
    return Response(qr.svg(ticket.code), content_type="image/svg+xml", headers=headers)


@blueprint.post("/<code>/transfer")
@active_session
@Endpoint(TransferredSchema, body=TransferSchema, error_statuses=(401, 404, 409, 413, 415), security="accessToken")
def transfer_ticket(given: dict[str, Any], code: str) -> Response:
    """Transfer a ticket to the holder of an e-mail address: the old code is void, an e-mail carries the new one."""
    identity = current_identity()
    context.get_service(RateLimiter).hit_order(identity.account_id)
    holder = context.get_service(Accounts).get(identity)
    ticket = context.get_service(TransferTicket).execute(holder, code, given["email"])
    return jsonify(code=ticket.code)
