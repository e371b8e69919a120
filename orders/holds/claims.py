"""Claims of tickets: before one is refused for its stock or a seat, the expired holds of the stock are ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from inventory.errors import InsufficientStock
from inventory.group_commit import GroupCommit
from inventory.requests import StockRequest
from orders.seats.errors import SeatTaken

T = TypeVar("T")


class ExpiredTickets(Protocol):
    """Tickets that are held beyond their deadline."""

    def end_expired_of(self, stock_ids: Iterable[str]) -> bool:
        """End what has expired and holds tickets of the stock; return whether there was any."""


@dataclass(frozen=True)
class TicketClaims:
    """Submits claims to the ticket group commit."""

    group_commit: GroupCommit
    expired: tuple[ExpiredTickets, ...]

    def submit(self, request: StockRequest[T]) -> T:
        """Return the answer of `GroupCommit.submit`, which is repeated if expired holds had the tickets."""
        try:
            return self.group_commit.submit(request)
        except (InsufficientStock, SeatTaken):
            ended = [source.end_expired_of(request.lines) for source in self.expired]
            if not any(ended):
                raise
        return self.group_commit.submit(request)
