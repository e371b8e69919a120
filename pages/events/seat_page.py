"""Page of the seats of a numbered tier: best available ones, a map, and a list by row for keyboard and screen reader.

Without scripts a row is opened by a button of the form, and the address carries the seats chosen so far.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from flask import Response, request, url_for

from core.web import context
from events.errors import TierNotFound
from events.model import Event, Tier
from events.money import exponent_of
from events.seats import seat_id
from events.service import Events
from orders.holds.listing import ListHolds
from orders.holds.model import MAX_QUANTITY, HoldKind
from orders.seats.listing import ListSeats
from pages.events.messages import client_messages
from pages.events.seat_layout import SeatLayouts
from pages.events.seat_map import PITCH, SeatMap, center
from pages.events.view import EventCard, SaleState
from pages.page_visit import current_visit
from pages.rendering import has_live_updates, render_page, see_other


def seat_page(event_id: str) -> Response:
    """Return the page of the seats, or with the parameter `part` the seats of a row alone.

    Raises EventNotFound and TierNotFound. An event that is not on sale, or has no seats, leads to its page.
    """
    events = context.get_service(Events)
    card = EventCard.of(events.get(event_id), events.clock())
    tier = _tier(card.event)
    if tier is None or card.state is not SaleState.ON_SALE:
        return see_other(url_for("pages.events.show", event_id=event_id))
    seat_map, own_labels = _map_of(tier.id, _own_carts())
    limit = min(card.event.max_per_order, MAX_QUANTITY, max(1, seat_map.free))
    values: dict[str, Any] = {
        "tier": tier,
        "open_row": seat_map.row(request.args.get("row", "")),
        "choice": seat_map.chosen(_chosen_labels(tier.id, own_labels), limit),
        "center": center,
        "pitch": PITCH,
    }
    if request.args.get("part") == "row":
        return render_page("events/seat_row.html", **values)
    return render_page(
        "events/seats.html",
        shown=card.event,
        seat_map=seat_map,
        limit=limit,
        exponent=exponent_of(card.event.currency),
        messages=client_messages(limit),
        live=has_live_updates(),
        current_path=url_for("pages.events.seats", event_id=event_id, tier=tier.id),
        **values,
    )


def _map_of(tier_id: str, own_carts: Container[str]) -> tuple[SeatMap, Sequence[str]]:
    """Return the map with the seats of the visitor's carts as free, and the labels of these."""
    layout = context.get_service(SeatLayouts).get(tier_id)
    taken = context.get_service(ListSeats).taken_of(tier_id)
    own = {position for position, holder in taken.items() if holder in own_carts}
    return SeatMap(layout, taken.keys() - own), layout.labels_at(own)


def _own_carts() -> frozenset[str]:
    """Return the ids of the visitor's cart, whose seats a new choice replaces."""
    visit = current_visit()
    if visit is None:
        return frozenset()
    holds = context.get_service(ListHolds).execute(visit.account.id)
    return frozenset(hold.id for hold in holds if hold.kind is HoldKind.CART)


def _chosen_labels(tier_id: str, own_labels: Sequence[str]) -> Sequence[str]:
    """Return the seats that the address names; one without a choice or a row begins with the visitor's own seats."""
    if "row" not in request.args and "seats" not in request.args:
        return own_labels
    prefix = seat_id(tier_id, "")
    given = request.args.getlist("seats")
    return [each.removeprefix(prefix) for each in given if each.startswith(prefix)]


def _tier(event: Event) -> Tier | None:
    """Return the numbered tier that the request names, by default the first one; None if there is none."""
    numbered = [tier for tier in event.tiers if tier.numbered]
    tier_id = request.args.get("tier", "")
    if not tier_id:
        return next(iter(numbered), None)
    for tier in numbered:
        if tier.id == tier_id:
            return tier
    raise TierNotFound
