"""Format of `text/event-stream`: snapshots, updates, and the ids from which a client resumes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from core.ids import deterministic_id
from live.model import Position, decode

HEARTBEAT = b": still here\n\n"
# Milliseconds until a client reconnects: random, so that not all of them reconnect at once.
MIN_RETRY, MAX_RETRY = 1000, 3000


@dataclass(frozen=True)
class MessageFormat:
    """Format of one topic's messages; their ids name `origin`, the topic and its database, by a short digest."""

    origin: Sequence[str]

    def message(self, event: str, position: Position, data: bytes) -> bytes:
        """Return the message `event` with the JSON in `data`."""
        return b"id: %s\nevent: %s\ndata: %s\n\n" % (position.encode(self._tag).encode(), event.encode(), data)

    def position(self, message_id: str) -> Position | None:
        """Return the position in a message id of this topic; None for an id of another origin."""
        return decode(message_id, self._tag)

    @cached_property
    def _tag(self) -> str:
        return deterministic_id("live", *self.origin)[:8]


def payload(message: bytes) -> bytes:
    """Return the JSON in a message."""
    return message.partition(b"\ndata: ")[2]


def retry() -> bytes:
    """Return the message that sets the client's delay before it reconnects."""
    return b"retry: %d\n\n" % random.randint(MIN_RETRY, MAX_RETRY)  # noqa: S311 # nosec B311 # jitter
