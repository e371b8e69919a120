"""What anybody may do with a full slot's waiting list: join it; and, with the token, look or leave."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from core.web import accept_language, context
from core.web.endpoint import Blueprint, Door, TokenHeader, token_of
from core.web.rate_limits.limiter import Limits
from waitlist.model import Entry, NewEntry
from waitlist.schemas import JoinedWaitlistSchema, NewWaitingSchema, WaitingSchema
from waitlist.service import Waitlist

blueprint = Blueprint("waitlist", __name__, url_prefix="/api", description="Waiting for a place")
ENTRY = WaitingSchema()
JOINED = "You are on the waiting list."


@blueprint.post("/slots/<slot_id>/waitlist")
@Door(JoinedWaitlistSchema, status=202, body=NewWaitingSchema, refuses=(404, 409, 413, 415))
def join(new: NewEntry, slot_id: str) -> Response:
    """Join the waiting list of a full slot; the first in line gets the place that comes free, and a letter.

    The guest's letters are in the language that Accept-Language prefers: English, or German.
    """
    context.service(Limits).count_booking()
    entry, position = context.service(Waitlist).join(slot_id, new, language=accept_language.accepted())
    response = jsonify(message=JOINED, entry=_shown(entry, position))
    response.status_code = 202
    return response


@blueprint.get("/waitlist/<entry_id>")
@Door(WaitingSchema, headers=TokenHeader, refuses=(404,), security="manageToken")
def look(entry_id: str, authorization: str) -> Response:
    """Show an entry and its position to whoever holds its token."""
    entry, position = context.service(Waitlist).get(entry_id, token_of(authorization))
    return jsonify(_shown(entry, position))


@blueprint.delete("/waitlist/<entry_id>")
@Door(WaitingSchema, headers=TokenHeader, refuses=(404,), security="manageToken")
def leave(entry_id: str, authorization: str) -> Response:
    """Leave the waiting list; doing it again answers the same."""
    return jsonify(_shown(context.service(Waitlist).leave(entry_id, token_of(authorization)), 0))


def _shown(entry: Entry, position: int) -> dict[str, Any]:
    shown: dict[str, Any] = ENTRY.dump(entry)
    return {**shown, "position": position, "manageUrl": context.service(Waitlist).manage_url(entry)}
