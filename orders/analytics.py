"""Analytics of sales: revenue by currency, tickets by day and by tier, orders that ended without a payment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from events.money import Money
from orders.analytics_store import AnalyticsStore, Period, SoldTickets
from orders.model import OrderState
from orders.tickets.model import TicketState


@dataclass
class TicketFigures:
    """Sums of tickets. `revenue` is that of tickets that are not refunded; money is in minor units by currency."""

    tickets: int = 0
    checked_in: int = 0
    refunded: int = 0
    revenue: Counter[str] = field(default_factory=Counter)
    refunded_amount: Counter[str] = field(default_factory=Counter)

    def add(self, sold: SoldTickets) -> None:
        """Add tickets."""
        if sold.state is TicketState.VOID:
            self.refunded += sold.count
            self.refunded_amount[sold.currency] += sold.amount
            self.revenue[sold.currency] += 0  # a currency is shown also if all of its tickets are refunded
            return
        self.tickets += sold.count
        self.revenue[sold.currency] += sold.amount
        if sold.state is TicketState.CHECKED_IN:
            self.checked_in += sold.count


@dataclass(frozen=True)
class TierKey:
    """A tier of an event."""

    event_id: str
    tier_id: str
    tier: str


@dataclass(frozen=True, kw_only=True)
class SalesFigures:
    """The figures of a period; `waiting` is the current number."""

    total: TicketFigures
    by_day: Mapping[str, TicketFigures]
    by_tier: Mapping[TierKey, TicketFigures]
    orders: int
    declined: int
    expired: int
    waiting: int


@dataclass(frozen=True)
class AnalyseSales:
    """Computes the figures."""

    store: AnalyticsStore

    def execute(self, period: Period) -> SalesFigures:
        """Return the figures of a period."""
        total = TicketFigures()
        by_day: dict[str, TicketFigures] = {}
        by_tier: dict[TierKey, TicketFigures] = {}
        for sold in self.store.sold_tickets(period):
            tier = TierKey(sold.event_id, sold.tier_id, sold.tier)
            total.add(sold)
            by_day.setdefault(sold.day, TicketFigures()).add(sold)
            by_tier.setdefault(tier, TicketFigures()).add(sold)
        return SalesFigures(
            total=total,
            by_day=by_day,
            by_tier=by_tier,
            orders=self.store.paid_orders(period),
            declined=self.store.ended_orders(period, OrderState.DECLINED),
            expired=self.store.ended_orders(period, OrderState.EXPIRED),
            waiting=self.store.waiting(period.event_id),
        )


def money_by_currency(amounts: Mapping[str, int]) -> dict[str, str]:
    """Return amounts in minor units as decimal texts, in the order of the currencies."""
    return {currency: str(Money(amount, currency)) for currency, amount in sorted(amounts.items())}
