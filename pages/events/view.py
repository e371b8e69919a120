"""View models of events: sale state and availability, from the stock and the current time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from events.model import Event, EventStatus, Tier
from orders.holds.model import MAX_QUANTITY


class SaleState(StrEnum):
    """Whether tickets of an event can be bought now."""

    ON_SALE = "on_sale"
    SOLD_OUT = "sold_out"
    SALES_ENDED = "sales_ended"
    PAST = "past"
    CANCELLED = "cancelled"


class Level(StrEnum):
    """How many tickets are left: over a half, a tenth or more, less, or none."""

    MANY = "many"
    SOME = "some"
    FEW = "few"
    NONE = "none"


@dataclass(frozen=True)
class Availability:
    """The remaining tickets of a capacity."""

    remaining: int
    capacity: int

    @property
    def level(self) -> Level:
        """Return the level of the remaining share."""
        if self.remaining == 0:
            return Level.NONE
        if self.remaining * 10 < self.capacity:
            return Level.FEW
        if self.remaining * 2 <= self.capacity:
            return Level.SOME
        return Level.MANY

    @property
    def percent(self) -> int:
        """Return the remaining share in percent, rounded up, so that a single ticket is visible."""
        return -(-100 * self.remaining // max(1, self.capacity))


@dataclass(frozen=True)
class TierRow:
    """A tier with its availability; `limit` is the largest quantity for one cart."""

    tier: Tier
    availability: Availability
    limit: int


@dataclass(frozen=True)
class EventCard:
    """An event as the pages show it."""

    event: Event
    state: SaleState
    availability: Availability

    @classmethod
    def of(cls, event: Event, now: datetime) -> EventCard:
        """Return the card of an event at the time `now`."""
        return cls(event, _state(event, now), Availability(event.remaining, event.capacity))

    @property
    def lowest_price(self) -> int:
        """Return the price of the cheapest tier in minor units."""
        return self.event.lowest_price

    @property
    def has_several_prices(self) -> bool:
        """Return whether the price depends on the tier."""
        return len({tier.price for tier in self.event.offered}) > 1

    @property
    def tiers(self) -> Sequence[TierRow]:
        """Return the tiers that are not withdrawn, with their availability."""
        return [self._row(tier) for tier in self.event.offered]

    def _row(self, tier: Tier) -> TierRow:
        remaining = self.event.remaining_of(tier)
        limit = min(remaining, self.event.max_per_order, MAX_QUANTITY)
        return TierRow(tier, Availability(remaining, tier.capacity), limit)


def _state(event: Event, now: datetime) -> SaleState:
    if event.status is EventStatus.CANCELLED:
        return SaleState.CANCELLED
    if now >= event.date:
        return SaleState.PAST
    if now >= event.sales_end:
        return SaleState.SALES_ENDED
    if event.remaining == 0:
        return SaleState.SOLD_OUT
    return SaleState.ON_SALE
