"""What an editor has sent, checked and made into a new event or a change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.errors import Invalid
from events.editor.change import EventChange, TierChange, new_tiers, require_end_before
from events.editor.new_event import NewEvent
from events.model import EventStatus

# Members for which null means the default.
REMOVABLE = frozenset({"pool", "sales_end"})


def new_event(form: Mapping[str, Any], now: datetime) -> NewEvent:
    """Return the event that a valid form describes; raises Invalid for what fields alone do not show."""
    values = _values(form, now)
    sales_end = values.get("sales_end", values["date"])
    if sales_end <= now:
        raise Invalid(errors={"salesEnd": ["Must be in the future."]})
    require_end_before(sales_end, values["date"])
    tiers = new_tiers(values.pop("tiers"), values["currency"])
    return NewEvent(**values, tiers=tiers)


def event_change(form: Mapping[str, Any], now: datetime) -> EventChange:
    """Return the change that a valid form describes; raises Invalid for a date that is past."""
    removed = frozenset(name for name in REMOVABLE if name in form and form[name] is None)
    return EventChange(**_values(form, now), removed=removed)


def _values(form: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the given members with their types."""
    values = {name: value for name, value in form.items() if value is not None}
    if "date" in values and values["date"] <= now:
        raise Invalid(errors={"date": ["Must be in the future."]})
    if "status" in values:
        values["status"] = EventStatus(values["status"])
    if "tiers" in values:
        values["tiers"] = [TierChange(**tier) for tier in values["tiers"]]
    return values
