"""Model of events: tiers with their stock, a pool over them, and the rules of their sale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

DEFAULT_MAX_PER_ORDER = 20


class EventStatus(StrEnum):
    """State of an event; only a published one is public and on sale."""

    PUBLISHED = "published"
    DRAFT = "draft"
    CANCELLED = "cancelled"


class StockKind(StrEnum):
    """What a stock row counts: the tickets of one tier, or of all tiers of an event."""

    TIER = "tier"
    POOL = "pool"


@dataclass(frozen=True, kw_only=True)
class TicketStock:
    """Counts of one stock row: `taken` tickets are sold, reserved or held, `held` ones belong to active holds.

    `waiting` counts people in line, in a pool's row those of all tiers.
    """

    id: str
    event_id: str
    capacity: int
    taken: int = 0
    held: int = 0
    waiting: int = 0
    closed: bool = False

    @property
    def remaining(self) -> int:
        """Count that can still be claimed."""
        return 0 if self.closed else max(0, self.capacity - self.taken)


@dataclass(frozen=True, kw_only=True)
class Tier(TicketStock):
    """A kind of ticket. `price` is in minor units of the event's currency.

    A tier is closed if the editor has `withdrawn` it, or if its event is not published.
    """

    position: int
    code: str
    name: str
    price: int
    numbered: bool = False
    withdrawn: bool = False


@dataclass(frozen=True, kw_only=True)
class Event:
    """An event with its tiers in order; the first one is the tier of `reserve`. `version` counts its changes."""

    id: str
    title: str
    description: str
    date: datetime
    venue: str
    currency: str
    status: EventStatus
    max_per_order: int
    sales_end: datetime
    created_at: datetime
    updated_at: datetime
    version: int
    tiers: Sequence[Tier]
    pool: TicketStock | None = None
    # An https address, or a path of this site; the alternative text is empty if the picture only decorates.
    image: str = ""
    image_alt: str = ""

    @property
    def price(self) -> int:
        """Price of the first tier in minor units."""
        return self.tiers[0].price

    @property
    def offered(self) -> Sequence[Tier]:
        """The tiers that are not withdrawn, or all if every one is."""
        return [tier for tier in self.tiers if not tier.withdrawn] or self.tiers

    @property
    def lowest_price(self) -> int:
        """Lowest price of the offered tiers in minor units."""
        return min(tier.price for tier in self.offered)

    @property
    def waiting(self) -> int:
        """Number of people in line for any tier."""
        return sum(tier.waiting for tier in self.tiers)

    @property
    def stock(self) -> Sequence[TicketStock]:
        """All stock rows: the tiers, and the pool if there is one."""
        return [*self.tiers, self.pool] if self.pool else self.tiers

    @property
    def capacity(self) -> int:
        """Number of all tickets, at most that of the pool."""
        total = sum(tier.capacity for tier in self.tiers)
        return min(total, self.pool.capacity) if self.pool else total

    @property
    def remaining(self) -> int:
        """Number of tickets that can still be claimed, at most what the pool has left."""
        return self._within_pool(sum(tier.remaining for tier in self.tiers))

    def remaining_of(self, tier: Tier) -> int:
        """Return how many tickets of `tier` can still be claimed."""
        return self._within_pool(tier.remaining)

    def tier(self, tier_id: str) -> Tier:
        """Return the tier with this id; raises KeyError."""
        return {tier.id: tier for tier in self.tiers}[tier_id]

    def lines_of(self, tier: Tier, quantity: int) -> dict[str, int]:
        """Return the counts by stock id that a claim of `quantity` tickets of `tier` takes."""
        lines = {tier.id: quantity}
        if self.pool:
            lines[self.pool.id] = quantity
        return lines

    def after_claim(self, lines: Mapping[str, int]) -> Event:
        """Return this event with `lines`, counts by stock id, as taken too."""
        tiers = [replace(tier, taken=tier.taken + lines.get(tier.id, 0)) for tier in self.tiers]
        pool = self.pool and replace(self.pool, taken=self.pool.taken + lines.get(self.pool.id, 0))
        return replace(self, tiers=tiers, pool=pool)

    def _within_pool(self, count: int) -> int:
        return min(count, self.pool.remaining) if self.pool else count
