"""E-mails of waiting-list entries, written to the outbox within the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass

from core.mongo.transactions import Session
from notifications.outbox.service import Outbox
from waitlist.emails import WAITING, WaitlistEmails
from waitlist.model import WaitlistEntry
from waitlist.store import WaitlistStore


@dataclass(frozen=True)
class WaitlistEmailQueue:
    """Enqueues the e-mails of waiting-list entries."""

    outbox: Outbox
    emails: WaitlistEmails

    def enqueue_joined(self, session: Session, entry: WaitlistEntry, position: int) -> None:
        """Confirm a new entry to the guest."""
        self.outbox.enqueue(session, [self.emails.confirmation(entry, position)])

    def cancel_joined(self, session: Session, entry_id: str) -> None:
        """Drop that confirmation while it is pending."""
        self.outbox.cancel_pending(session, entry_id, WAITING)


def is_current(entries: WaitlistStore, session: Session, entry_id: str, _version: str) -> bool:
    """Return whether an entry still waits, as its e-mail reports; write-locks the entry."""
    return entries.lock_if_waiting(session, entry_id)
