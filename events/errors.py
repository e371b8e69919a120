"""Errors of events and tiers."""

from __future__ import annotations

from core.errors import Conflict, NotFound


class EventNotFound(NotFound):
    """Event not found."""

    code = "event_not_found"


class TierNotFound(NotFound):
    """Tier not found."""

    code = "tier_not_found"


class SalesClosed(Conflict):
    """Sales for this event have ended."""

    code = "sales_closed"


class EventCancelled(Conflict):
    """This event was cancelled."""

    code = "event_cancelled"
