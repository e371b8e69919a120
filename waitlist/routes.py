"""Public API of waiting lists: join one; read or leave an entry with its link token."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from core.web import accept_language, context
from core.web.answer import Answer
from core.web.endpoint import Blueprint, Endpoint
from core.web.rate_limits.limiter import RateLimiter
from core.web.request_parser import TokenHeader, bearer_token
from waitlist.join import JoinRequest, JoinWaitlist
from waitlist.model import NewEntry, WaitlistEntry
from waitlist.schemas import JoinedWaitlistSchema, NewWaitingSchema, WaitingSchema
from waitlist.service import Waitlist

blueprint = Blueprint("waitlist", __name__, url_prefix="/api", description="Waiting for a place")
ENTRY = WaitingSchema()
JOINED = "You are on the waiting list."


@blueprint.post("/slots/<slot_id>/waitlist")
@Endpoint(JoinedWaitlistSchema, status=202, body=NewWaitingSchema, error_statuses=(404, 409, 413, 415), fast=True)
def join(new: NewEntry, slot_id: str) -> Answer:
    """Join the waiting list of a full slot; the first in line gets the places that come free, and an e-mail.

    The guest's e-mails are in the language that Accept-Language prefers: English, or German.
    """
    context.get_service(RateLimiter).hit_booking()
    request = JoinRequest(new, language=accept_language.negotiated_language())
    return _joined(*context.get_service(JoinWaitlist).execute(slot_id, request))


@blueprint.get("/waitlist/<entry_id>")
@Endpoint(WaitingSchema, headers=TokenHeader, error_statuses=(404,), security="manageToken")
def get_entry(entry_id: str, authorization: str) -> Response:
    """Show an entry and its position to the holder of its token."""
    entry, position = context.get_service(Waitlist).get(entry_id, bearer_token(authorization))
    return jsonify(_serialize(entry, position))


@blueprint.delete("/waitlist/<entry_id>")
@Endpoint(WaitingSchema, headers=TokenHeader, error_statuses=(404,), security="manageToken")
def leave(entry_id: str, authorization: str) -> Response:
    """Leave the waiting list; a second call changes nothing."""
    return jsonify(_serialize(context.get_service(Waitlist).leave(entry_id, bearer_token(authorization)), 0))


def _joined(entry: WaitlistEntry, position: int) -> Answer:
    return Answer(202, {"message": JOINED, "entry": _serialize(entry, position)})


def _serialize(entry: WaitlistEntry, position: int) -> dict[str, Any]:
    fields: dict[str, Any] = ENTRY.dump(entry)
    signed_links = context.get_service(Waitlist).signed_links
    return {**fields, "position": position, "manageUrl": signed_links.url(entry.id)}
