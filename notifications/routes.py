"""Route of the mail provider's delivery reports."""

from __future__ import annotations

from collections.abc import Mapping

from flask import request

from core.web import context
from core.web.endpoint import Blueprint, Endpoint
from notifications.schemas import SignatureHeaders, WebhookAck
from notifications.webhook import DeliveryWebhook

blueprint = Blueprint("webhooks", __name__, url_prefix="/api/webhooks", description="Reports of providers")


@blueprint.post("/resend")
@Endpoint(WebhookAck, headers=SignatureHeaders, error_statuses=(404, 413), raw_body=True)
def resend(signed: Mapping[str, str]) -> dict[str, bool]:
    """Store Resend's report of an e-mail: delivered, bounced or complained. Other events change nothing."""
    context.get_service(DeliveryWebhook).receive(request.get_data(), signed)
    return {"success": True}
