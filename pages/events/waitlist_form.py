"""Form of a waiting list: the tier and the wanted number of tickets."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext

from core.web import context
from events.errors import TierNotFound
from events.service import Events
from orders.offers.model import MAX_WANTED
from pages.errors import FormRefused

QUANTITIES = {str(number): number for number in range(1, MAX_WANTED + 1)}


def parse_tier_id(form: Mapping[str, str], event_id: str) -> str:
    """Return the submitted tier; raises TierNotFound unless it is one of the event's, and EventNotFound."""
    tier_id = form.get("tier", "")
    event = context.get_service(Events).get(event_id)
    if all(tier.id != tier_id for tier in event.tiers):
        raise TierNotFound
    return tier_id


def parse_quantity(form: Mapping[str, str]) -> int:
    """Return the wanted number of tickets; raises FormRefused."""
    given = form.get("quantity", "1")
    if given not in QUANTITIES:
        raise FormRefused(gettext("Choose one to %(most)s tickets.", most=MAX_WANTED))
    return QUANTITIES[given]
