"""Event endpoints of the back office."""

from __future__ import annotations

from typing import Any

from flask import Response
from werkzeug.http import parse_etags, quote_etag

from admin.blueprint import blueprint
from admin.events.schemas import (
    AdminEventSchema,
    AdminEventsQuery,
    AdminEventsSchema,
    EventChangeSchema,
    IfMatchHeader,
    NewEventSchema,
    admin_event_members,
)
from admin.guards import current_admin
from core.folding import fold
from core.pagination import count_pages
from core.web import context
from core.web.answer import Answer
from core.web.endpoint import Endpoint
from events.editor.create import CreateEvent
from events.editor.delete import DeleteEvent
from events.editor.edit import ChangeEvent, ChangeOfEvent
from events.editor.form import event_change, new_event
from events.errors import ChangedMeanwhile
from events.listing.model import EventOrder, EventQuery
from events.listing.query import EventListing
from events.model import Event, EventStatus
from events.service import Events


@blueprint.get("/events")
@Endpoint(AdminEventsSchema, query=AdminEventsQuery, error_statuses=(401, 403), security="adminKey")
def events(status: str, search: str, page: int, limit: int) -> Answer:
    """List the events of a status, or of all, the newest first; `search` is part of title or venue."""
    statuses = (EventStatus(status),) if status else tuple(EventStatus)
    query = EventQuery(
        statuses=statuses, search=fold(search), order=EventOrder.NEWEST, descending=True, page=page, limit=limit
    )
    found = context.get_service(EventListing).find(query, context.get_service(Events).clock())
    members = {
        "items": [admin_event_members(event) for event in found.events],
        "total": found.total,
        "page": page,
        "limit": limit,
        "totalPages": count_pages(found.total, limit),
    }
    return Answer(200, members)


@blueprint.post("/events")
@Endpoint(AdminEventSchema, status=201, body=NewEventSchema, error_statuses=(401, 403, 413, 415), security="adminKey")
def create_event(form: dict[str, Any]) -> Answer:
    """Create an event with its tiers; it is on sale at once unless it is a draft."""
    create = context.get_service(CreateEvent)
    event = create.execute(new_event(form, create.clock()), current_admin())
    return _answer(event, 201, {"Location": f"/api/admin/events/{event.id}"})


@blueprint.get("/events/<event_id>")
@Endpoint(AdminEventSchema, error_statuses=(401, 403, 404), security="adminKey")
def event(event_id: str) -> Answer:
    """Return an event in any status, with the ETag of its version."""
    return _answer(context.get_service(Events).store.get(event_id))


@blueprint.patch("/events/<event_id>")
@Endpoint(
    AdminEventSchema,
    body=EventChangeSchema,
    headers=IfMatchHeader,
    error_statuses=(401, 403, 404, 409, 412, 413, 415),
    security="adminKey",
)
def change_event(form: dict[str, Any], event_id: str, if_match: str) -> Answer:
    """Change an event and its tiers; holders of tickets get an e-mail if date or venue are others."""
    version = _version(event_id, if_match)
    change = event_change(form, context.get_service(Events).clock())
    wanted = ChangeOfEvent(event_id, change, current_admin(), version)
    return _answer(context.get_service(ChangeEvent).execute(wanted))


@blueprint.delete("/events/<event_id>")
@Endpoint(None, status=204, error_statuses=(401, 403, 404, 409), security="adminKey")
def delete_event(event_id: str) -> Response:
    """Delete an event of which no ticket was ever sold, reserved or held."""
    context.get_service(DeleteEvent).execute(event_id, current_admin())
    return Response(status=204)


@blueprint.post("/events/<event_id>/cancel")
@Endpoint(AdminEventSchema, error_statuses=(401, 403, 404), security="adminKey")
def cancel_event(event_id: str) -> Answer:
    """Cancel an event: sales end at once, and holders get their refunds and an e-mail. Repeating it is no error."""
    return _answer(context.get_service(ChangeEvent).execute(ChangeOfEvent(event_id, None, current_admin())))


def _answer(event: Event, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    etag = {"ETag": quote_etag(str(event.version)), "Cache-Control": "no-store"}
    return Answer(status, admin_event_members(event), etag | (headers or {}))


def _version(event_id: str, if_match: str) -> int | None:
    """Return the version that the client has seen, or None if it names none; raises ChangedMeanwhile."""
    if not if_match:
        return None
    current = context.get_service(Events).store.get(event_id).version
    if str(current) not in parse_etags(if_match):
        raise ChangedMeanwhile
    return current
