"""List of the seats of a numbered tier."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from core.concurrency.single_flight import single_flight_read
from events.errors import TierNotFound
from events.seat_store import SeatStore
from events.seats import Seat
from events.service import Events


@dataclass(frozen=True)
class ListSeats:
    """Lists seats."""

    events: Events
    seats: SeatStore
    _taken_of: Callable[[str], dict[int, str]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_taken_of", single_flight_read(self.seats.taken_of_tier))

    def execute(self, event_id: str, tier_id: str) -> list[Seat]:
        """Return the seats of a tier in the organiser's order, none if it is not numbered.

        Raises EventNotFound or TierNotFound.
        """
        event = self.events.get(event_id)
        if all(tier.id != tier_id for tier in event.tiers):
            raise TierNotFound
        return self.seats.of_tier(tier_id)

    def all_of(self, tier_id: str) -> list[Seat]:
        """Return the seats of a tier that is known to exist, in the organiser's order."""
        return self.seats.of_tier(tier_id)

    def taken_of(self, tier_id: str) -> Mapping[int, str]:
        """Return the holders of the taken seats by their positions in the organiser's order, shared by callers."""
        return self._taken_of(tier_id)
