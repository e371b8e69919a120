"""Waiting-list entries: a guest reads or leaves an entry by its signed link."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from core.concurrency.serial_transactions import SerialTransactions
from core.mongo.transactions import Session
from core.signed_tokens import SignedLinks, is_expired
from schedules.service import Schedules
from waitlist.email_queue import WaitlistEmailQueue
from waitlist.errors import EntryNotFound
from waitlist.model import State, WaitlistEntry
from waitlist.store import WaitlistStore


@dataclass(frozen=True)
class Waitlist:
    """The use cases of existing entries."""

    transactions: SerialTransactions
    entries: WaitlistStore
    schedules: Schedules
    email_queue: WaitlistEmailQueue
    signed_links: SignedLinks

    def get(self, entry_id: str, token: str) -> tuple[WaitlistEntry, int]:
        """Return the guest's entry and its position, 0 if it no longer waits.

        A wrong token, an expired link and an unknown id all raise EntryNotFound.
        """
        if not self.signed_links.verify(entry_id, token):
            raise EntryNotFound
        entry = self.entries.get(entry_id)
        ends_at = self.schedules.schedule.ends_at(entry.date, entry.slot)
        if is_expired(ends_at, entry.created_at, self.schedules.clock()):
            raise EntryNotFound
        return entry, self.entries.position(entry)

    def leave(self, entry_id: str, token: str) -> WaitlistEntry:
        """Remove the guest from the waiting list; a second call changes nothing."""
        self.get(entry_id, token)
        return self.remove(entry_id)

    def remove(self, entry_id: str) -> WaitlistEntry:
        """Remove an entry from its waiting list, if it waits; return its new state. Raises EntryNotFound."""

        def work(session: Session) -> WaitlistEntry | None:
            left = self.entries.leave(session, entry_id)
            if left:
                self.schedules.store.leave_queue(session, left.slot_id, waiting=1)
                self.email_queue.cancel_joined(session, entry_id)
            return left

        return self.transactions.run(work) or self.entries.get(entry_id)

    def withdraw(self, entries: Sequence[WaitlistEntry]) -> list[str]:
        """Remove those of the entries that wait; return the ids of all."""
        for entry in entries:
            if entry.state is State.WAITING:
                with suppress(EntryNotFound):  # A concurrent call may have deleted it.
                    self.remove(entry.id)
        return [entry.id for entry in entries]
