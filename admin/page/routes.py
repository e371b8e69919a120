"""Back-office page: HTML without any data; its scripts call the API with the admin key."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, request, url_for

import pages.routes
from admin.page.messages import MESSAGES, Message
from core.web import context
from pages.booking.countries import countries
from pages.locale import current_language
from pages.rendering import render_page, see_other
from pages.site import PageBlueprint
from schedules.service import Schedules

blueprint = PageBlueprint("admin", __name__, static_url="/static/admin")


@blueprint.get("/admin")
def page() -> Response:
    """Show the back office."""
    schedule = context.get_service(Schedules).schedule
    page_data = {
        "zone": schedule.timezone,
        "dates": [day.date for day in schedule.days],
        "hasParties": schedule.seats_per_booking > 1,
        "countries": [(country.code, country.name) for country in countries(current_language())],
        "messages": {key: _translate(message) for key, message in MESSAGES.items()},
    }
    return render_page("admin/page.html", page_data=page_data)


@blueprint.get("/admin/")
def page_with_slash() -> Response:
    """Redirect to the page at its own path."""
    query = request.query_string.decode("ascii", "replace")
    path = url_for("pages.admin.page")
    return see_other(f"{path}?{query}" if query else path)


def _translate(message: Message) -> str | dict[str, str]:
    """Return a message in the page's language; one with plural forms as a dict by plural category."""
    if isinstance(message, Mapping):
        return {category: str(form) for category, form in message.items()}
    return str(message)


pages.routes.blueprint.register_blueprint(blueprint)
