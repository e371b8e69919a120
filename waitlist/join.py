"""Joining the waiting list of a full slot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core import log
from core.concurrency.serial_transactions import SerialTransactions
from core.errors import Conflict, DomainError
from core.ids import new_id
from core.mongo.transactions import Session
from schedules.errors import SlotClosed
from schedules.model import PlannedSlot
from schedules.service import Schedules
from waitlist.email_queue import WaitlistEmailQueue
from waitlist.errors import AlreadyWaiting, SlotHasPlaces, WaitlistFull
from waitlist.model import NewEntry, WaitlistEntry
from waitlist.store import WaitlistStore

LOG = log.get_logger("waitlist")


@dataclass(frozen=True)
class JoinRequest:
    """A guest's request to join; `key` identifies its repetitions, e-mails are in `language`."""

    guest: NewEntry
    key: str = ""
    language: str = "en"


@dataclass(frozen=True)
class JoinWaitlist:
    """Adds guests to waiting lists. `eligibility` returns the reason why a guest may not wait for a slot, or None."""

    transactions: SerialTransactions
    entries: WaitlistStore
    schedules: Schedules
    email_queue: WaitlistEmailQueue
    eligibility: Callable[[str, str], DomainError | None]

    def execute(self, slot_id: str, request: JoinRequest) -> tuple[WaitlistEntry, int]:
        """Append a guest to a slot's waiting list; return the entry and its position from 1.

        A repeated request with the same key returns the first one's entry, with position 0 if it no longer waits. A
        guest who left may join again with another key.
        Raises SlotNotFound, SlotClosed, SlotHasPlaces, WaitlistFull, AlreadyWaiting, or the error of `eligibility`.
        """
        try:
            return self._join(slot_id, request)
        except Conflict:
            earlier = self.entries.by_request_key(request.key, slot_id, request.guest.email)
            if earlier is None:
                raise
            return earlier, self.entries.position(earlier)

    def _join(self, slot_id: str, request: JoinRequest) -> tuple[WaitlistEntry, int]:
        planned = self.schedules.get_plan(slot_id)
        self.schedules.require_open(planned)
        if self.schedules.get_states([slot_id])[slot_id].closed:
            raise SlotClosed
        reason = self.eligibility(request.guest.email, slot_id)
        if reason:
            raise reason
        entry, position = self.transactions.run(lambda session: self._append(session, planned, request))
        self.email_queue.outbox.wake_worker()
        LOG.info("waitlist_joined", entry=entry.id, slot=slot_id)
        return entry, position

    def _append(self, session: Session, planned: PlannedSlot, request: JoinRequest) -> tuple[WaitlistEntry, int]:
        if self.entries.by_request_key(request.key, planned.id, request.guest.email, session):
            raise AlreadyWaiting  # `execute` finds out whether that entry still waits.
        queued = self.schedules.store.join_queue(session, planned.id)
        if queued is None:
            raise self._refusal(session, planned.id)
        queue_number, position = queued
        now = self.schedules.clock()
        entry = WaitlistEntry(
            id=new_id(now),
            slot_id=planned.id,
            date=planned.date,
            slot=planned.label,
            queue_number=queue_number,
            created_at=now,
            language=request.language,
            **vars(request.guest),
        )
        self.entries.add(session, entry, request.key)
        self.email_queue.enqueue_joined(session, entry, position)
        return entry, position

    def _refusal(self, session: Session, slot_id: str) -> DomainError:
        slot = self.schedules.store.get(session, slot_id)
        if slot.closed:
            return SlotClosed()
        return SlotHasPlaces() if slot.remaining else WaitlistFull()
