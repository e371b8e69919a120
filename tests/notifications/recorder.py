"""Recording mailer, and failures that it can raise."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from notifications.errors import PermanentFailure, ProviderUnavailable
from notifications.outbox.model import (
    Message,
    OutboxEmail,
)
from tests.notifications.conftest import OutboxFixture


@dataclass
class Recorder:
    """A mailer that records its messages; `first` is called before each one is accepted."""

    first: Callable[[Message], None] = lambda _message: None
    taken: list[str] = field(default_factory=list)
    at: list[float] = field(default_factory=list)

    def send(self, message: Message) -> str:
        self.at.append(time.monotonic())
        self.first(message)
        self.taken.append(message.key)
        return ""


def refuse(message: Message) -> None:
    raise PermanentFailure("no such address")


def be_away(message: Message) -> None:
    raise ProviderUnavailable("out of reach")


def lease_only(outbox: OutboxFixture, most: int = 100) -> list[OutboxEmail]:
    return outbox.leases.lease(most, outbox.clock())
