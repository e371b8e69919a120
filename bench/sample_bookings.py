"""Sample bookings: reproducible guests in slots, by time of creation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from bench.people import person
from booking.model import Booking, Status
from core.ids import REFERENCE_ALPHABET
from schedules.model import PlannedSlot

FIRST_BOOKING = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
INTERVAL = timedelta(seconds=4)
CANCELLED_SHARE = 0.05
RANDOM_SEED = 2026
REFERENCE_LENGTH = 8


@dataclass(frozen=True)
class SampleBookings:
    """`size` bookings in the given slots in turn, by time of creation; the same ones on every iteration."""

    size: int
    slots: Sequence[PlannedSlot]
    first_created: datetime = FIRST_BOOKING
    interval: timedelta = INTERVAL
    cancelled_share: float = CANCELLED_SHARE

    def __iter__(self) -> Iterator[Booking]:
        """Yield the bookings: the first created at `first_created`, then one every `interval`."""
        random = Random(RANDOM_SEED)
        for number in range(self.size):
            yield self._booking(random, number)

    def _booking(self, random: Random, number: int) -> Booking:
        created_at = self.first_created + number * self.interval
        guest = person(number)
        slot = self.slots[number % len(self.slots)]
        return Booking(
            id=f"{int(created_at.timestamp() * 1000):012x}{random.getrandbits(80):020x}",
            reference=_reference(number),
            full_name=guest.full_name,
            email=guest.email(number),
            phone=guest.phone,
            country=guest.country,
            city=guest.city,
            message=guest.message,
            date=slot.date,
            slot_id=slot.id,
            slot_label=slot.label,
            created_at=created_at,
            status=Status.CANCELLED if random.random() < self.cancelled_share else Status.CONFIRMED,
        )


def _reference(number: int) -> str:
    """Return `number` in the alphabet of references, so that every booking has another reference."""
    characters = ""
    for _ in range(REFERENCE_LENGTH):
        number, digit = divmod(number, len(REFERENCE_ALPHABET))
        characters += REFERENCE_ALPHABET[digit]
    return f"{characters[:4]}-{characters[4:]}"
