"""Statistics and chart endpoints of the back office."""

from __future__ import annotations

from typing import Any

from admin.blueprint import blueprint
from admin.dashboard.chart_data import ChartData
from admin.dashboard.charts import svg
from admin.dashboard.schemas import PlotsQuery, PlotsSchema, StatsSchema
from admin.dashboard.service import Dashboard
from core.i18n import get_language
from core.web import accept_language, context
from core.web.endpoint import Endpoint


@blueprint.get("/stats")
@Endpoint(
    StatsSchema,
    error_statuses=(
        401,
        403,
    ),
    security="adminKey",
)
def stats() -> Any:
    """Sum up seats and booked places by day and by hour, and count e-mails by state."""
    return context.get_service(Dashboard).stats()


@blueprint.get("/plots")
@Endpoint(
    PlotsSchema,
    query=PlotsQuery,
    error_statuses=(
        401,
        403,
    ),
    security="adminKey",
)
def plots(width: int, month: str) -> dict[str, Any]:
    """Draw the charts of the dashboard as SVG about `width` pixels wide, each with its table.

    The occupancy is that of one month, by default of the first one with places. Texts are in the language that
    Accept-Language prefers, English by default.
    """
    language = get_language(accept_language.negotiated_language())
    dashboard = context.get_service(Dashboard)
    shown = dashboard.month_or_default(month)
    charts = dashboard.charts(language, shown)
    return {"items": [_serialize(chart, width) for chart in charts], "month": shown}


def _serialize(chart: ChartData, width: int) -> dict[str, Any]:
    return {**vars(chart), "formatted_rows": chart.formatted_rows, "svg": svg(chart, width)}
