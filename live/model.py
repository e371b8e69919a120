"""Positions in the order of all writes, and the changes that have them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from schedules.model import Slot

ID = re.compile(r"([0-9a-f]{8})-([0-9a-f]{1,8})-([0-9a-f]{1,8})-([0-9a-f]{1,6})", re.ASCII)
# Behind every change of a write: where a snapshot stands.
END = 0xFFFFFF


class Position(NamedTuple):
    """A cluster time, and which of the changes that one transaction made at that time, counted from 1."""

    seconds: int
    increment: int
    nth: int

    @property
    def time(self) -> tuple[int, int]:
        """Return the cluster time alone."""
        return self.seconds, self.increment

    def encode(self, tag: str) -> str:
        """Return the position as the id of a message; `tag` names what the stream is about, in 8 hex digits."""
        return f"{tag}-{self.seconds:x}-{self.increment:x}-{self.nth:x}"


def decode(text: str, tag: str) -> Position | None:
    """Return the position that `encode` made `text` of with the same `tag`, or None for anything else."""
    found = ID.fullmatch(text)
    if not found or found[1] != tag:
        return None
    position = Position(int(found[2], 16), int(found[3], 16), int(found[4], 16))
    return position if position.encode(tag) == text else None


@dataclass(frozen=True, slots=True)
class Change:
    """A slot as it stood after the write at `position`."""

    position: Position
    slot: Slot
