"""Deferred e-mails of reservations: the delivery worker writes them, many reservations in one transaction.

The claim's transaction sets a mark instead of reading the account. The mark and the outbox rows change in one
transaction. The mark of a deleted account becomes a release of what the account has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from accounts.store import AccountStore
from core import log
from core.errors import Unavailable
from core.mongo.client import Client
from core.mongo.failures import WriteContention
from core.mongo.transactions import Contention, Session, transaction
from events.store import EventStore
from notifications.outbox.deferred import Position
from notifications.outbox.model import OutboxEmail
from notifications.outbox.store import OutboxStore
from orders.emails import due_emails
from orders.reservations.deferred_store import DeferredStore
from orders.reservations.model import Reservation

LOG = log.get_logger("orders")
TRANSACTION_TIMEOUT = 8.0
CONTENTION_TIMEOUT = 0.25

# Marks deleted accounts within a transaction, so that what they have is released.
MarkDeleted = Callable[[Session, Sequence[str]], None]


@dataclass(frozen=True)
class Sources:
    """What the e-mails of reservations are made of."""

    events: EventStore
    accounts: AccountStore
    outbox: OutboxStore
    mark_deleted: MarkDeleted


@dataclass(frozen=True)
class DeferredReservationEmails:
    """The deferred e-mails of reservations; implements `DeferredEmails`."""

    client: Client
    store: DeferredStore
    sources: Sources

    def write(self, limit: int) -> int:
        """Write the outbox rows of up to `limit` reservations, the oldest first; return how many rows."""
        reservations = self.store.oldest(limit)
        if not reservations:
            return 0
        try:
            return self._write(reservations)
        except Unavailable as error:
            if not isinstance(error, WriteContention):
                raise
        except _MarkChanged:
            """Another process, or a cancellation, has changed some mark."""
        except Exception:  # boundary: one reservation must not delay the e-mails of all others
            LOG.exception("deferred_emails_failed")
        return sum(map(self._write_alone, reservations))

    def by_subject(self, subject: str) -> list[OutboxEmail]:
        """Return the deferred e-mails about the reservation `subject`."""
        found = self.store.find(subject)
        return self._emails([found]) if found else []

    def newest(self, limit: int, after: Position | None) -> list[OutboxEmail]:
        """Return at least the `limit` newest ones older than `after`, if there are so many."""
        # Those of the first reservation may be newer than `after`.
        return self._emails(self.store.newest(limit + 1, after))

    def count(self) -> int:
        """Return the number of deferred e-mails."""
        return self.store.count()

    def waiting_since(self) -> datetime | None:
        """Return the time of the oldest one."""
        return self.store.oldest_time()

    def drop(self, subjects: Sequence[str]) -> int:
        """Remove the marks of `subjects`, so that no row is written; return how many e-mails these were."""
        return self.store.drop(subjects)

    def _write_alone(self, reservation: Reservation) -> int:
        try:
            return self._write([reservation])
        except (WriteContention, _MarkChanged):
            return 0
        except Unavailable:
            raise
        except Exception:  # boundary, as above
            LOG.exception("deferred_emails_failed", reservation=reservation.id)
            return 0

    def _write(self, reservations: Sequence[Reservation]) -> int:
        work = partial(self._write_in, reservations)
        return transaction(self.client, work, TRANSACTION_TIMEOUT, Contention(CONTENTION_TIMEOUT))

    def _write_in(self, reservations: Sequence[Reservation], session: Session) -> int:
        if self.store.clear(session, reservations) < len(reservations):
            raise _MarkChanged
        emails = self._emails(reservations, session)
        if emails:
            self.sources.outbox.add(session, emails)
        return len(emails)

    def _emails(self, reservations: Sequence[Reservation], session: Session | None = None) -> list[OutboxEmail]:
        accounts = self.sources.accounts.get_many([each.account_id for each in reservations], session)
        events = self.sources.events.get_many([each.event_id for each in reservations], session)
        known = [each for each in reservations if each.account_id in accounts]
        blockers: dict[str, str] = {}
        if session:
            self._mark_deleted(session, [each for each in reservations if each.account_id not in accounts])
            recipients = {each.id: accounts[each.account_id].email for each in known}
            blockers = self.sources.outbox.lock_last_pending(session, recipients)
        emails = []
        for each in known:
            emails += due_emails(each, events[each.event_id], accounts[each.account_id], blockers.get(each.id))
        return emails

    def _mark_deleted(self, session: Session, reservations: Sequence[Reservation]) -> None:
        if reservations:
            self.sources.mark_deleted(session, [each.account_id for each in reservations])


class _MarkChanged(Exception):
    """The mark of some reservation is not as it was read."""
