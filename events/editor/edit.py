"""Change and cancellation of events through the group commit, whose guard sees the new stock at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from audit.service import Audit
from core.clock import Clock
from core.mongo.transactions import Session
from events.editor.audited import audited
from events.editor.change import Changed, EventChange, cancelled, changed
from events.editor.prices import IsPayable, require_payable
from events.errors import ChangedMeanwhile
from events.model import Event, EventStatus
from events.notices.model import Notice
from events.notices.store import NoticeStore
from events.seat_store import SeatStore
from events.seats import seats_of
from events.store import EventStore
from inventory.group_commit import GroupCommit
from inventory.requests import RowsOfKind, StockChange
from notifications.outbox.model import OutboxEmail


@dataclass(frozen=True)
class ChangeOfEvent:
    """Changes an event, or without a change cancels it; with a `version`, only that version of it."""

    event_id: str
    change: EventChange | None
    actor: str
    version: int | None = None


Request = StockChange[ChangeOfEvent, None]


@dataclass(frozen=True)
class ChangeEvent:
    """Changes and cancels events. `carry_on` has the holders notified soon after the commit."""

    group_commit: GroupCommit
    events: EventStore
    carry_on: Callable[[], object]

    def execute(self, wanted: ChangeOfEvent) -> Event:
        """Return the event after the change.

        Raises EventNotFound, ChangedMeanwhile, CapacityBelowTaken, and the refusals of `changed`; then nothing changed.
        """
        event = self.events.get(wanted.event_id)
        request: Request = StockChange(wanted, {stock.id: 0 for stock in event.stock})
        self.group_commit.submit(request)
        self.carry_on()
        return self.events.get(wanted.event_id)


@dataclass(frozen=True)
class EditorStores:
    """What a change of an event writes to."""

    events: EventStore
    seats: SeatStore
    notices: NoticeStore
    audit: Audit


@dataclass(frozen=True)
class ChangeOfEventRows(RowsOfKind[OutboxEmail]):
    """The rows of changed events: event, stock, seats, audit, and the notice for the holders.

    The records offer what becomes free to the waiting lists, in the same transaction. A refusal is raised, so that the
    group commit aborts the transaction and repeats the other requests without it.
    """

    stores: EditorStores
    clock: Clock
    is_payable: IsPayable

    def write(self, session: Session, requests: Sequence[Request]) -> list[OutboxEmail]:
        """Change the events one by one; there is no e-mail to enqueue."""
        for request in requests:
            self._write(session, request.detail)
        return []

    def _write(self, session: Session, wanted: ChangeOfEvent) -> None:
        events = self.stores.events
        before = events.get(wanted.event_id, session)
        if wanted.version not in (None, before.version):
            raise ChangedMeanwhile
        if wanted.change is None and before.status is EventStatus.CANCELLED:
            return
        result = self._changed(before, wanted)
        after = result.event
        events.update(session, before, after)
        for tier_id, labels in result.seats.items():
            if labels:
                self.stores.seats.insert(session, seats_of(after.id, tier_id, labels))
        action = "event.changed" if wanted.change else "event.cancelled"
        self.stores.audit.record(session, wanted.actor, action, after.id, audited(before), audited(after))
        notice = Notice.of_change(before, after)
        if notice:
            self.stores.notices.insert(session, notice)

    def _changed(self, before: Event, wanted: ChangeOfEvent) -> Changed:
        now = self.clock()
        if wanted.change:
            result = changed(before, wanted.change, now)
            require_payable(before, result.event, self.is_payable)
            return result
        return Changed(cancelled(before, now), {})
