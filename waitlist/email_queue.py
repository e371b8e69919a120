"""E-mails of waiting-list entries, written to the outbox within the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.mongo.transactions import Session
from notifications.outbox.service import Outbox
from waitlist.emails import WAITING, WaitlistEmails
from waitlist.store import WaitlistStore


@dataclass(frozen=True)
class WaitlistEmailQueue:
    """Makes and drops the e-mails of waiting-list entries."""

    outbox: Outbox
    emails: WaitlistEmails

    def cancel_joined(self, session: Session, entry_ids: Sequence[str]) -> None:
        """Drop the pending confirmations of entries."""
        self.outbox.cancel_pending(session, entry_ids, WAITING)


def is_current(entries: WaitlistStore, session: Session, entry_id: str, _version: str) -> bool:
    """Return whether an entry still waits, as its e-mail reports; write-locks the entry."""
    return entries.lock_if_waiting(session, entry_id)
