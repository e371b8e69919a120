"""API of holds: tickets of a cart are held for the account while it pays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, jsonify

from accounts.guards import active_session, current_identity
from core.web import context
from core.web.endpoint import Blueprint, Endpoint
from core.web.rate_limits.limiter import RateLimiter
from orders.holds.create import CreateHold
from orders.holds.listing import ListHolds
from orders.holds.model import CartLine
from orders.holds.release import ReleaseHold
from orders.holds.schemas import (
    HoldSchema,
    NewHoldSchema,
    OwnHoldsSchema,
    ShortStockProblemSchema,
    hold_members,
    own_hold_members,
)

blueprint = Blueprint("holds", __name__, url_prefix="/api/holds", description="Tickets held while somebody pays")


@blueprint.post("")
@active_session
@Endpoint(
    HoldSchema,
    status=201,
    body=NewHoldSchema,
    error_statuses=(401, 404, 409, 413, 415),
    conflict_schema=ShortStockProblemSchema,
    security="accessToken",
)
def create_hold(new: dict[str, Any]) -> Response:
    """Hold all tickets of a cart, or none; the account's cart before is replaced."""
    account_id = current_identity().account_id
    context.get_service(RateLimiter).hit_hold(account_id)
    wanted: Sequence[CartLine] = new["items"]
    hold = context.get_service(CreateHold).execute(account_id, wanted)
    response = jsonify(hold_members(hold))
    response.status_code = 201
    return response


@blueprint.get("")
@active_session
@Endpoint(OwnHoldsSchema, error_statuses=(401,), security="accessToken")
def list_my_holds() -> Response:
    """List the cart and the offers that are held for the account, oldest first; an order takes one as `holdId`."""
    held = context.get_service(ListHolds).execute(current_identity().account_id)
    return jsonify(data=[own_hold_members(hold) for hold in held])


@blueprint.delete("/<hold_id>")
@active_session
@Endpoint(None, status=204, error_statuses=(401, 404), security="accessToken")
def release_hold(hold_id: str) -> Response:
    """Release the tickets of a hold; a second call changes nothing."""
    context.get_service(ReleaseHold).execute(current_identity().account_id, hold_id)
    return Response(status=204)
