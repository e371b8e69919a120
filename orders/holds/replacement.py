"""Replacement of a cart: the lines of its request, and the claims that wait for the offers to the waiting list.

A cart that gives back tickets of one tier and takes others under the same pool frees a place of the pool. That place
belongs to the waiting list first, so the new tickets are claimed after the offers of the same transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orders.holds.cart import PricedCart
from orders.holds.model import HeldItem, Hold
from orders.seats.picking import SeatRequest


@dataclass(frozen=True)
class CartHold:
    """Holds the tickets of a cart; `replaced` is the account's cart before, whose tickets are released."""

    cart: PricedCart
    hold: Hold
    replaced: Hold | None = None

    @property
    def seats(self) -> list[SeatRequest]:
        """The requests for its seats."""
        return self.cart.seat_requests(self.hold.id)

    @property
    def deferred_claims(self) -> Mapping[str, int]:
        """The counts by stock id that are claimed after the offers to the waiting list."""
        deferred: Counter[str] = Counter()
        for pool_id, event_id in self.cart.pools.items():
            changes = self._changes_of(event_id)
            gained = {tier_id: count for tier_id, count in changes.items() if count > 0}
            if gained and min(changes.values()) < 0:
                deferred.update(gained)
                deferred[pool_id] += sum(gained.values())
        return deferred

    @property
    def lines(self) -> Mapping[str, int]:
        """The counts that it claims beyond the replaced cart, without the deferred claims; negative for releases."""
        lines = Counter(self.hold.lines)
        if self.replaced:
            lines.subtract(self.replaced.lines)
        lines.subtract(self.deferred_claims)
        return lines

    @property
    def retained_seats(self) -> dict[str, list[str]]:
        """The named seats by tier id that the replaced cart has too."""
        known = {(item.tier_id, label) for item in self._replaced_items for label in item.seats}
        retained = {}
        for request in self.seats:
            labels = [label for label in request.labels if (request.tier_id, label) in known]
            if labels:
                retained[request.tier_id] = labels
        return retained

    @property
    def _replaced_items(self) -> Sequence[HeldItem]:
        if self.replaced is None:
            return ()
        return self.replaced.items

    def _changes_of(self, event_id: str) -> Counter[str]:
        """Return by how many tickets each tier of an event changes."""
        changes: Counter[str] = Counter()
        for item in self.hold.items:
            if item.event_id == event_id:
                changes[item.tier_id] += item.quantity
        for item in self._replaced_items:
            if item.event_id == event_id:
                changes[item.tier_id] -= item.quantity
        return changes
