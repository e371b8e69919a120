"""Positions in the database's order of writes, the writes at them, and the messages about those."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

ID = re.compile(r"([0-9a-f]{8})-([0-9a-f]{1,8})-([0-9a-f]{1,8})-([0-9a-f]{1,6})", re.ASCII)
# Sorts after every change of a transaction: the position of a snapshot.
END = 0xFFFFFF


class Position(NamedTuple):
    """A cluster time, and the number of a change among those of one transaction, counted from 1."""

    seconds: int
    increment: int
    nth: int

    @property
    def time(self) -> tuple[int, int]:
        """Return the cluster time alone."""
        return self.seconds, self.increment

    def encode(self, tag: str) -> str:
        """Return the position as a message id; `tag` identifies the stream in 8 hex digits."""
        return f"{tag}-{self.seconds:x}-{self.increment:x}-{self.nth:x}"


def decode(text: str, tag: str) -> Position | None:
    """Return the position that `encode` made `text` of with the same `tag`, or None."""
    match = ID.fullmatch(text)
    if not match or match[1] != tag:
        return None
    position = Position(int(match[2], 16), int(match[3], 16), int(match[4], 16))
    return position if position.encode(tag) == text else None


@dataclass(frozen=True, slots=True)
class Write:
    """A write of one document.

    `values` are the fields that an update changed, or all fields after an insert; None after a deletion.
    """

    position: Position
    collection: str
    id: str
    values: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Change:
    """What the subscribers of `topic` get about `subject`, a slot or an event, after the write at `position`.

    `message` is the server-sent event; `name` is the name of this event, also over Socket.IO.
    """

    position: Position
    topic: str
    subject: str
    name: str
    message: bytes
