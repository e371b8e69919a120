"""List of the seats of a numbered tier."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace

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

    def execute_for(self, event_id: str, tier_id: str, own_holds: Container[str]) -> tuple[list[Seat], list[str]]:
        """Return the seats with those of `own_holds` as free, and the ids of these: what their holder chooses from.

        Raises EventNotFound or TierNotFound.
        """
        seats = []
        own_ids = []
        for seat in self.execute(event_id, tier_id):
            if seat.holder and seat.holder in own_holds:
                own_ids.append(seat.id)
                seats.append(replace(seat, holder=""))
            else:
                seats.append(seat)
        return seats, own_ids
