"""Orders as a part of the sales of an event: who has tickets, and their refund when the event is cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.mongo.transactions import Session
from orders.buyer_store import BuyerStore
from orders.cancellation import WithdrawTickets


@dataclass(frozen=True)
class OrderSales:
    """Implements `events.notices.sales.SalesOfFeature`."""

    buyers: BuyerStore
    withdrawal: WithdrawTickets

    def holders(self, event_id: str, after: str, limit: int) -> Sequence[str]:
        """Return up to `limit` ids of accounts with paid orders for an event, in order, those above `after`."""
        return self.buyers.of_event(event_id, after, limit)

    def withdraw(self, event_id: str, account_id: str) -> None:
        """Refund the tickets that an account has bought for a cancelled event. Idempotent."""
        for order_id in self.buyers.paid_ids(event_id, account_id):
            self.withdrawal.execute(order_id, event_id)

    def exist(self, session: Session, event_id: str) -> bool:
        """Return whether there is an order for an event, in any state."""
        return self.buyers.exist(session, event_id)
