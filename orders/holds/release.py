"""Release of a hold by its account."""

from __future__ import annotations

from dataclasses import dataclass

from inventory.group_commit import GroupCommit
from orders.holds.ending import ending_of
from orders.holds.model import HoldState
from orders.holds.store import HoldStore


@dataclass(frozen=True)
class ReleaseHold:
    """Releases holds."""

    group_commit: GroupCommit
    holds: HoldStore

    def execute(self, account_id: str, hold_id: str) -> None:
        """Release the tickets of a hold; one that has ended stays as it is. Raises HoldNotFound."""
        hold = self.holds.get_of(account_id, hold_id)
        if hold.state is HoldState.ACTIVE:
            self.group_commit.submit(ending_of([hold], HoldState.RELEASED))

    def execute_all(self, account_id: str) -> None:
        """Release the tickets of all active holds of an account."""
        active = self.holds.active_of(account_id)
        if active:
            self.group_commit.submit(ending_of(active, HoldState.RELEASED))
