"""New events as values: what an editor gives, and the event with its stock that it becomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.ids import new_id
from events.model import DEFAULT_MAX_PER_ORDER, Event, EventStatus, TicketStock, Tier
from events.seats import Seat, seats_of


@dataclass(frozen=True, kw_only=True)
class NewTier:
    """A tier to add. `price` is in minor units; `seats` make it numbered, one ticket for each."""

    code: str
    name: str
    price: int
    capacity: int
    seats: Sequence[str] = ()

    def build(self, event_id: str, position: int, status: EventStatus, now: datetime) -> Tier:
        """Return the tier with a new id, at its position in an event of this status."""
        return Tier(
            id=new_id(now),
            event_id=event_id,
            position=position,
            code=self.code,
            name=self.name,
            price=self.price,
            capacity=self.capacity,
            closed=status is not EventStatus.PUBLISHED,
            numbered=bool(self.seats),
        )


@dataclass(frozen=True, kw_only=True)
class NewEvent:
    """An event to create. `pool` is a ceiling over its tiers; sales end at its date by default."""

    title: str
    date: datetime
    venue: str
    currency: str
    tiers: Sequence[NewTier]
    description: str = ""
    image: str = ""
    image_alt: str = ""
    pool: int | None = None
    max_per_order: int = DEFAULT_MAX_PER_ORDER
    sales_end: datetime | None = None
    status: EventStatus = EventStatus.PUBLISHED

    def build(self, now: datetime) -> Event:
        """Return the event with new ids for itself, its tiers and its pool."""
        event_id = new_id(now)
        closed = self.status is not EventStatus.PUBLISHED
        tiers = [tier.build(event_id, position, self.status, now) for position, tier in enumerate(self.tiers)]
        pool = None
        if self.pool is not None:
            pool = TicketStock(id=new_id(now), event_id=event_id, capacity=self.pool, closed=closed)
        return Event(
            id=event_id,
            title=self.title,
            description=self.description,
            image=self.image,
            image_alt=self.image_alt,
            date=self.date,
            venue=self.venue,
            currency=self.currency,
            status=self.status,
            max_per_order=self.max_per_order,
            sales_end=self.sales_end or self.date,
            created_at=now,
            updated_at=now,
            version=1,
            tiers=tiers,
            pool=pool,
        )

    def seats_of(self, event: Event) -> list[Seat]:
        """Return the seats of the numbered tiers of `event`, which `build` returned."""
        seats: list[Seat] = []
        for new, tier in zip(self.tiers, event.tiers, strict=True):
            seats += seats_of(event.id, tier.id, new.seats)
        return seats
