"""Deletion of personal data: bookings are anonymised; their e-mails, idempotency keys and entries are deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from booking.idempotency_store import IdempotencyStore
from booking.model import ErasureResult
from booking.search.segments import SegmentStore
from booking.store import BookingStore
from booking.unit_of_work import Action, UnitOfWork
from core import log
from core.idempotency import KEY_LIFETIME
from core.ids import new_id
from core.mongo.transactions import Session
from waitlist.store import WaitlistStore

LOG = log.get_logger("booking.erasure")


@dataclass(frozen=True)
class DeletePersonalData:
    """Deletes personal data; log lines and audit name only ids and counts."""

    unit_of_work: UnitOfWork
    bookings: BookingStore
    keys: IdempotencyStore
    entries: WaitlistStore
    segments: SegmentStore

    def execute(
        self, booking_ids: Sequence[str], entry_ids: Sequence[str] = (), email: str | None = None
    ) -> ErasureResult:
        """Delete what belongs to the bookings and entries, and the guest's e-mails. A repeated call continues."""
        outbox = self.unit_of_work.outbox
        # Bookings and entries go last: while they name a person, a repeated call finds what is left to delete.
        emails = outbox.erase([*booking_ids, *entry_ids], email)
        # An id begins with its creation time; a booking older than a day has no key.
        oldest_with_key = new_id(self.unit_of_work.clock() - 2 * KEY_LIFETIME)
        self.keys.delete_former([booking_id for booking_id in booking_ids if booking_id > oldest_with_key])
        self.entries.delete(entry_ids)
        # Marked before, because this may end in between, and after, because a rebuild may have run in between.
        self.segments.mark_dirty(booking_ids)
        self.bookings.erase(booking_ids)
        self.segments.mark_dirty(booking_ids)
        # The back office may have resent an e-mail since the first deletion; it cannot resend one of an erased booking.
        emails += outbox.erase(booking_ids)
        pending = outbox.pending_erasure([*booking_ids, *entry_ids], email)
        return ErasureResult(len(booking_ids), emails, len(entry_ids), pending)

    def record(self, action: str, result: ErasureResult) -> ErasureResult:
        """Rebuild the search segments; write what an operator's command deleted to log and audit; return `result`."""
        self.segments.rebuild_dirty()
        if result == ErasureResult(0, 0, 0):
            return result
        counts = {
            "bookings": result.bookings,
            "letters": result.emails,
            "entries": result.entries,
            "left": result.pending,
        }
        LOG.info("people_erased", **counts)

        def work(session: Session) -> None:
            self.unit_of_work.record(session, Action("operator", action, "people"), {}, counts)

        self.unit_of_work.run(work)
        return result
