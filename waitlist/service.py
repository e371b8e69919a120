"""Waiting-list entries: a guest reads or leaves an entry by its signed link."""

from __future__ import annotations

from dataclasses import dataclass

from core.signed_tokens import SignedLinks, is_expired
from schedules.service import Schedules
from waitlist.departure import LeaveWaitlist
from waitlist.errors import EntryNotFound
from waitlist.model import WaitlistEntry
from waitlist.store import WaitlistStore


@dataclass(frozen=True)
class Waitlist:
    """The use cases of existing entries."""

    entries: WaitlistStore
    schedules: Schedules
    signed_links: SignedLinks
    leaving: LeaveWaitlist

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
        return self.leaving.execute(entry_id)
