"""View of held tickets: lines by event with their frozen prices, and the clock of the hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.web import context
from events.model import Event
from events.service import Events
from orders.holds.model import HeldItem, Hold, HoldKind


@dataclass(frozen=True)
class EventLines:
    """The lines of one event; `event` is None if it is no longer public."""

    event_id: str
    event: Event | None
    items: Sequence[HeldItem]

    @property
    def title(self) -> str:
        """Title of the event, or the name of a tier without it."""
        if self.event:
            return self.event.title
        return self.items[0].name

    def most_of(self, item: HeldItem) -> int:
        """Return the most tickets of a tier that the cart can hold: its own and those left, up to one order's most."""
        if self.event is None:
            return item.quantity
        available = item.quantity + self.event.remaining_of(self.event.tier(item.tier_id))
        return max(item.quantity, min(available, self.event.max_per_order))


@dataclass(frozen=True)
class HoldView:
    """A hold at the time `now`."""

    hold: Hold
    events: Sequence[EventLines]
    now: datetime

    @property
    def is_offer(self) -> bool:
        """Whether a waiting list offers these tickets."""
        return self.hold.kind is HoldKind.OFFER

    @property
    def seconds_left(self) -> int:
        """Seconds until the hold ends."""
        return max(0, int((self.hold.expires_at - self.now).total_seconds()))


def hold_view(hold: Hold) -> HoldView:
    """Return the view of a hold."""
    return HoldView(hold, lines_by_event(hold.items), context.get_service(Events).clock())


def lines_by_event(items: Sequence[HeldItem]) -> Sequence[EventLines]:
    """Return the items by event, in their order."""
    grouped: dict[str, list[HeldItem]] = {}
    for item in items:
        grouped.setdefault(item.event_id, []).append(item)
    events: Mapping[str, Event] = context.get_service(Events).get_many(grouped)
    return [EventLines(event_id, events.get(event_id), lines) for event_id, lines in grouped.items()]
