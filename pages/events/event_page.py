"""Page of an event: its description, its tiers with a form for the cart."""

from __future__ import annotations

from flask import Response

from core.web import context
from events.service import Events
from pages.events.messages import client_messages
from pages.events.view import EventCard
from pages.page_visit import current_visit
from pages.rendering import has_live_updates, render_page


def event_page(event_id: str) -> Response:
    """Return the page of an event; raises EventNotFound."""
    events = context.get_service(Events)
    card = EventCard.of(events.get(event_id), events.clock())
    return render_page(
        "events/event.html",
        card=card,
        event_shown=card.event,
        visit=current_visit(),
        messages=client_messages(),
        live=has_live_updates(),
    )
