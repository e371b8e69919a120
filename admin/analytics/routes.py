"""Figures of sales in the back office."""

from __future__ import annotations

from typing import Any

from admin.analytics.schemas import AnalyticsQuery, AnalyticsSchema, end_of, start_of
from admin.blueprint import blueprint
from core.web import context
from core.web.endpoint import Endpoint
from orders.analytics import AnalyseSales, SalesFigures, TicketFigures, money_by_currency
from orders.analytics_store import Period


@blueprint.get("/analytics")
@Endpoint(AnalyticsSchema, query=AnalyticsQuery, error_statuses=(401, 403), security="adminKey")
def analytics(first: str, last: str, event_id: str) -> dict[str, Any]:
    """Sum up the sales of a period by day and by tier; days are in UTC."""
    period = Period(start_of(first), end_of(last), event_id)
    figures = context.get_service(AnalyseSales).execute(period)
    return {
        **_members(figures.total),
        "orders": figures.orders,
        "declined": figures.declined,
        "expired": figures.expired,
        "waiting": figures.waiting,
        "byDay": [{"date": day, **_members(sums)} for day, sums in sorted(figures.by_day.items())],
        "byTier": _tiers(figures),
    }


def _tiers(figures: SalesFigures) -> list[dict[str, Any]]:
    rows = []
    for key, sums in figures.by_tier.items():
        row = {"eventId": key.event_id, "tierId": key.tier_id, "tier": key.tier, **_members(sums)}
        rows.append(row)
    return sorted(rows, key=lambda row: (row["eventId"], row["tierId"]))


def _members(sums: TicketFigures) -> dict[str, Any]:
    return {
        "revenue": money_by_currency(sums.revenue),
        "refundedAmount": money_by_currency(sums.refunded_amount),
        "tickets": sums.tickets,
        "refunded": sums.refunded,
        "checkedIn": sums.checked_in,
    }
