"""Orders and tickets of the signed-in person: lists, pictures, files, transfer, cancellation."""

from __future__ import annotations

from flask import Response, request, url_for

from core.errors import DomainError, Unavailable
from core.pagination import count_pages
from core.web import context, problem_details
from orders.cancellation import CancelOrder
from orders.documents import OrderDocuments
from orders.errors import OrderNotFound
from orders.listing import ListOrders
from orders.payment_confirmation import ConfirmPayment
from pages import error_pages
from pages.checkout.card_form import card_form
from pages.checkout.checkout_page import confirmation_page
from pages.checkout.downloads import download
from pages.checkout.messages import sentence_for
from pages.checkout.order_page import order_page
from pages.checkout.order_view import order_view
from pages.errors import FormRefused
from pages.locale import current_language
from pages.rendering import render_page, see_other
from pages.signed_in import signed_in, visit
from pages.site import PageBlueprint

blueprint = PageBlueprint("orders", __name__)
PAGE_SIZE = 10
MAX_PAGE = 1_000_000


@blueprint.get("/my/orders")
@signed_in
def list_orders() -> Response:
    """List the person's orders, newest first."""
    page = _page_number()
    found = context.get_service(ListOrders).of_account(visit().account.id, page, PAGE_SIZE)
    return render_page(
        "checkout/orders.html",
        orders=[order_view(order, found.tickets[order.id]) for order in found.orders],
        page=page,
        last_page=max(1, count_pages(found.total, PAGE_SIZE)),
        current_path=url_for("pages.orders.list_orders"),
    )


@blueprint.get("/orders/<order_id>")
@signed_in
def show(order_id: str) -> Response:
    """Show an order with its tickets; an open one reloads itself."""
    return order_page(order_id)


@blueprint.post("/orders/<order_id>/cancel")
@signed_in
def cancel(order_id: str) -> Response:
    """Cancel the order and show it; the money goes back."""
    try:
        context.get_service(CancelOrder).execute(visit().account.id, order_id)
    except OrderNotFound:
        raise
    except DomainError as error:
        return _refused(order_id, error)
    return see_other(url_for("pages.orders.show", order_id=order_id))


@blueprint.post("/orders/<order_id>/confirm")
@signed_in
def confirm(order_id: str) -> Response:
    """Continue the payment that the buyer has to confirm: at the bank, or at once with the simulated provider."""
    try:
        attempt = context.get_service(ConfirmPayment).execute(visit().account.id, order_id)
    except Unavailable as error:
        return _refused(order_id, error)
    if attempt.client_secret and card_form():
        return confirmation_page(order_id, attempt.client_secret)
    return see_other(url_for("pages.orders.show", order_id=order_id, placed=1))


@blueprint.get("/orders/<order_id>/confirm")
@blueprint.get("/orders/<order_id>/cancel")
def back_to_order(order_id: str) -> Response:
    """Redirect from the address of the button to the order."""
    return see_other(url_for("pages.orders.show", order_id=order_id))


@blueprint.get("/orders/<order_id>/tickets.pdf")
@signed_in
def tickets_file(order_id: str) -> Response:
    """Serve the valid tickets of an order as PDF; the e-mail is not needed."""
    language = current_language().code
    content = context.get_service(OrderDocuments).tickets_of_order(visit().account.id, order_id, language)
    return download(content, "application/pdf", "tickets.pdf")


@blueprint.get("/orders/<order_id>/calendar.ics")
@signed_in
def calendar(order_id: str) -> Response:
    """Serve the events of an order as a calendar file."""
    content = context.get_service(OrderDocuments).calendar_of_order(visit().account.id, order_id)
    return download(content, "text/calendar; charset=utf-8", "event.ics")


@blueprint.errorhandler(OrderNotFound)
@blueprint.errorhandler(FormRefused)
def on_refusal(error: DomainError) -> Response:
    """Show the reason on a page of its own."""
    return error_pages.as_page(problem_details.on_error(error), sentence_for(error))


def _refused(order_id: str, error: DomainError) -> Response:
    return error_pages.with_refusal(order_page(order_id, sentence_for(error)), error)


def _page_number() -> int:
    """Return the number of the page of a list, 1 for another text."""
    text = request.args.get("page", "1")
    if text.isascii() and text.isdigit():
        return min(max(1, int(text[:9])), MAX_PAGE)
    return 1
