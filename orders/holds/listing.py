"""List of an account's holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.clock import Clock
from orders.holds.model import Hold
from orders.holds.store import HoldStore


@dataclass(frozen=True)
class ListHolds:
    """Lists what is held for an account."""

    holds: HoldStore
    clock: Clock

    def execute(self, account_id: str) -> Sequence[Hold]:
        """Return the active holds of an account whose time has not passed, oldest first."""
        now = self.clock()
        return [hold for hold in self.holds.active_of(account_id) if hold.expires_at > now]

    def latest_cart(self, account_id: str) -> Hold | None:
        """Return the newest cart of an account in any state, or None."""
        return self.holds.latest_cart_of(account_id)
