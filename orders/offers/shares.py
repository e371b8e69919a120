"""Shares of free tickets: what is left of an event's tiers, and of its pool, while tickets are offered."""

from __future__ import annotations

from events.model import Event
from orders.offers.model import TierEntry


class Shares:
    """The free tickets of an event."""

    def __init__(self, event: Event) -> None:
        self._tiers = {tier.id: tier.remaining for tier in event.tiers}
        self._pool = event.pool.remaining if event.pool else sum(self._tiers.values())

    def free(self, tier_id: str) -> int:
        """Return how many tickets of a tier can be offered."""
        return min(self._tiers[tier_id], self._pool)

    def take(self, entry: TierEntry) -> int:
        """Take what an entry wants, or what is there if that is less; return the number of tickets."""
        count = min(entry.quantity, self.free(entry.tier_id))
        self._tiers[entry.tier_id] -= count
        self._pool -= count
        return count
