"""What is sold of an event, as the features that sell it report it."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Protocol

from core.mongo.transactions import Session


class SalesOfFeature(Protocol):
    """The claims of one feature, such as its reservations or its orders."""

    def holders(self, event_id: str, after: str, limit: int) -> Sequence[str]:
        """Return up to `limit` ids of accounts that have tickets of an event, in order, those above `after`."""

    def withdraw(self, event_id: str, account_id: str) -> object:
        """Cancel what an account has of a cancelled event, and refund it. Idempotent."""

    def exist(self, session: Session, event_id: str) -> bool:
        """Return whether the feature has any row about an event, an ended one too."""


@dataclass(frozen=True)
class EventSales:
    """The claims of all features."""

    features: Sequence[SalesOfFeature] = ()

    def holders(self, event_id: str, after: str, limit: int) -> list[str]:
        """Return up to `limit` ids of accounts that have tickets of an event, in order, each once."""
        found = [feature.holders(event_id, after, limit) for feature in self.features]
        return list(islice((account_id for account_id, _ in groupby(heapq.merge(*found))), limit))

    def withdraw(self, event_id: str, account_id: str) -> None:
        """Cancel and refund what an account has of a cancelled event."""
        for feature in self.features:
            feature.withdraw(event_id, account_id)

    def exist(self, session: Session, event_id: str) -> bool:
        """Return whether there is any row about an event."""
        return any(feature.exist(session, event_id) for feature in self.features)
