"""List of the seats of a numbered tier."""

from __future__ import annotations

from dataclasses import dataclass

from events.errors import TierNotFound
from events.seat_store import SeatStore
from events.seats import Seat
from events.service import Events


@dataclass(frozen=True)
class ListSeats:
    """Lists seats."""

    events: Events
    seats: SeatStore

    def execute(self, event_id: str, tier_id: str) -> list[Seat]:
        """Return the seats of a tier in the organiser's order, none if it is not numbered.

        Raises EventNotFound or TierNotFound.
        """
        event = self.events.get(event_id)
        if all(tier.id != tier_id for tier in event.tiers):
            raise TierNotFound
        return self.seats.of_tier(tier_id)
