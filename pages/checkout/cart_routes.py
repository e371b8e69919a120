"""The cart: tickets are held while a person decides and pays."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, request, url_for
from flask_babel import gettext

from core.errors import DomainError
from core.web import context
from core.web.rate_limits.limiter import RateLimiter
from events.errors import TierNotFound
from events.model import Event
from events.service import Events
from orders.holds.create import CreateHold
from orders.holds.model import Hold
from orders.holds.release import ReleaseHold
from pages.checkout.cart_form import CartForm, Tiers, items_of, load_lines
from pages.checkout.cart_notice import EMPTIED, HELD, REMOVED
from pages.checkout.cart_page import cart_page, refused_cart
from pages.checkout.choice_cookie import forget_choice, remember_choice
from pages.checkout.empty_choice import refused_if_empty
from pages.errors import FormRefused
from pages.page_visit import current_visit
from pages.rendering import see_other
from pages.signed_in import signed_in, to_sign_in, visit
from pages.site import PageBlueprint

blueprint = PageBlueprint("cart", __name__)


@blueprint.get("/cart")
@signed_in
def show() -> Response:
    """Show what is held for the person."""
    return cart_page()


@blueprint.post("/cart")
def change() -> Response:
    """Hold the chosen tickets; without a session, keep the choice in the browser and lead to the sign-in.

    A choice without a ticket is refused before.
    """
    refused = refused_if_empty(request.form)
    if refused:
        return refused
    if current_visit() is None:
        return remember_choice(to_sign_in(url_for("pages.cart.show")), request.form)
    tiers: Tiers = {}
    try:
        form = CartForm.parse(request.form)
        tiers = _tiers_of(form)
        held = _hold(form)
    except DomainError as error:
        return refused_cart(error, _events_of(tiers))
    return forget_choice(see_other(_next_path(held, form)))


@blueprint.post("/cart/empty")
@signed_in
def empty() -> Response:
    """Release the tickets of the hold that the form names; without one, discard the choice before the sign-in."""
    hold_id = request.form.get("hold", "")
    if hold_id:
        context.get_service(ReleaseHold).execute(visit().account.id, hold_id)
    return forget_choice(see_other(url_for("pages.cart.show", notice=EMPTIED)))


@blueprint.get("/cart/empty")
def back_to_cart() -> Response:
    """Redirect from the address of the button."""
    return see_other(url_for("pages.cart.show"))


@blueprint.errorhandler(DomainError)
def on_domain_error(error: DomainError) -> Response:
    """Show the cart with the error."""
    return refused_cart(error, ())


def _hold(form: CartForm) -> Hold | None:
    """Hold the tickets of the cart after the form, and return it; without any, release the cart."""
    account_id = visit().account.id
    create = context.get_service(CreateHold)
    cart = _active_cart(create, account_id)
    lines = form.merged(cart)
    if not form.items and not form.removed:
        raise FormRefused(gettext("Choose at least one ticket."))
    if cart and lines == load_lines(items_of(cart)):
        return cart
    context.get_service(RateLimiter).hit_hold(account_id)
    if lines:
        return create.execute(account_id, lines)
    if cart:
        context.get_service(ReleaseHold).execute(account_id, cart.id)
    return None


def _next_path(held: Hold | None, form: CartForm) -> str:
    """Return the checkout of the hold if that button was pressed, else the cart."""
    if held and "continue" in request.form:
        return url_for("pages.checkout.show", hold=held.id)
    if form.removed:
        return url_for("pages.cart.show", notice=REMOVED, tier=form.removed)
    return url_for("pages.cart.show", notice=HELD)


def _active_cart(create: CreateHold, account_id: str) -> Hold | None:
    """Return the account's cart, or None if its time has passed."""
    cart = create.holds.cart_of(account_id)
    if cart and cart.expires_at > create.clock():
        return cart
    return None


def _tiers_of(form: CartForm) -> Tiers:
    """Return the tiers that the form names; one that is gone matters only if it is chosen."""
    events = context.get_service(Events)
    try:
        return events.of_tiers(form.named)
    except TierNotFound:
        return events.of_tiers(str(item["tierId"]) for item in form.items)


def _events_of(tiers: Tiers) -> Sequence[Event]:
    """Return the events of tiers, each once."""
    return list({event.id: event for event, _ in tiers.values()}.values())
