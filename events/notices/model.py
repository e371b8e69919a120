"""Model of notices: one for each change that the holders of tickets must know of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from events.model import Event, EventStatus


class NoticeKind(StrEnum):
    """What has happened to the event."""

    CHANGED = "changed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class Notice:
    """E-mails to the holders of an event's tickets. `cursor` is the id of the last account that has its e-mail.

    The texts are those at the time of the change, however late an e-mail is written.
    """

    id: str
    event_id: str
    kind: NoticeKind
    title: str
    date: datetime
    venue: str
    old_date: datetime
    old_venue: str
    created_at: datetime
    cursor: str = ""

    @classmethod
    def of_change(cls, before: Event, after: Event) -> Notice | None:
        """Return the notice of a change, or None if the holders need not know of it."""
        is_cancelled = after.status is EventStatus.CANCELLED
        is_moved = (before.date, before.venue) != (after.date, after.venue)
        if not is_cancelled and not is_moved:
            return None
        kind = NoticeKind.CANCELLED if is_cancelled else NoticeKind.CHANGED
        return cls(
            id=f"{after.id}-{after.version}",
            event_id=after.id,
            kind=kind,
            title=after.title,
            date=after.date,
            venue=after.venue,
            old_date=before.date,
            old_venue=before.venue,
            created_at=after.updated_at,
        )
