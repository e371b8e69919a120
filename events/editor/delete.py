"""Deletion of events without sales."""

from __future__ import annotations

from dataclasses import dataclass

from audit.service import Audit
from core.mongo.client import Client
from core.mongo.transactions import Session, transaction
from events.editor.audited import audited
from events.errors import EventHasSales
from events.notices.sales import EventSales
from events.seat_store import SeatStore
from events.store import EventStore

TIMEOUT = 8.0


@dataclass(frozen=True)
class DeleteEvent:
    """Deletes events of which no ticket was ever sold, reserved or held."""

    client: Client
    events: EventStore
    seats: SeatStore
    audit: Audit
    sales: EventSales

    def execute(self, event_id: str, actor: str) -> None:
        """Delete an event; raises EventNotFound and EventHasSales."""

        def delete(session: Session) -> None:
            event = self.events.get(event_id, session)
            if self.sales.exist(session, event_id):
                raise EventHasSales
            self.events.delete(session, event)
            self.seats.delete_of_event(session, event_id)
            self.audit.record(session, actor, "event.deleted", event_id, audited(event), {})

        transaction(self.client, delete, TIMEOUT)
