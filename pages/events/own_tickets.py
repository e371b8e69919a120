"""Own tickets of a signed-in person for an event: reservation, waiting-list entries, and offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.page_sessions import PageVisit
from core.web import context
from events.answers import EventAnswers
from events.model import Event
from orders.holds.listing import ListHolds
from orders.holds.model import Hold, HoldKind
from orders.offers.own_entries import FindOwnEntries, OwnEntry


@dataclass(frozen=True)
class OwnTickets:
    """Own tickets of a visitor; entries and offers by the tier's id."""

    is_signed_in: bool = False
    reservation: Mapping[str, Any] | None = None
    entries: Mapping[str, OwnEntry] = field(default_factory=dict)
    offers: Mapping[str, Hold] = field(default_factory=dict)


def own_tickets(event: Event, visit: PageVisit | None) -> OwnTickets:
    """Return the visitor's own tickets of an event, none without a sign-in."""
    if visit is None:
        return OwnTickets()
    account_id = visit.account.id
    tier_ids = [tier.id for tier in event.tiers]
    return OwnTickets(
        is_signed_in=True,
        reservation=context.get_service(EventAnswers).reservations(account_id, event.id),
        entries=context.get_service(FindOwnEntries).execute(tier_ids, account_id),
        offers=_offers(event, account_id),
    )


def _offers(event: Event, account_id: str) -> dict[str, Hold]:
    offers = {}
    for hold in context.get_service(ListHolds).execute(account_id):
        if hold.kind is HoldKind.OFFER and hold.items[0].event_id == event.id:
            offers[hold.items[0].tier_id] = hold
    return offers
