"""Delivery webhook: the provider's signed delivery reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from core import log, metrics
from core.clock import Clock
from core.errors import NotFound
from notifications.errors import WebhookRefused
from notifications.outbox.model import Delivery
from notifications.outbox.store import OutboxStore

if TYPE_CHECKING:
    import resend

LOG = log.get_logger("notifications.webhook")
DELIVERY_OF = {f"email.{delivery}": delivery for delivery in Delivery}


@dataclass(frozen=True)
class DeliveryWebhook:
    """Receives the mail provider's delivery reports. `secret` signs its calls; without one all are refused."""

    store: OutboxStore
    clock: Clock
    secret: str = field(repr=False)

    def receive(self, body: bytes, signed: Mapping[str, str]) -> None:
        """Store the event in `body`; unknown e-mails and other events change nothing. Idempotent.

        Raises NotFound when there is no secret, and WebhookRefused when the event is not the provider's.
        """
        if not self.secret:
            raise NotFound
        event = verify_webhook(body, signed, self.secret)
        delivery = DELIVERY_OF.get(str(event.get("type")))
        provider_id = _provider_id(event.get("data"))
        if not delivery or not provider_id:
            return
        email_id = self.store.record_delivery(provider_id, delivery, self._parse_time(event.get("created_at")))
        if not email_id:
            return
        metrics.LETTER_DELIVERIES.labels(delivery.value).inc()
        if delivery is Delivery.DELIVERED:
            LOG.info("email_delivered", email_id=email_id)
        else:
            LOG.warning("email_bounced", email_id=email_id, delivery=delivery.value)

    def _parse_time(self, text: Any) -> datetime:
        """Return the provider's time, or the present one if it is missing or wrong."""
        try:
            moment = datetime.fromisoformat(str(text))
        except ValueError:
            return self.clock()
        if moment.tzinfo:
            return moment
        return moment.replace(tzinfo=UTC)


def _provider_id(data: object) -> str:
    """Return the provider's id of the e-mail in an event's `data`, or ""."""
    if isinstance(data, dict) and isinstance(data.get("email_id"), str):
        return str(data["email_id"])
    return ""


def verify_webhook(body: bytes, signed: Mapping[str, str], secret: str) -> Mapping[str, Any]:
    """Return Resend's event in `body`; raises WebhookRefused when the signature is wrong.

    `signed` holds `id`, `timestamp` and `signature` of the request; one older than five minutes is refused.
    """
    import resend  # noqa: PLC0415  # the SDK takes a tenth of the start, and only some services use it

    headers = cast("resend.WebhookHeaders", dict(signed))
    try:
        event = resend.Webhooks.verify({"payload": body.decode(), "headers": headers, "webhook_secret": secret})
    except (ValueError, RecursionError):
        raise WebhookRefused from None
    if not isinstance(event, dict):
        raise WebhookRefused
    return cast("Mapping[str, Any]", event)
