"""Held tickets: a hold and the counts of its stock rows change in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.mongo.transactions import Session
from events.store import EventStore
from inventory.requests import StaleRequest
from orders.holds.model import Hold, HoldState, with_seats
from orders.holds.store import HoldStore
from orders.seats.picking import SeatRequest, Seats


@dataclass(frozen=True)
class HeldTickets:
    """Begins and ends holds. The group commit claims their tickets before, or releases them.

    The seats that a hold still has when it ends are free again.
    """

    holds: HoldStore
    events: EventStore
    seats: Seats

    def begin(self, session: Session, holds: Sequence[Hold]) -> None:
        """Insert holds whose tickets the transaction has claimed; raises BulkError for a second cart of an account."""
        self.holds.add(session, holds)
        self.events.count_held(session, _counts(holds, 1))

    def begin_seated(
        self, session: Session, holds: Sequence[Hold], seats: Sequence[Sequence[SeatRequest]]
    ) -> list[Hold]:
        """Give each hold the seats that it asks for, and begin it; return the holds. See `Seats.pick` and `begin`."""
        seated: list[Hold] = []
        for hold, labels in zip(holds, self.seats.pick_for(session, seats), strict=True):
            seated.append(replace(hold, items=with_seats(hold.items, labels)))
        if seated:
            self.begin(session, seated)
        return seated

    def end(self, session: Session, holds: Sequence[Hold], state: HoldState) -> None:
        """End active holds; raises StaleRequest if one of them has ended already."""
        if not self.holds.end(session, holds, state):
            raise StaleRequest
        self.events.count_held(session, _counts(holds, -1))
        self.seats.release(session, [hold.id for hold in holds if hold.has_seats])


def _counts(holds: Sequence[Hold], sign: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    for hold in holds:
        for stock_id, count in hold.lines.items():
            counts[stock_id] += sign * count
    return counts
