"""The provider's calls on the wire."""

from __future__ import annotations

from typing import Any

import marshmallow as ma


class SignatureHeaders(ma.Schema):
    """The headers a signed call has; one that is missing makes the signature wrong."""

    class Meta:
        """Other headers are none of its business."""

        unknown = ma.EXCLUDE

    id = ma.fields.String(data_key="svix-id", load_default="")
    timestamp = ma.fields.String(data_key="svix-timestamp", load_default="")
    signature = ma.fields.String(data_key="svix-signature", load_default="")

    @ma.post_load
    def together(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Return them as one."""
        return {"signed": values}


class WebhookAck(ma.Schema):
    """The event was read; it need not be sent again."""

    success = ma.fields.Boolean()
