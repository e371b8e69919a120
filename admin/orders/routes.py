"""Order endpoints of the back office: listing, export, refund of tickets."""

from __future__ import annotations

import math
from typing import Any

from flask import Response

from admin.blueprint import blueprint
from admin.guards import current_admin
from admin.orders.csv_export import stream_csv
from admin.orders.schemas import (
    AdminOrderSchema,
    AdminOrdersQuery,
    AdminOrdersSchema,
    OrderFilter,
    RefundTicketsSchema,
    admin_members,
    mongo_filter,
)
from core.web import context
from core.web.endpoint import Endpoint
from orders.cancellation import RefundTickets
from orders.listing import ListOrders
from orders.schemas import CancelProblemSchema, order_members


@blueprint.get("/orders")
@Endpoint(AdminOrdersSchema, query=AdminOrdersQuery, error_statuses=(401, 403), security="adminKey")
def orders(page: int, limit: int, **given: str) -> dict[str, Any]:
    """List the orders that match, newest first."""
    found = context.get_service(ListOrders).find(mongo_filter(**given), page, limit)
    items = [order_members(order, found.tickets[order.id]) | admin_members(order) for order in found.orders]
    total_pages = math.ceil(found.total / limit)
    return {"items": items, "total": found.total, "page": page, "limit": limit, "totalPages": total_pages}


@blueprint.get("/orders/export")
@Endpoint(None, query=OrderFilter, error_statuses=(401, 403), security="adminKey", media_type="text/csv")
def export_orders(**given: str) -> Response:
    """Export the orders that match as CSV, a row for each item."""
    listing = context.get_service(ListOrders)
    rows = stream_csv(listing.orders.walk(mongo_filter(**given)), listing.title_of)
    headers = {"Content-Disposition": 'attachment; filename="orders.csv"'}
    return Response(rows, content_type="text/csv; charset=utf-8", headers=headers)


@blueprint.post("/orders/<order_id>/refund")
@Endpoint(
    AdminOrderSchema,
    body=RefundTicketsSchema,
    error_statuses=(401, 403, 404, 409, 413, 415),
    conflict_schema=CancelProblemSchema,
    security="adminKey",
)
def refund_tickets(given: dict[str, Any], order_id: str) -> dict[str, Any]:
    """Refund some tickets of a paid order, all or none; the last one cancels the order."""
    context.get_service(RefundTickets).execute(current_admin(), order_id, given["tickets"])
    order, tickets = context.get_service(ListOrders).any(order_id)
    return order_members(order, tickets) | admin_members(order)
