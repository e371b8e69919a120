"""What anybody may ask about dates and slots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Response

from core.web import context, etag
from core.web.endpoint import Blueprint, Endpoint
from schedules.schemas import DatesSchema, SlotQuery, SlotSchema
from schedules.service import Schedules

blueprint = Blueprint("schedules", __name__, url_prefix="/api", description="Dates and slots")


@dataclass(frozen=True)
class AvailabilityCache:
    """The rendered answers, shared by all who ask at the same time."""

    dates: Callable[[str], etag.CachedJson]
    slots: Callable[[str], etag.CachedJson]

    @classmethod
    def for_schedules(cls, schedules: Schedules) -> AvailabilityCache:
        """Return the board of `schedules`."""
        head = {"schedule": schedules.schedule.id, "timezone": schedules.schedule.timezone}
        return cls(
            dates=etag.shared_json(lambda _: DatesSchema().dump({**head, "dates": schedules.dates()})),
            slots=etag.shared_json(lambda date: SlotSchema(many=True).dump(schedules.slots_on(date))),
        )


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
