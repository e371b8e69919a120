"""Schemas of the query of a stream, and of the header with which a client resumes it."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from schedules.schemas import SlotQuery


class LiveQuery(SlotQuery):
    """The query of a stream: a date for its slots, or `events=1` for the tickets of all events."""

    events = ma.fields.String(
        validate=ma.validate.Equal("1"),
        metadata={"example": "1", "description": "`1` instead of a date: the tickets of all published events"},
    )

    @ma.pre_load
    def refuse_both(self, values: Any, **_: Any) -> Any:
        """Refuse both parameters together; without any the date is empty, which the schedule refuses."""
        if "date" in values and "events" in values:
            raise ma.ValidationError({"events": ["Give either a date or events=1."]})
        return values

    @ma.post_load
    def as_flag(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**values, "events": "events" in values}


class ResumeHeader(ma.Schema):
    """The id of the last message that the client received; browsers send it by themselves."""

    class Meta:
        unknown = ma.EXCLUDE

    last_event_id = ma.fields.String(
        data_key="Last-Event-ID", load_default="", metadata={"example": "5f0c2a91-69a5c3d0-4-1"}
    )
