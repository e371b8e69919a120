"""Schemas of the mail provider's webhook."""

from __future__ import annotations

from typing import Any

import marshmallow as ma


class SignatureHeaders(ma.Schema):
    """The signature's headers; a missing one makes the signature invalid."""

    class Meta:
        unknown = ma.EXCLUDE

    id = ma.fields.String(data_key="svix-id", load_default="")
    timestamp = ma.fields.String(data_key="svix-timestamp", load_default="")
    signature = ma.fields.String(data_key="svix-signature", load_default="")

    @ma.post_load
    def group(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Return the headers as the view's one argument."""
        return {"signed": values}


class WebhookAck(ma.Schema):
    """Acknowledgement: the provider need not repeat the event."""

    success = ma.fields.Boolean()
