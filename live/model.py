"""Positions in the database's order of writes, and the changes at them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from schedules.model import Slot

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
class Change:
    """A slot's state after the write at `position`."""

    position: Position
    slot: Slot
