"""Seats of numbered tiers as values: their rows and numbers, read from their labels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# The row, and the number within it: `A12` is seat 12 of row A.
LABEL = re.compile(r"(.*?)([0-9]{0,9})", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Seat:
    """A seat; `holder` is the id of the reservation, hold or order that has it, and empty while it is free.

    `position` is its place in the organiser's list. A `sold` one is no longer only held.
    """

    tier_id: str
    event_id: str
    label: str
    row: str
    number: int
    position: int
    holder: str = ""
    sold: bool = False

    @property
    def id(self) -> str:
        """The id of the stored seat."""
        return seat_id(self.tier_id, self.label)

    @property
    def status(self) -> str:
        """What the public sees: `free`, `held` or `sold`."""
        if not self.holder:
            return "free"
        return "sold" if self.sold else "held"


def seat_id(tier_id: str, label: str) -> str:
    """Return the id of the seat `label` of a tier."""
    return f"{tier_id}:{label}"


def seats_of(event_id: str, tier_id: str, labels: Sequence[str]) -> list[Seat]:
    """Return the free seats of a new tier, in the order of their labels."""
    seats = []
    for position, label in enumerate(labels):
        row, number = _row_and_number(label)
        seat = Seat(tier_id=tier_id, event_id=event_id, label=label, row=row, number=number, position=position)
        seats.append(seat)
    return seats


def _row_and_number(label: str) -> tuple[str, int]:
    found = LABEL.fullmatch(label)
    if found is None or not found[2]:
        return label, 0
    return found[1], int(found[2])
