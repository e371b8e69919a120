"""Where the mail provider tells what became of letters."""

from __future__ import annotations

from collections.abc import Mapping

from flask import request

from core.web import context
from core.web.endpoint import Blueprint, Endpoint
from notifications.schemas import SignatureHeaders, WebhookAck
from notifications.webhook import DeliveryWebhook

blueprint = Blueprint("webhooks", __name__, url_prefix="/api/webhooks", description="What providers tell")


@blueprint.post("/resend")
@Endpoint(WebhookAck, headers=SignatureHeaders, error_statuses=(404, 413))
def resend(signed: Mapping[str, str]) -> dict[str, bool]:
    """Take an event of Resend about a letter: delivered, bounced or complained. Other events change nothing."""
    context.get_service(DeliveryWebhook).receive(request.get_data(), signed)
    return {"success": True}
