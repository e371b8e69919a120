"""Forgetting people: what names them goes, what counts stays.

Bookings for slots to come are cancelled first, so that their places go on; then every booking of the person becomes
nobody's. Letters and idempotency keys are deleted, waiting entries too. Log lines and the audit name only ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from booking.changes import Changes
from booking.model import Booking, Status
from booking.store import BookingStore, IdempotencyStore
from core import log
from core.clock import Clock
from core.idempotency import KEY_LIFETIME
from core.ids import new_id
from core.schema_fields import normalize_email
from notifications.outbox.service import Outbox
from schedules.model import Schedule
from waitlist.errors import EntryNotFound
from waitlist.model import State, WaitlistEntry
from waitlist.service import Waitlist

LOG = log.get_logger("booking.erasure")
MAX_BATCH = 500


@dataclass(frozen=True)
class ErasureResult:
    """What has been forgotten, in numbers; `left` letters are deleted when it is known what became of their batch."""

    bookings: int
    letters: int
    entries: int
    pending: int = 0


@dataclass(frozen=True)
class Erasure:
    """The use cases of forgetting; doing them again forgets nothing more, and one that broke off can be repeated."""

    store: BookingStore
    keys: IdempotencyStore
    changes: Changes
    waitlist: Waitlist
    letters: Outbox
    schedule: Schedule
    clock: Clock

    def erase(self, email: str) -> ErasureResult:
        """Forget the person with this address, wherever they appear; raises ValueError when it is no address."""
        kept = normalize_email(email)
        entries = self._withdraw_entries(self.waitlist.by_email(kept))
        bookings = self.store.by_email(kept)
        for booking in bookings:
            if booking.status is Status.CONFIRMED and self._is_to_come(booking):
                self.changes.cancel(booking.id, notify=False)
        return self._record("people.erased", self._erase([booking.id for booking in bookings], entries, kept))

    def apply_retention(self, days: int) -> ErasureResult:
        """Forget everybody whose slot was more than `days` days ago."""
        today = self.clock().astimezone(ZoneInfo(self.schedule.timezone)).date()
        before = (today - timedelta(days=days)).isoformat()
        done = self._erase([], self._withdraw_entries(self.waitlist.before_date(before)), None)
        older = self.store.before_date(before)
        while ids := list(islice(older, MAX_BATCH)):
            some = self._erase(ids, [], None)
            done = replace(
                done,
                bookings=done.bookings + some.bookings,
                letters=done.letters + some.letters,
                pending=done.pending + some.pending,
            )
        return self._record("people.retained", done)

    def _is_to_come(self, booking: Booking) -> bool:
        return self.schedule.ends_at(booking.date, booking.slot_label) > self.clock()

    def _withdraw_entries(self, entries: Sequence[WaitlistEntry]) -> list[str]:
        for entry in entries:
            if entry.state is State.WAITING:
                with suppress(EntryNotFound):  # Another call of this kind was quicker.
                    self.waitlist.remove(entry.id)
        return [entry.id for entry in entries]

    def _erase(self, booking_ids: Sequence[str], entry_ids: Sequence[str], email: str | None) -> ErasureResult:
        # The rows that lead here go last: as long as they name somebody, a repeated call finds what is left to do.
        letters = self.letters.erase([*booking_ids, *entry_ids], email)
        # An id begins with the moment it was made; what is older than a day has no key any more.
        young = new_id(self.clock() - 2 * KEY_LIFETIME)
        self.keys.delete_for([booking_id for booking_id in booking_ids if booking_id > young])
        self.waitlist.delete(entry_ids)
        self.store.erase(booking_ids)
        # Once more: the back office may have sent a letter again meanwhile. From now on it cannot.
        letters += self.letters.erase(booking_ids)
        left = self.letters.pending_erasure([*booking_ids, *entry_ids], email)
        return ErasureResult(len(booking_ids), letters, len(entry_ids), left)

    def _record(self, what: str, done: ErasureResult) -> ErasureResult:
        if done != ErasureResult(0, 0, 0):
            counts = {
                "bookings": done.bookings,
                "letters": done.letters,
                "entries": done.entries,
                "left": done.pending,
            }
            LOG.info("people_forgotten", **counts)
            self.changes.record_operator_action(what, counts)
        return done
