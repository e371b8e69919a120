"""The open offer of an account: tickets that are held for it as the first in line."""

from __future__ import annotations

from dataclasses import dataclass

from core.clock import Clock
from orders.holds.model import Hold, HoldKind
from orders.holds.store import HoldStore


@dataclass(frozen=True)
class FindOffer:
    """Finds offers."""

    holds: HoldStore
    clock: Clock

    def of_tier(self, tier_id: str, account_id: str) -> Hold | None:
        """Return the account's offer of a tier whose time has not passed, or None."""
        now = self.clock()
        for hold in self.holds.active_of(account_id):
            if hold.kind is HoldKind.OFFER and hold.items[0].tier_id == tier_id and hold.expires_at > now:
                return hold
        return None
