"""Availability cache: serialised dates and slots, shared by concurrent requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.web import etag
from schedules.schemas import DatesSchema, SlotSchema
from schedules.service import Schedules


@dataclass(frozen=True)
class AvailabilityCache:
    """The responses of the two routes; `dates` takes any key, `slots` a date."""

    dates: Callable[[str], etag.CachedJson]
    slots: Callable[[str], etag.CachedJson]

    @classmethod
    def for_schedules(cls, schedules: Schedules) -> AvailabilityCache:
        """Return the cache of `schedules`."""
        head = {"schedule": schedules.schedule.id, "timezone": schedules.schedule.timezone}
        return cls(
            dates=etag.shared_json(lambda _: DatesSchema().dump({**head, "dates": schedules.dates()})),
            slots=etag.shared_json(lambda date: SlotSchema(many=True).dump(schedules.slots_on(date))),
        )
