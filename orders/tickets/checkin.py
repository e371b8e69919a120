"""Check-in of tickets by compare-and-set: of two scans at once one succeeds, and the other is shown its time."""

from __future__ import annotations

from dataclasses import dataclass

from audit.service import Audit
from core import metrics
from core.clock import Clock
from core.errors import DomainError
from core.mongo.client import Client
from core.mongo.transactions import Session, transaction
from orders.tickets.codes import normalize_code
from orders.tickets.errors import NotCheckedIn, TicketVoid, WrongEvent
from orders.tickets.model import CheckInChange, Ticket, TicketState
from orders.tickets.refusals import already_checked_in
from orders.tickets.store import TicketStore

TIMEOUT = 8.0


@dataclass(frozen=True)
class CheckIn:
    """Checks tickets in."""

    client: Client
    tickets: TicketStore
    audit: Audit
    clock: Clock

    def execute(self, actor: str, code: str, event_id: str = "") -> Ticket:
        """Return the ticket that is checked in now. `event_id` is that of the entrance, if it is known.

        Raises TicketNotFound, WrongEvent, TicketVoid, and AlreadyCheckedIn with the time of the first check-in.
        """
        return self._change(actor, normalize_code(code), event_id, undo=False)

    def undo(self, actor: str, code: str) -> Ticket:
        """Return the ticket, valid again. Raises TicketNotFound, TicketVoid and NotCheckedIn."""
        return self._change(actor, normalize_code(code), "", undo=True)

    def _change(self, actor: str, code: str, event_id: str, *, undo: bool) -> Ticket:
        change = CheckInChange(TicketState.VALID, TicketState.CHECKED_IN, self.clock())
        if undo:
            change = CheckInChange(TicketState.CHECKED_IN, TicketState.VALID, None)

        def write(session: Session) -> Ticket | None:
            ticket = self.tickets.check(session, code, event_id, change)
            if ticket:
                action = "ticket.check_in_undone" if undo else "ticket.checked_in"
                before = {"state": change.before.value}
                self.audit.record(session, actor, action, ticket.id, before, {"state": change.after.value})
            return ticket

        ticket = transaction(self.client, write, TIMEOUT)
        if ticket is None:
            raise self._refusal(code, event_id, undo=undo)
        metrics.CHECK_INS.labels("undone" if undo else "checked_in").inc()
        return ticket

    def _refusal(self, code: str, event_id: str, *, undo: bool) -> DomainError:
        """Return why the ticket could not be checked in; raises TicketNotFound."""
        ticket = self.tickets.by_code(code)
        if event_id and ticket.event_id != event_id:
            return WrongEvent()
        if ticket.state in (TicketState.VOID, TicketState.TRANSFERRED):
            return TicketVoid()
        if undo:
            return NotCheckedIn()
        metrics.CHECK_INS.labels("repeated").inc()
        return already_checked_in(ticket)
