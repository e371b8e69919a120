"""Ends of holds through the ticket group commit: the taken and the held counts fall in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

from core.concurrency.batcher import PendingRequest
from core.mongo.transactions import Session
from inventory.requests import RowsOfKind, StockChange
from notifications.outbox.model import OutboxEmail
from orders.holds.model import Hold, HoldState
from orders.holds.store import HoldStore
from orders.holds.tickets import HeldTickets


@dataclass(frozen=True)
class HoldEnding:
    """Ends holds as `state`; their tickets are released."""

    holds: Sequence[Hold]
    state: HoldState


# The answer is the holds that this request has ended: those that had ended before are left out.
Request = StockChange[HoldEnding, Sequence[Hold]]


def ending_of(holds: Sequence[Hold], state: HoldState) -> Request:
    """Return the request to end `holds`."""
    return StockChange(HoldEnding(holds, state), released_by(holds), _identities(holds))


def released_by(holds: Sequence[Hold]) -> Mapping[str, int]:
    """Return the lines of a request that releases the tickets of `holds`."""
    counts: Counter[str] = Counter()
    for hold in holds:
        counts.subtract(hold.lines)
    return counts


def _identities(holds: Sequence[Hold]) -> frozenset[Hashable]:
    return frozenset(("hold", hold.id) for hold in holds)


@dataclass(frozen=True)
class HoldEndingRows(RowsOfKind[OutboxEmail]):
    """The rows of holds that end."""

    tickets: HeldTickets
    holds: HoldStore

    def write(self, session: Session, requests: Sequence[Request]) -> list[OutboxEmail]:
        """End the holds; raises StaleRequest if one has ended already."""
        for request in requests:
            self.tickets.end(session, request.detail.holds, request.detail.state)
            request.outcome = request.detail.holds
        return []

    def refresh(self, batch: Sequence[PendingRequest[Request, Sequence[Hold]]]) -> None:
        """Leave out the holds that have ended; answer the requests without any other."""
        for pending in batch:
            request = pending.request
            active = self.holds.still_active([hold.id for hold in request.detail.holds])
            if not active:
                pending.resolve([])
                continue
            request.detail = replace(request.detail, holds=active)
            request.lines = released_by(active)
            request.identities = _identities(active)

    def answer_duplicates(self, batch: Sequence[PendingRequest[Request, Sequence[Hold]]]) -> None:
        """Answer the requests whose holds have ended."""
        self.refresh(batch)
