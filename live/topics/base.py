"""Interfaces of live updates: a view follows the writes in its collections, a topic serves its subscribers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from live.model import Change, Position, Write
from live.snapshot import Snapshot


@dataclass(frozen=True)
class Selection:
    """The writes that a view follows: those of `fields` in `collection`, of all documents unless `ids` are given."""

    collection: str
    fields: Sequence[str]
    ids: Sequence[str] = ()


class View(Protocol):
    """The state after each write of what some collections hold, and the messages about its changes."""

    @property
    def selections(self) -> Sequence[Selection]:
        """The writes to follow, by collection."""

    def reload(self, snapshot: Snapshot) -> None:
        """Replace the state by that of `snapshot`."""

    def apply(self, writes: Sequence[Write]) -> list[Change]:
        """Apply the writes of one transaction; return the changes that they make, in order of position."""


class Topic(Protocol):
    """What a subscriber follows."""

    @property
    def name(self) -> str:
        """The name in the broadcast log."""

    def read(self) -> tuple[Position, bytes]:
        """Return the message of a new snapshot, and its position."""

    def position(self, message_id: str) -> Position | None:
        """Return the position in the id of a message of this topic; None for an id of another origin."""

    def past_cutoff(self, moment: datetime | None = None) -> int:
        """Return a number that changes when time alone changes the state, at `moment`, now by default."""
