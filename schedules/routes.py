"""Public API of dates and slots."""

from __future__ import annotations

from flask import Response

from core.web import context, etag
from core.web.endpoint import Blueprint, Endpoint
from schedules.availability_cache import AvailabilityCache
from schedules.schemas import DatesSchema, SlotQuery, SlotSchema

blueprint = Blueprint("schedules", __name__, url_prefix="/api", description="Dates and slots")


@blueprint.get("/dates")
@Endpoint(DatesSchema)
def dates() -> Response:
    """List every bookable date with its places."""
    return etag.conditional_response(context.get_service(AvailabilityCache).dates("all"))


@blueprint.get("/slots")
@Endpoint(SlotSchema(many=True), query=SlotQuery)
def slots(date: str) -> Response:
    """List the slots of a date in order of start; they are made when a date is first asked for."""
    return etag.conditional_response(context.get_service(AvailabilityCache).slots(date))
