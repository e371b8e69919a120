"""Pages of events: the list, and one event with its tickets."""

from __future__ import annotations

from flask import Response

from pages.events import messages
from pages.events.event_page import event_page
from pages.events.list_page import list_page
from pages.formatting import local_time
from pages.site import PageBlueprint

blueprint = PageBlueprint("events", __name__, static_url="/static/events")
blueprint.add_app_template_filter(messages.count_left, "count_left")
blueprint.add_app_template_filter(messages.month, "moment_month")
blueprint.add_app_template_filter(messages.price, "price")
blueprint.add_app_template_global(messages.badge, "availability_badge")
blueprint.add_app_template_global(local_time, "local_time")


@blueprint.get("/events")
def list_events() -> Response:
    """List the published events."""
    return list_page()


@blueprint.get("/events/<event_id>")
def show(event_id: str) -> Response:
    """Show an event with its tickets."""
    return event_page(event_id)
