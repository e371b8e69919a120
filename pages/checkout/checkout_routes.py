"""The checkout: pays for held tickets once, however often the form is sent."""

from __future__ import annotations

from flask import Response, request, url_for

from core.errors import DomainError
from core.mongo.failures import DatabaseError
from core.web import context
from core.web.rate_limits.limiter import RateLimiter
from orders.checkout import PlaceOrder
from orders.errors import PaymentDeclined, RequestInProgress
from orders.holds.errors import HoldExpired, HoldNotFound
from orders.holds.model import Hold
from orders.listing import ListOrders
from orders.model import NewOrder, Order, OrderState
from pages import error_pages
from pages.checkout.card_form import card_form
from pages.checkout.cart_page import refused_cart
from pages.checkout.checkout_form import CheckoutForm
from pages.checkout.checkout_page import CheckoutState, active_hold, checkout_page, confirmation_page
from pages.checkout.messages import DECLINED_BUT_HELD
from pages.locale import current_language
from pages.page_visit import skip_visitor
from pages.rendering import render_page, see_other
from pages.signed_in import signed_in, visit
from pages.site import PageBlueprint

blueprint = PageBlueprint("checkout", __name__, static_url="/static/checkout")


@blueprint.get("/checkout")
@signed_in
def show() -> Response:
    """Show the form that pays for a hold; one that was paid for leads to its order."""
    hold_id = request.args.get("hold", "")
    try:
        hold = active_hold(hold_id)
    except HoldNotFound:
        return see_other(url_for("pages.cart.show"))
    except HoldExpired:
        return _order_of(hold_id) or see_other(url_for("pages.cart.show"))
    return checkout_page(hold, CheckoutState(CheckoutForm.new(hold.id)))


@blueprint.post("/checkout")
@signed_in
def pay() -> Response:
    """Place the order, and show it."""
    form = CheckoutForm.parse()
    try:
        return _pay(form, active_hold(form.hold_id))
    except (HoldExpired, RequestInProgress) as error:
        return _order_of(form.hold_id) or refused_cart(error, ())


@blueprint.errorhandler(DomainError)
def on_domain_error(error: DomainError) -> Response:
    """Show the reason with the cart."""
    return refused_cart(error, ())


@blueprint.errorhandler(DatabaseError)
def on_database_error(error: DatabaseError) -> Response:
    """Offer to send the form again unchanged: its key buys once."""
    if request.method != "POST":
        return error_pages.on_database_error(error)
    skip_visitor()
    page = render_page("checkout/unsure.html", fields=request.form, current_path=url_for("pages.cart.show"))
    return error_pages.with_refusal(page, error)


def _pay(form: CheckoutForm, hold: Hold) -> Response:
    problems = form.problems(hold)
    if problems:
        return _form_again(hold, CheckoutState(form, problems), 400)
    account = visit().account
    context.get_service(RateLimiter).hit_order(account.id)
    wanted = NewOrder(hold_id=hold.id, payment_token=_payment_of(form, hold))
    try:
        placed = context.get_service(PlaceOrder).execute(account, wanted, form.idempotency_key, current_language().code)
    except PaymentDeclined as error:
        return _declined(form, error)
    if placed.client_secret and card_form():
        return confirmation_page(placed.order.id, placed.client_secret)
    return see_other(url_for("pages.orders.show", order_id=placed.order.id, placed=1))


def _payment_of(form: CheckoutForm, hold: Hold) -> str:
    """Return the payment token; a free order has none."""
    if hold.total:
        return form.payment
    return ""


def _declined(form: CheckoutForm, error: PaymentDeclined) -> Response:
    """Show the form again with a new key; if the hold has ended meanwhile, the cart."""
    try:
        hold = active_hold(form.hold_id)
    except HoldExpired:
        return refused_cart(error, ())
    problems = {"": str(DECLINED_BUT_HELD)}
    return _form_again(hold, CheckoutState(CheckoutForm.new(hold.id), problems), 402)


def _form_again(hold: Hold, state: CheckoutState, status: int) -> Response:
    page = checkout_page(hold, state)
    page.status_code = status
    return page


def _order_of(hold_id: str) -> Response | None:
    """Return the redirect to the order that has used the hold, or None."""
    order = order_of_hold(visit().account.id, hold_id)
    if order is None:
        return None
    return see_other(url_for("pages.orders.show", order_id=order.id))


def order_of_hold(account_id: str, hold_id: str) -> Order | None:
    """Return the newest order from a hold that was not declined."""
    found = context.get_service(ListOrders).find({"accountId": account_id, "holdId": hold_id}, 1, 10)
    for order in found.orders:
        if order.state is not OrderState.DECLINED:
            return order
    return None
