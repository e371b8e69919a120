"""Waiting lists of a person: the entries with their positions, and the offers that are held."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from core.web import context
from events.errors import EventNotFound
from events.model import Event, Tier
from events.service import Events
from orders.holds.listing import ListHolds
from orders.holds.model import Hold, HoldKind
from orders.offers.own_entries import FindOwnEntries, OwnEntry


@dataclass(frozen=True)
class WaitingCard:
    """A tier for which a person waits, or of which tickets are held as an offer."""

    event: Event
    tier: Tier
    entry: OwnEntry | None = None
    offer: Hold | None = None


def waiting_cards(account_id: str) -> Sequence[WaitingCard]:
    """Return the offers of a person, then the waiting entries; events that are no longer public are left out."""
    cards = []
    for hold in context.get_service(ListHolds).execute(account_id):
        if hold.kind is HoldKind.OFFER:
            with suppress(EventNotFound):
                event = _event(hold.items[0].event_id)
                cards.append(WaitingCard(event, event.tier(hold.items[0].tier_id), offer=hold))
    for entry, own in context.get_service(FindOwnEntries).of_account(account_id):
        with suppress(EventNotFound):
            event = _event(entry.event_id)
            cards.append(WaitingCard(event, event.tier(entry.tier_id), entry=own))
    return cards


def _event(event_id: str) -> Event:
    return context.get_service(Events).get(event_id)
