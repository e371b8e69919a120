"""What anybody may do with a full slot's waiting list: join it; and, with the token, look or leave."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from core.web import accept_language, context
from core.web.endpoint import Blueprint, Endpoint
from core.web.rate_limits.limiter import RateLimiter
from core.web.request_parser import TokenHeader, bearer_token
from waitlist.model import NewEntry, WaitlistEntry
from waitlist.schemas import JoinedWaitlistSchema, NewWaitingSchema, WaitingSchema
from waitlist.service import Waitlist

blueprint = Blueprint("waitlist", __name__, url_prefix="/api", description="Waiting for a place")
ENTRY = WaitingSchema()
JOINED = "You are on the waiting list."


@blueprint.post("/slots/<slot_id>/waitlist")
@Endpoint(JoinedWaitlistSchema, status=202, body=NewWaitingSchema, error_statuses=(404, 409, 413, 415))
def join(new: NewEntry, slot_id: str) -> Response:
    """Join the waiting list of a full slot; the first in line gets the place that comes free, and a letter.

    The guest's letters are in the language that Accept-Language prefers: English, or German.
    """
    context.get_service(RateLimiter).hit_booking()
    entry, position = context.get_service(Waitlist).join(slot_id, new, language=accept_language.negotiated_language())
    response = jsonify(message=JOINED, entry=_serialize(entry, position))
    response.status_code = 202
    return response


@blueprint.get("/waitlist/<entry_id>")
@Endpoint(WaitingSchema, headers=TokenHeader, error_statuses=(404,), security="manageToken")
def get_entry(entry_id: str, authorization: str) -> Response:
    """Show an entry and its position to whoever holds its token."""
    entry, position = context.get_service(Waitlist).get(entry_id, bearer_token(authorization))
    return jsonify(_serialize(entry, position))


@blueprint.delete("/waitlist/<entry_id>")
@Endpoint(WaitingSchema, headers=TokenHeader, error_statuses=(404,), security="manageToken")
def leave(entry_id: str, authorization: str) -> Response:
    """Leave the waiting list; doing it again answers the same."""
    return jsonify(_serialize(context.get_service(Waitlist).leave(entry_id, bearer_token(authorization)), 0))


def _serialize(entry: WaitlistEntry, position: int) -> dict[str, Any]:
    shown: dict[str, Any] = ENTRY.dump(entry)
    return {**shown, "position": position, "manageUrl": context.get_service(Waitlist).manage_url(entry)}
