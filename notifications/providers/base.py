"""Interface of the mail providers.

A mailer raises PermanentFailure, TransientFailure or ProviderUnavailable and nothing else; a batch also BatchRefused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from notifications.outbox.model import Message

MAX_BATCH = 100


class Mailer(Protocol):
    """Sends a message."""

    def send(self, message: Message) -> str:
        """Send `message`; return the provider's id of it, or ""."""


@runtime_checkable
class BatchMailer(Mailer, Protocol):
    """Also sends up to MAX_BATCH messages without attachments in one call."""

    def send_batch(self, messages: Sequence[Message], key: str) -> Sequence[str]:
        """Send all `messages` or none; return the provider's ids of them.

        A repeated call with the same `key` and the same messages in the same order sends none of them twice.
        """
