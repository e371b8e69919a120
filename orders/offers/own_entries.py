"""The entries of an account in the waiting lists of some tiers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orders.offers.model import TierEntry
from orders.offers.store import TierWaitlistStore


@dataclass(frozen=True)
class OwnEntry:
    """An entry of a waiting list: the wanted tickets, and the position from 1."""

    quantity: int
    position: int


@dataclass(frozen=True)
class FindOwnEntries:
    """Finds where an account waits."""

    entries: TierWaitlistStore

    def execute(self, tier_ids: Iterable[str], account_id: str) -> Mapping[str, OwnEntry]:
        """Return the waiting entries of an account by the tier's id."""
        found = {}
        waiting = self.entries.waiting((tier_id, account_id) for tier_id in tier_ids)
        for entry in waiting.values():
            found[entry.tier_id] = OwnEntry(entry.quantity, self.entries.position(entry))
        return found

    def of_account(self, account_id: str) -> Sequence[tuple[TierEntry, OwnEntry]]:
        """Return all waiting entries of an account, the first one first, each with its position."""
        waiting = sorted(self.entries.waiting_of(account_id), key=lambda entry: entry.id)
        return [(entry, OwnEntry(entry.quantity, self.entries.position(entry))) for entry in waiting]
