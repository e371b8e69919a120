"""Public API of events."""

from __future__ import annotations

from typing import Any

from accounts.guards import optional_account_id
from core.web import context, etag
from core.web.answer import Answer
from core.web.endpoint import Blueprint, Endpoint
from events.answers import EventAnswers
from events.schemas import EventDetailSchema, EventsQuery, EventsSchema, event_query

blueprint = Blueprint("events", __name__, url_prefix="/api", description="Events")


@blueprint.get("/events")
@Endpoint(EventsSchema, query=EventsQuery, fast=True)
def events(**parameters: Any) -> Answer:
    """List the published events; `after` is the `next` of the previous answer, and nothing is shown twice then.

    `search` is part of the title or of the venue, without regard to case and accents.
    """
    return etag.conditional_answer(context.get_service(EventAnswers).page(event_query(parameters)))


@blueprint.get("/events/<event_id>")
@Endpoint(EventDetailSchema, error_statuses=(401, 404), fast=True)
def event(event_id: str) -> Answer:
    """Return an event, a cancelled one too; with an access token, also the reservation of its holder."""
    answers = context.get_service(EventAnswers)
    account_id = optional_account_id()
    if not account_id:
        return etag.conditional_answer(answers.event(event_id))
    return Answer(200, answers.for_person(event_id, account_id))
