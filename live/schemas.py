"""Schema of the header with which a client resumes a stream."""

from __future__ import annotations

import marshmallow as ma


class ResumeHeader(ma.Schema):
    """The id of the last message that the client received; browsers send it by themselves."""

    class Meta:
        unknown = ma.EXCLUDE

    last_event_id = ma.fields.String(
        data_key="Last-Event-ID", load_default="", metadata={"example": "5f0c2a91-69a5c3d0-4-1"}
    )
