"""Leaving a waiting list through the group commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from core.mongo.transactions import Session
from inventory.group_commit import GroupCommit
from inventory.requests import RowsOfKind, StockChange
from notifications.outbox.model import OutboxEmail
from schedules.model import QueueChange
from schedules.service import Schedules
from waitlist.email_queue import WaitlistEmailQueue
from waitlist.errors import EntryNotFound
from waitlist.model import State, WaitlistEntry
from waitlist.store import WaitlistStore


@dataclass(frozen=True)
class Departure:
    """Removes an entry from its waiting list."""

    entry_id: str


# The answer is the entry, or None if it does not wait.
Request = StockChange[Departure, WaitlistEntry | None]


@dataclass(frozen=True)
class LeaveWaitlist:
    """Removes guests from waiting lists."""

    group_commit: GroupCommit
    entries: WaitlistStore

    def execute(self, entry_id: str) -> WaitlistEntry:
        """Remove an entry from its waiting list, if it waits; return its new state. Raises EntryNotFound."""
        entry = self.entries.get(entry_id)
        request: Request = StockChange(Departure(entry_id), {entry.slot_id: 0})
        return self.group_commit.submit(request) or self.entries.get(entry_id)

    def execute_all(self, entries: Sequence[WaitlistEntry]) -> list[str]:
        """Remove those of the entries that wait; return the ids of all."""
        for entry in entries:
            if entry.state is State.WAITING:
                with suppress(EntryNotFound):  # A concurrent call may have deleted it.
                    self.execute(entry.id)
        return [entry.id for entry in entries]


@dataclass(frozen=True)
class DepartureRows(RowsOfKind[OutboxEmail]):
    """The rows of guests who leave: slot, entry, e-mail."""

    entries: WaitlistStore
    schedules: Schedules
    email_queue: WaitlistEmailQueue

    def write(self, session: Session, requests: Sequence[Request]) -> list[OutboxEmail]:
        """Mark the entries left; those that do not wait stay as they are."""
        leaving: Counter[str] = Counter()
        entry_ids = []
        for request in requests:
            left = self.entries.leave(session, request.detail.entry_id)
            request.outcome = left
            if left:
                leaving[left.slot_id] += 1
                entry_ids.append(left.id)
        if leaving:
            changes = [QueueChange(slot_id, count) for slot_id, count in leaving.items()]
            self.schedules.store.change_queues(session, changes)
            self.email_queue.cancel_joined(session, entry_ids)
        return []
