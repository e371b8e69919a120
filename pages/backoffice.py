"""The back office's page: a frame without anything secret in it; its script asks the API with the key it is given."""

from __future__ import annotations

from flask import Response, render_template

from core.web import context
from pages.backoffice_words import WORDS
from pages.routes import blueprint
from schedules.service import Schedules


@blueprint.get("/admin")
def admin() -> Response:
    """Show the frame of the back office."""
    schedule = context.service(Schedules).schedule
    known = {"zone": schedule.timezone, "dates": [day.date for day in schedule.days], "words": dict(WORDS)}
    return Response(render_template("admin.html", schedule=schedule, known=known), mimetype="text/html")
