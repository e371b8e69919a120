"""Page of an event: its description, its tiers with a form for the cart, and the visitor's own tickets."""

from __future__ import annotations

from flask import Response, request, url_for

from core.errors import DomainError
from core.web import context
from events.money import exponent_of
from events.service import Events
from orders.holds.model import MAX_QUANTITY
from orders.offers.model import MAX_WANTED
from pages import error_pages
from pages.events.messages import client_messages, refusal_message
from pages.events.own_tickets import own_tickets
from pages.events.view import EventCard
from pages.page_visit import current_visit
from pages.rendering import has_live_updates, render_page

# Values of the parameter `notice`, set by the redirect after a button.
NOTICES = ("reserved", "cancelled", "waiting", "left")


def event_page(event_id: str, problem: str = "") -> Response:
    """Return the page of an event with the refusal `problem`, if there is one; raises EventNotFound."""
    events = context.get_service(Events)
    card = EventCard.of(events.get(event_id), events.clock())
    return render_page(
        "events/event.html",
        card=card,
        shown=card.event,
        exponent=exponent_of(card.event.currency),
        own=own_tickets(card.event, current_visit()),
        notice=_notice(),
        problem=problem,
        wanted=range(1, MAX_WANTED + 1),
        messages=client_messages(min(card.event.max_per_order, MAX_QUANTITY)),
        live=has_live_updates(),
        current_path=url_for("pages.events.show", event_id=event_id),
    )


def refused_page(event_id: str, error: DomainError) -> Response:
    """Return the page of an event with the refusal of its button, with the status and headers of the refusal."""
    return error_pages.with_refusal(event_page(event_id, refusal_message(error)), error)


def _notice() -> str:
    given = request.args.get("notice", "")
    if given in NOTICES:
        return given
    return ""
