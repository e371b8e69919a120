"""Public API of dates and slots."""

from __future__ import annotations

from core.web import context, etag
from core.web.answer import Answer
from core.web.endpoint import Blueprint, Endpoint
from schedules.availability_cache import AvailabilityCache
from schedules.schemas import DatesSchema, SlotQuery, SlotSchema

blueprint = Blueprint("schedules", __name__, url_prefix="/api", description="Dates and slots")


@blueprint.get("/dates")
@Endpoint(DatesSchema, fast=True)
def dates() -> Answer:
    """List every bookable date with its places."""
    return etag.conditional_answer(context.get_service(AvailabilityCache).dates("all"))


@blueprint.get("/slots")
@Endpoint(SlotSchema(many=True), query=SlotQuery, fast=True)
def slots(date: str) -> Answer:
    """List the slots of a date in order of start; they are made when a date is first asked for."""
    return etag.conditional_answer(context.get_service(AvailabilityCache).slots(date))
