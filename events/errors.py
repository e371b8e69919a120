"""Errors of events and tiers."""

from __future__ import annotations

from core.errors import Conflict, NotFound, PreconditionFailed


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


class CapacityBelowTaken(Conflict):
    """More tickets are sold, reserved or held than that."""

    code = "capacity_below_booked"


class EventHasSales(Conflict):
    """Tickets of this event were sold or reserved."""

    code = "event_has_sales"


class EventOnSale(Conflict):
    """A pool can be added or removed only while its event is a draft."""

    code = "event_on_sale"


class ChangedMeanwhile(PreconditionFailed):
    """The event was changed meanwhile. Load it again."""

    code = "changed_meanwhile"
