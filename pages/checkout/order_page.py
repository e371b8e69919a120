"""Page of an order with its tickets."""

from __future__ import annotations

from contextlib import suppress

from flask import Response, request, url_for

from core.web import context
from orders.holds.errors import HoldExpired, HoldNotFound
from orders.holds.model import Hold
from orders.listing import ListOrders
from orders.model import Order, OrderState
from orders.payment_queue import PaymentQueue
from pages.checkout.card_form import can_confirm_payment
from pages.checkout.checkout_page import active_hold
from pages.checkout.downloads import PRIVATE
from pages.checkout.order_view import order_view
from pages.rendering import render_page
from pages.signed_in import visit


def order_page(order_id: str, problem: str = "") -> Response:
    """Return the page of an order of the signed-in person; raises OrderNotFound."""
    order, tickets = context.get_service(ListOrders).get(visit().account.id, order_id)
    page = render_page(
        "checkout/order.html",
        view=order_view(order, tickets),
        hold=_hold_of(order),
        queue=context.get_service(PaymentQueue).position_of(order),
        can_confirm=can_confirm_payment(),
        problem=problem,
        typed=request.form,
        is_placed="placed" in request.args and order.state is OrderState.PAID,
        current_path=url_for("pages.orders.show", order_id=order_id),
    )
    page.headers.update(PRIVATE)
    return page


def _hold_of(order: Order) -> Hold | None:
    """Return the hold to which the tickets of a declined order went back, or None."""
    if order.state is OrderState.DECLINED and order.hold_id:
        with suppress(HoldNotFound, HoldExpired):
            return active_hold(order.hold_id)
    return None
