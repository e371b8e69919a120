"""Sample events: every level of availability, numbered tiers, and each state of sale."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.mongo.client import Db
from events.model import Event, EventStatus
from tests.event_calls import new_tier, store_event

HALL = tuple(f"{row}{number}" for row in "ABCDEFGH" for number in range(1, 17))
# Groups of people sit together: row, first and last seat.
HALL_GROUPS = (
    ("A", 5, 12), ("B", 4, 9), ("B", 12, 13), ("C", 3, 6), ("C", 8, 11), ("C", 14, 14), ("D", 6, 9), ("D", 12, 16),
    ("E", 1, 2), ("E", 7, 10), ("F", 8, 9), ("F", 13, 14), ("G", 3, 4), ("G", 9, 9),
)  # fmt: skip
HALL_TAKEN = tuple(f"{row}{number}" for row, first, last in HALL_GROUPS for number in range(first, last + 1))
ARENA = tuple(f"R{row}-{number}" for row in range(1, 101) for number in range(1, 101))


@dataclass(frozen=True)
class SampleEvents:
    """The events that tests visit."""

    concert: Event
    sold_out: Event
    opera: Event
    cancelled: Event


def store_sample_events(db: Db) -> SampleEvents:
    """Store the sample events."""
    start = datetime.now(UTC).replace(hour=18, minute=0, second=0, microsecond=0)
    general = new_tier(price=1000, capacity=500, name="General admission")
    concert = store_event(
        db,
        general,
        new_tier("VIP", 10000, 100, name="VIP"),
        new_tier("FRONT", 5000, 200, name="Front row"),
        title="Summer Concert",
        venue="Park Stage",
        description="Music in the open air.\n\nDoors open an hour before. Bring a blanket.",
        date=start + timedelta(days=30),
    )
    for tier, taken in zip(concert.tiers, (320, 95, 200), strict=True):
        take(db, tier.id, taken)
    sold_out = store_event(
        db, new_tier(price=15000, capacity=2), title="Limited Concert", date=start + timedelta(days=40)
    )
    take(db, sold_out.tiers[0].id, 2)
    store_event(db, new_tier(price=0, capacity=60), title="Startup Meetup", date=start + timedelta(days=50))
    opera = store_event(
        db,
        new_tier("HALL", 4200, len(HALL), seats=HALL, name="Hall"),
        new_tier("STANDING", 900, 80, name="Standing"),
        title="Opera Night",
        venue="Opera House",
        date=start + timedelta(days=60),
    )
    take_seats(db, opera, HALL_TAKEN)
    cancelled = store_event(db, title="Rained Off", status=EventStatus.CANCELLED, date=start + timedelta(days=70))
    return SampleEvents(concert, sold_out, opera, cancelled)


def store_arena(db: Db) -> Event:
    """Store an event with ten thousand seats, a third of them taken."""
    event = store_event(db, new_tier("ARENA", 4200, len(ARENA), seats=ARENA), title="Arena Show")
    take_seats(db, event, ARENA[::3])
    return event


def take(db: Db, tier_id: str, taken: int) -> None:
    """Set how many tickets of a tier are taken."""
    db.event_stock.update_one({"_id": tier_id}, {"$set": {"taken": taken}})


def take_seats(db: Db, event: Event, labels: tuple[str, ...]) -> None:
    """Mark seats of the first tier as sold."""
    tier_id = event.tiers[0].id
    change = {"$set": {"holder": "order", "sold": True}}
    db.seats.update_many({"tierId": tier_id, "seat": {"$in": list(labels)}}, change)
    take(db, tier_id, len(labels))
