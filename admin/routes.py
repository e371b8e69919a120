"""The back office API: its subpackages register their endpoints on one blueprint when imported."""

from __future__ import annotations

from admin.analytics import routes as analytics_routes
from admin.audit import routes as audit_routes
from admin.blueprint import blueprint
from admin.bookings import routes as booking_routes
from admin.dashboard import routes as dashboard_routes
from admin.emails import routes as email_routes
from admin.events import routes as event_routes
from admin.orders import routes as order_routes
from admin.reservations import routes as reservation_routes
from admin.schemas import ValidSchema
from admin.slots import routes as slot_routes
from admin.users import routes as user_routes
from core.web.endpoint import Endpoint

__all__ = [
    "analytics_routes",
    "audit_routes",
    "blueprint",
    "booking_routes",
    "dashboard_routes",
    "email_routes",
    "event_routes",
    "order_routes",
    "reservation_routes",
    "slot_routes",
    "user_routes",
]


@blueprint.get("/validate")
@Endpoint(
    ValidSchema,
    error_statuses=(
        401,
        403,
    ),
    security="adminKey",
)
def validate() -> dict[str, bool]:
    """Tell whether the key is right."""
    return {"success": True}
