"""Creation of events with their stock and seats."""

from __future__ import annotations

from dataclasses import dataclass

from audit.service import Audit
from core.clock import Clock
from core.mongo.client import Client
from core.mongo.transactions import Session, transaction
from events.editor.audited import audited
from events.editor.new_event import NewEvent
from events.editor.prices import IsPayable, require_payable
from events.model import Event
from events.seat_store import SeatStore
from events.store import EventStore

TIMEOUT = 8.0


@dataclass(frozen=True)
class CreateEvent:
    """Creates events."""

    client: Client
    events: EventStore
    seats: SeatStore
    audit: Audit
    clock: Clock
    is_payable: IsPayable

    def execute(self, new: NewEvent, actor: str) -> Event:
        """Store an event with its stock, its seats and an audit record; return it. Raises Invalid for its prices."""
        event = new.build(self.clock())
        require_payable(None, event, self.is_payable)

        def store(session: Session) -> None:
            self.events.insert(session, event)
            seats = new.seats_of(event)
            if seats:
                self.seats.insert(session, seats)
            self.audit.record(session, actor, "event.created", event.id, {}, audited(event))

        transaction(self.client, store, TIMEOUT)
        return event
