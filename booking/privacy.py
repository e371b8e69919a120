"""Forgetting people: what names them goes, what counts stays.

Bookings for slots to come are cancelled first, so that their places go on; then every booking of the person becomes
nobody's. Letters and idempotency keys are deleted, waiting entries too. Log lines and the audit name only ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from booking.changes import Changes
from booking.model import Booking, Status
from booking.store import BookingStore, KeyStore
from core import log
from core.clock import Clock
from notifications.service import Letters
from schedules.model import Schedule
from waitlist.model import Entry, State
from waitlist.service import Waitlist

LOG = log.get("booking.privacy")
MOST_AT_ONCE = 500


@dataclass(frozen=True)
class Forgotten:
    """What has been forgotten, in numbers."""

    bookings: int
    letters: int
    entries: int


@dataclass(frozen=True)
class Privacy:
    """The use cases of forgetting; doing them again forgets nothing more, and one that broke off can be repeated."""

    store: BookingStore
    keys: KeyStore
    changes: Changes
    waitlist: Waitlist
    letters: Letters
    schedule: Schedule
    clock: Clock

    def erase(self, email: str) -> Forgotten:
        """Forget the person with this address, wherever they appear."""
        address = email.strip().lower()
        entries = self._drop(self.waitlist.of_guest(address))
        bookings = self.store.of_guest(address)
        for booking in bookings:
            if booking.status is Status.CONFIRMED and self._is_to_come(booking):
                self.changes.cancel(booking.id, tell=False)
        return self._forget([booking.id for booking in bookings], entries, address)

    def retain(self, days: int) -> Forgotten:
        """Forget everybody whose slot was more than `days` days ago."""
        today = self.clock().astimezone(ZoneInfo(self.schedule.timezone)).date()
        before = (today - timedelta(days=days)).isoformat()
        done = self._forget([], self._drop(self.waitlist.before(before)), None)
        older = self.store.older_than(before)
        while ids := list(islice(older, MOST_AT_ONCE)):
            some = self._forget(ids, [], None)
            done = Forgotten(done.bookings + some.bookings, done.letters + some.letters, done.entries)
        return done

    def _is_to_come(self, booking: Booking) -> bool:
        planned = self.schedule.slot_with.get(booking.slot_id)
        return planned is None or planned.ends_at > self.clock()

    def _drop(self, entries: Sequence[Entry]) -> list[str]:
        for entry in entries:
            if entry.state is State.WAITING:
                self.waitlist.remove(entry.id)
        ids = [entry.id for entry in entries]
        self.waitlist.delete(ids)
        return ids

    def _forget(self, booking_ids: Sequence[str], entry_ids: Sequence[str], email: str | None) -> Forgotten:
        # The bookings last: as long as they name somebody, a repeated call finds what is left to do.
        letters = self.letters.forget([*booking_ids, *entry_ids], email)
        self.keys.forget(booking_ids)
        self.store.erase(booking_ids)
        LOG.info("people_forgotten", bookings=len(booking_ids), letters=letters, entries=len(entry_ids))
        return Forgotten(len(booking_ids), letters, len(entry_ids))
