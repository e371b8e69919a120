"""Page of the checkout: the held tickets, the terms, and the payment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import Response, url_for

from core.web import context
from orders.holds.errors import HoldExpired, HoldNotFound
from orders.holds.listing import ListHolds
from orders.holds.model import Hold, HoldKind
from pages.checkout.card_form import allow_stripe, card_form
from pages.checkout.checkout_form import CheckoutForm
from pages.checkout.downloads import PRIVATE
from pages.checkout.hold_view import hold_view
from pages.checkout.payment_choices import payment_choices
from pages.rendering import render_page
from pages.signed_in import visit


@dataclass(frozen=True)
class CheckoutState:
    """A form with its problems by field; the empty name is the whole form."""

    form: CheckoutForm
    problems: Mapping[str, str] = field(default_factory=dict)


def checkout_page(hold: Hold, state: CheckoutState) -> Response:
    """Return the page that pays for `hold`."""
    card = card_form()
    page = render_page(
        "checkout/checkout.html",
        held=hold_view(hold),
        form=state.form,
        problems=state.problems,
        choices=payment_choices(),
        card=card,
        current_path=url_for("pages.checkout.show", hold=hold.id),
    )
    if card and hold.total:
        allow_stripe(page)
    return page


def confirmation_page(order_id: str, client_secret: str) -> Response:
    """Return the page on which the buyer confirms the payment of an order at the bank; then it leads to the order."""
    order_path = url_for("pages.orders.show", order_id=order_id)
    page = render_page(
        "checkout/confirmation.html",
        card=card_form(),
        client_secret=client_secret,
        current_path=order_path,
    )
    page.headers.update(PRIVATE)
    allow_stripe(page)
    return page


def active_hold(hold_id: str = "") -> Hold:
    """Return a hold of the person, by default the cart; raises HoldNotFound, or HoldExpired if it has ended."""
    listing = context.get_service(ListHolds)
    for hold in listing.execute(visit().account.id):
        if hold.id == hold_id or (not hold_id and hold.kind is HoldKind.CART):
            return hold
    if not hold_id:
        raise HoldNotFound
    listing.holds.get_of(visit().account.id, hold_id)
    raise HoldExpired
