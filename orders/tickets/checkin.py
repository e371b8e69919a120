"""Check-in of tickets by compare-and-set: of two scans at once one succeeds, and the other is shown its time.

The scans that arrive during a transaction share the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from audit.service import Audit
from core import metrics
from core.clock import Clock
from core.concurrency.batcher import Batcher, PendingRequest
from core.errors import DomainError, Unavailable
from core.mongo.client import Client
from core.mongo.transactions import Session, transaction
from orders.tickets.codes import normalize_code
from orders.tickets.errors import NotCheckedIn, TicketVoid, WrongEvent
from orders.tickets.model import CheckInChange, Ticket, TicketState
from orders.tickets.refusals import already_checked_in
from orders.tickets.store import TicketStore

TIMEOUT = 8.0
MAX_QUEUE = 4096
MAX_BATCH = 256


@dataclass(frozen=True)
class Scan:
    """A ticket's code that `actor` has scanned, at the entrance of `event_id` if that is known."""

    actor: str
    code: str
    event_id: str = ""
    undo: bool = False

    @property
    def before(self) -> TicketState:
        """The state that the ticket must have."""
        return TicketState.CHECKED_IN if self.undo else TicketState.VALID

    @property
    def after(self) -> TicketState:
        """The state that the ticket gets."""
        return TicketState.VALID if self.undo else TicketState.CHECKED_IN

    def fits(self, ticket: Ticket | None) -> bool:
        """Return whether this scan may change `ticket`."""
        if ticket is None or ticket.state is not self.before:
            return False
        return not self.event_id or ticket.event_id == self.event_id


# The answer is None if the ticket cannot be changed.
Pending = PendingRequest[Scan, Ticket | None]
Checked = dict[str, Ticket]


@dataclass
class CheckIn:
    """Checks tickets in."""

    client: Client
    tickets: TicketStore
    audit: Audit
    clock: Clock

    def __post_init__(self) -> None:
        self._batcher: Batcher[Scan, Ticket | None] = Batcher(self._check, max_queue=MAX_QUEUE, max_batch=MAX_BATCH)

    def execute(self, actor: str, code: str, event_id: str = "") -> Ticket:
        """Return the ticket that is checked in now. `event_id` is that of the entrance, if it is known.

        Raises TicketNotFound, WrongEvent, TicketVoid, and AlreadyCheckedIn with the time of the first check-in.
        """
        return self._change(Scan(actor, normalize_code(code), event_id))

    def undo(self, actor: str, code: str) -> Ticket:
        """Return the ticket, valid again. Raises TicketNotFound, TicketVoid and NotCheckedIn."""
        return self._change(Scan(actor, normalize_code(code), undo=True))

    def _change(self, scan: Scan) -> Ticket:
        ticket = self._batcher.submit(scan)
        if ticket is None:
            present = self.tickets.by_code(scan.code)
            if scan.fits(present):  # Another scan has changed it in between.
                ticket = self._batcher.submit(scan)
        if ticket is None:
            raise self._refusal(scan)
        metrics.CHECK_INS.labels("undone" if scan.undo else "checked_in").inc()
        return ticket

    def _check(self, batch: Sequence[Pending]) -> None:
        """Answer the first scan of each code in one transaction, and the others with None."""
        first: dict[str, Pending] = {}
        for pending in batch:
            first.setdefault(pending.request.code, pending)
        scans = [pending.request for pending in first.values()]
        changed = transaction(self.client, partial(self._write, scans), TIMEOUT)
        for code, pending in first.items():
            pending.resolve(changed.get(code))
        for pending in batch:
            pending.resolve(None)

    def _write(self, scans: Sequence[Scan], session: Session) -> Checked:
        """Change the tickets that may be changed; return them by code."""
        found = self.tickets.by_codes(session, [scan.code for scan in scans])
        fitting = [scan for scan in scans if scan.fits(found.get(scan.code))]
        changed: Checked = {}
        for undo in (False, True):
            changed |= self._write_all(session, found, [scan for scan in fitting if scan.undo is undo])
        return changed

    def _write_all(self, session: Session, found: Checked, scans: Sequence[Scan]) -> Checked:
        """Write scans of one kind, and their audit records."""
        if not scans:
            return {}
        change = CheckInChange(scans[0].before, scans[0].after, None if scans[0].undo else self.clock())
        tickets = [found[scan.code] for scan in scans]
        if not self.tickets.check(session, [ticket.id for ticket in tickets], change):
            # The transaction reads and writes one snapshot, so this is another fault than a second scan.
            raise Unavailable(retry_after=1)
        action = "ticket.check_in_undone" if scans[0].undo else "ticket.checked_in"
        before = {"state": change.before.value}
        after = {"state": change.after.value}
        records = []
        for scan, ticket in zip(scans, tickets, strict=True):
            records.append(self.audit.new_record(scan.actor, action, ticket.id, before, after))
        self.audit.store.add_many(session, records)
        return {ticket.code: replace(ticket, state=change.after, checked_in_at=change.at) for ticket in tickets}

    def _refusal(self, scan: Scan) -> DomainError:
        """Return why the ticket could not be changed; raises TicketNotFound."""
        ticket = self.tickets.by_code(scan.code)
        if scan.event_id and ticket.event_id != scan.event_id:
            return WrongEvent()
        if ticket.state in (TicketState.VOID, TicketState.TRANSFERRED):
            return TicketVoid()
        if scan.undo:
            return NotCheckedIn()
        metrics.CHECK_INS.labels("repeated").inc()
        return already_checked_in(ticket)
