"""What a reader that comes back sends along."""

from __future__ import annotations

import marshmallow as ma


class ResumeHeader(ma.Schema):
    """The id of the last message that the client has seen; browsers send it by themselves."""

    class Meta:
        """Other headers are none of its business."""

        unknown = ma.EXCLUDE

    last_event_id = ma.fields.String(
        data_key="Last-Event-ID", load_default="", metadata={"example": "5f0c2a91-69a5c3d0-4-1"}
    )
