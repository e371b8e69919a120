"""Deferred confirmations: the delivery worker writes the e-mails of new bookings, many bookings in one transaction.

A booking's transaction sets a mark instead of writing two outbox rows. The mark and the rows change in one transaction:
a booking has either its mark or its rows, whatever process dies, and however many write at once. A change of a booking
writes the rows in its own transaction first, so that they report the booking as it was made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from booking.deferred_store import DeferredStore
from booking.emails import EMAILS_PER_CONFIRMATION, BookingEmails
from booking.model import Booking, Status
from core import log
from core.clock import monotonic
from core.errors import Unavailable
from core.mongo.client import Client
from core.mongo.failures import WriteContention
from core.mongo.transactions import Contention, Session, transaction
from notifications.outbox.deferred import Position
from notifications.outbox.model import OutboxEmail

LOG = log.get_logger("booking")
TRANSACTION_TIMEOUT = 8.0
# Seconds for which a booking that another transaction locks is retried; it is then left to the next call.
CONTENTION_TIMEOUT = 0.25
# Seconds after which the bookings that are left wait for the next call.
CONTENTION_PATIENCE = 2.0

Enqueue = Callable[[Session, Sequence[OutboxEmail]], None]


@dataclass(frozen=True)
class DeferredConfirmations:
    """The deferred e-mails of bookings; implements `DeferredEmails`. `enqueue` inserts rows in a transaction."""

    client: Client
    store: DeferredStore
    emails: BookingEmails
    enqueue: Enqueue

    def write(self, limit: int) -> int:
        """Write the outbox rows of up to `limit` e-mails, the oldest bookings first; return how many were written."""
        bookings = self.store.oldest(max(1, limit // EMAILS_PER_CONFIRMATION))
        if not bookings:
            return 0
        try:
            return self._write(bookings)
        except (WriteContention, _MarkRemoved):
            return self._write_each(bookings)
        except Unavailable:
            raise
        except Exception:  # boundary: one booking must not delay the e-mails of all others
            LOG.exception("deferred_emails_failed")
            return self._write_each(bookings)

    def by_subject(self, subject: str) -> list[OutboxEmail]:
        """Return the deferred e-mails about the booking `subject`."""
        booking = self.store.find(subject)
        return self.emails.confirmation(booking) if booking else []

    def newest(self, limit: int, after: Position | None) -> list[OutboxEmail]:
        """Return at least the `limit` newest ones older than `after`, if there are so many."""
        # Those of the first booking may be newer than `after`.
        bookings = self.store.newest(limit + 1, after)
        return [email for booking in bookings for email in self.emails.confirmation(booking)]

    def count(self) -> int:
        """Return the number of deferred e-mails."""
        return EMAILS_PER_CONFIRMATION * self.store.count()

    def waiting_since(self) -> datetime | None:
        """Return the creation time of the oldest one."""
        return self.store.oldest_time()

    def drop(self, subjects: Sequence[str]) -> int:
        """Remove the marks of `subjects`, so that no row is written; return how many e-mails these were."""
        return EMAILS_PER_CONFIRMATION * self.store.drop(subjects)

    def _write(self, bookings: Sequence[Booking]) -> int:
        work = partial(self._write_in, bookings)
        return transaction(self.client, work, TRANSACTION_TIMEOUT, Contention(CONTENTION_TIMEOUT))

    def _write_each(self, bookings: Sequence[Booking]) -> int:
        """Write the rows of each booking in its own transaction, until others have locked some for too long."""
        written = 0
        deadline = monotonic() + CONTENTION_PATIENCE
        for booking in bookings:
            written += self._write_alone(booking)
            if monotonic() > deadline:
                break
        return written

    def _write_alone(self, booking: Booking) -> int:
        try:
            return self._write([booking])
        except (WriteContention, _MarkRemoved):
            return 0
        except Unavailable:
            raise
        except Exception:  # boundary, as above
            LOG.exception("deferred_emails_failed", booking=booking.id)
            return 0

    def _write_in(self, bookings: Sequence[Booking], session: Session) -> int:
        # What the e-mails say changes only together with the mark, so the bookings need not be read again.
        if self.store.clear(session, [booking.id for booking in bookings]) < len(bookings):
            raise _MarkRemoved
        emails: list[OutboxEmail] = []
        for booking in bookings:
            # An older version, which runs beside this one, cancels and erases without regard to the mark.
            if booking.status is Status.CONFIRMED and not booking.is_anonymised:
                emails += self.emails.confirmation(booking)
        if emails:
            self.enqueue(session, emails)
        return len(emails)


class _MarkRemoved(Exception):
    """A change of some booking, or another worker, has written its rows."""
