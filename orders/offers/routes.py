"""Public API of the waiting lists of tiers."""

from __future__ import annotations

from flask import Response, jsonify

from accounts.guards import active_session, current_identity
from core.web import context
from core.web.endpoint import Blueprint, Endpoint
from core.web.rate_limits.limiter import RateLimiter
from orders.offers.departure import LeaveTierWaitlist
from orders.offers.join import JoinTierWaitlist
from orders.offers.schemas import NewTierEntry, NewTierEntrySchema, TierPositionSchema

blueprint = Blueprint("tiers", __name__, url_prefix="/api/tiers", description="Waiting lists of tiers")


@blueprint.post("/<tier_id>/waitlist")
@active_session
@Endpoint(
    TierPositionSchema,
    status=202,
    body=NewTierEntrySchema,
    error_statuses=(401, 404, 409, 413, 415),
    security="accessToken",
)
def join(new: NewTierEntry, tier_id: str) -> Response:
    """Wait for tickets of a sold-out tier, in order of arrival.

    What comes free is held for the first in line for 30 minutes, at most as many tickets as there are.
    """
    account_id = current_identity().account_id
    context.get_service(RateLimiter).hit_reservation(account_id)
    position = context.get_service(JoinTierWaitlist).execute(tier_id, account_id, new.quantity)
    response = jsonify({"position": position})
    response.status_code = 202
    return response


@blueprint.delete("/<tier_id>/waitlist")
@active_session
@Endpoint(None, status=204, error_statuses=(401, 404), security="accessToken")
def leave(tier_id: str) -> Response:
    """Leave the waiting list, and give an offer of the tier back; a second call changes nothing."""
    context.get_service(LeaveTierWaitlist).execute(tier_id, current_identity().account_id)
    return Response(status=204)
