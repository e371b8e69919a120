"""Page of the cart: held tickets, offers of waiting lists, a choice from before the sign-in, and an ended hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from flask import Response, request, url_for

from core.errors import DomainError
from core.web import context
from events.model import Event
from events.service import Events
from orders.holds.cart import PricedCart
from orders.holds.create import CreateHold
from orders.holds.listing import ListHolds
from orders.holds.model import Hold, HoldKind, HoldState
from pages import error_pages
from pages.checkout.cart_form import SEATS, CartForm, Item, items_of, load_lines
from pages.checkout.cart_notice import cart_notice
from pages.checkout.choice_cookie import remembered_choice
from pages.checkout.hold_view import EventLines, hold_view, lines_by_event
from pages.checkout.messages import sentence_for
from pages.errors import CrossSitePost
from pages.page_visit import current_visit
from pages.rendering import render_page
from pages.signed_in import visit

# How long the page mentions an ended hold.
ENDED_SHOWN_FOR = timedelta(hours=2)


@dataclass(frozen=True)
class Choice:
    """Tickets that are not held: chosen before the sign-in, or those of a hold that has ended."""

    items: Sequence[Item] = ()
    lines: Sequence[EventLines] = ()
    total: int = 0
    currency: str = ""


@dataclass(frozen=True)
class Problem:
    """Why the tickets of a form are not held; `events` are those to choose from again.

    `seats` has the chosen seats by tier id, so that the page of the seats begins with those that are still free.
    """

    sentence: str
    events: Sequence[Event] = field(default_factory=list)
    seats: Mapping[str, Sequence[str]] = field(default_factory=dict)


def cart_page(problem: Problem | None = None) -> Response:
    """Return the page of the signed-in person's cart."""
    listing = context.get_service(ListHolds)
    held = listing.execute(visit().account.id)
    cart = next((hold for hold in held if hold.kind is HoldKind.CART), None)
    choice = None
    if problem is None:
        choice, problem = _remembered()
    ended = None
    if cart is None and choice is None:
        ended = _ended(listing.latest_cart(visit().account.id))
    return render_page(
        "checkout/cart.html",
        cart=cart and hold_view(cart),
        offers=[hold_view(hold) for hold in held if hold.kind is HoldKind.OFFER],
        choice=choice,
        ended=ended,
        problem=problem,
        notice=cart_notice(cart),
        current_path=url_for("pages.cart.show"),
    )


def refused_cart(error: DomainError, events: Sequence[Event]) -> Response:
    """Return the cart's page with the reason why it was not changed; an error page if there is no cart to show."""
    if isinstance(error, CrossSitePost) or current_visit() is None:
        return error_pages.on_domain_error(error)
    return error_pages.with_refusal(cart_page(Problem(sentence_for(error), events, _chosen_seats())), error)


def _chosen_seats() -> dict[str, list[str]]:
    """Return the submitted seats by tier id, each as the form names it."""
    chosen: dict[str, list[str]] = {}
    for value in request.form.getlist(SEATS):
        chosen.setdefault(value.partition(":")[0], []).append(value)
    return chosen


def _remembered() -> tuple[Choice | None, Problem | None]:
    """Return the choice from before the sign-in with its present prices, or why it cannot be bought."""
    form = remembered_choice()
    if not form:
        return None, None
    try:
        items = CartForm.parse(form).items
        lines = load_lines(items)
        if not lines:
            return None, None
        return _priced(items, context.get_service(CreateHold).price.execute(lines)), None
    except DomainError as error:
        return None, Problem(sentence_for(error))


def _priced(items: Sequence[Item], cart: PricedCart) -> Choice:
    return Choice(items, lines_by_event(cart.items), cart.total, cart.currency)


def _ended(hold: Hold | None) -> Choice | None:
    """Return the tickets of the account's latest cart if its time has passed lately."""
    if hold is None or hold.state not in (HoldState.ACTIVE, HoldState.EXPIRED):
        return None
    if context.get_service(Events).clock() - hold.expires_at > ENDED_SHOWN_FOR:
        return None
    return Choice(items_of(hold), lines_by_event(hold.items), hold.total, hold.currency)
