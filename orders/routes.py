"""API of orders: buy the tickets of a cart or of a hold, read one's orders."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from accounts.guards import active_session, current_account, current_identity
from core.pagination import count_pages
from core.web import accept_language, context
from core.web.endpoint import Blueprint, Endpoint
from core.web.rate_limits.limiter import RateLimiter
from orders.cancellation import CancelOrder
from orders.checkout import Placed, PlaceOrder
from orders.errors import IdempotencyKeyRequired
from orders.holds.schemas import ShortStockProblemSchema
from orders.listing import ListOrders
from orders.model import NewOrder, OrderState
from orders.payment_queue import PaymentQueue
from orders.schemas import (
    CancelProblemSchema,
    NewOrderSchema,
    OrderKeyHeader,
    OrderSchema,
    OrdersQuery,
    OrdersSchema,
    order_members,
)

blueprint = Blueprint("orders", __name__, url_prefix="/api/orders", description="Buying tickets")


@blueprint.post("")
@active_session
@Endpoint(
    OrderSchema,
    status=201,
    body=NewOrderSchema,
    headers=OrderKeyHeader,
    error_statuses=(401, 402, 404, 409, 413, 415, 422),
    conflict_schema=ShortStockProblemSchema,
    security="accessToken",
)
def place_order(new: NewOrder, key: str | None) -> Response:
    """Buy all tickets of a cart or a hold, or none. Repeat it safely with its Idempotency-Key for 24 hours.

    The answer is 202 while the payment provider has not answered; the order is paid or expires by itself. With
    `queue` the order waits for the provider, and the clock of its hold is stopped.
    """
    if key is None:
        raise IdempotencyKeyRequired
    buyer = current_account()
    context.get_service(RateLimiter).hit_order(buyer.id)
    language = accept_language.negotiated_language()
    return _answer(context.get_service(PlaceOrder).execute(buyer, new, key, language))


@blueprint.get("")
@active_session
@Endpoint(OrdersSchema, query=OrdersQuery, error_statuses=(401,), security="accessToken")
def list_orders(page: int, limit: int) -> Response:
    """List the account's orders, newest first."""
    found = context.get_service(ListOrders).of_account(current_identity().account_id, page, limit)
    meta = {"total": found.total, "page": page, "limit": limit, "totalPages": count_pages(found.total, limit)}
    return jsonify(data=[order_members(order, found.tickets[order.id]) for order in found.orders], meta=meta)


@blueprint.get("/<order_id>")
@active_session
@Endpoint(OrderSchema, error_statuses=(401, 404), security="accessToken")
def get_order(order_id: str) -> Response:
    """Show an order of the account with its tickets."""
    order, tickets = context.get_service(ListOrders).get(current_identity().account_id, order_id)
    return jsonify(order_members(order, tickets, context.get_service(PaymentQueue).position_of(order)))


@blueprint.post("/<order_id>/cancel")
@active_session
@Endpoint(
    OrderSchema,
    error_statuses=(401, 404, 409),
    conflict_schema=CancelProblemSchema,
    security="accessToken",
)
def cancel_order(order_id: str) -> Response:
    """Cancel a paid order before its event begins: tickets are void, the money goes back. Repeatable."""
    account_id = current_identity().account_id
    context.get_service(CancelOrder).execute(account_id, order_id)
    order, tickets = context.get_service(ListOrders).get(account_id, order_id)
    return jsonify(order_members(order, tickets))


def _answer(placed: Placed) -> Response:
    order = placed.order
    tickets = placed.tickets or context.get_service(ListOrders).tickets_of(order)
    queue = context.get_service(PaymentQueue).position_of(order)
    body: dict[str, Any] = order_members(order, tickets, queue)
    if placed.client_secret:
        body["payment"] = {"clientSecret": placed.client_secret}
    response = jsonify(body)
    response.status_code = 202 if order.is_open else 200
    if order.state is OrderState.PAID:
        response.status_code = 201
    response.headers["Location"] = f"/api/orders/{order.id}"
    context.set_outcome(order.state.value)
    if placed.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response
