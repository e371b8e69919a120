"""Public API of seats."""

from __future__ import annotations

from typing import Any

from core.web import context
from core.web.endpoint import Blueprint, Endpoint
from orders.seats.listing import ListSeats
from orders.seats.schemas import SeatsQuery, SeatsSchema

blueprint = Blueprint("seats", __name__, url_prefix="/api/events", description="Seats of numbered tiers")


@blueprint.get("/<event_id>/seats")
@Endpoint(SeatsSchema, query=SeatsQuery, error_statuses=(404,))
def list_seats(event_id: str, tier_id: str) -> dict[str, Any]:
    """List the seats of a numbered tier in the organiser's order: free, held or sold."""
    return {"data": context.get_service(ListSeats).execute(event_id, tier_id)}
