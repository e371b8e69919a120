"""The back office's page: a frame without anything secret in it; its script asks the API with the key it is given."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response

from admin.page.messages import WORDS, Word
from core.web import context
from pages.booking.countries import countries
from pages.locale import current_language
from pages.rendering import render_page
from pages.routes import blueprint
from schedules.service import Schedules


@blueprint.get("/admin")
def admin() -> Response:
    """Show the frame of the back office."""
    schedule = context.get_service(Schedules).schedule
    words = {key: _said(word) for key, word in WORDS.items()}
    page_data = {
        "zone": schedule.timezone,
        "dates": [day.date for day in schedule.days],
        "countries": [(country.code, country.name) for country in countries(current_language())],
        "messages": words,
    }
    return render_page("admin.html", page_data=page_data)


def _said(word: Word) -> str | dict[str, str]:
    """Return a word in the page's language, and one that is counted in each of its forms."""
    return {name: str(form) for name, form in word.items()} if isinstance(word, Mapping) else str(word)
