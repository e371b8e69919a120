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
from booking.model import KEY_LIFETIME, Booking, Status
from booking.store import BookingStore, KeyStore
from core import log
from core.clock import Clock
from core.ids import new_id
from core.schema_fields import address
from notifications.outbox.service import Letters
from schedules.model import Schedule
from waitlist.errors import EntryNotFound
from waitlist.model import Entry, State
from waitlist.service import Waitlist

LOG = log.get("booking.erasure")
MOST_AT_ONCE = 500


@dataclass(frozen=True)
class Forgotten:
    """What has been forgotten, in numbers; `left` letters are deleted when it is known what became of their batch."""

    bookings: int
    letters: int
    entries: int
    left: int = 0


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
        """Forget the person with this address, wherever they appear; raises ValueError when it is no address."""
        kept = address(email)
        entries = self._leave(self.waitlist.of_guest(kept))
        bookings = self.store.of_guest(kept)
        for booking in bookings:
            if booking.status is Status.CONFIRMED and self._is_to_come(booking):
                self.changes.cancel(booking.id, tell=False)
        return self._noted("people.erased", self._forget([booking.id for booking in bookings], entries, kept))

    def retain(self, days: int) -> Forgotten:
        """Forget everybody whose slot was more than `days` days ago."""
        today = self.clock().astimezone(ZoneInfo(self.schedule.timezone)).date()
        before = (today - timedelta(days=days)).isoformat()
        done = self._forget([], self._leave(self.waitlist.before(before)), None)
        older = self.store.older_than(before)
        while ids := list(islice(older, MOST_AT_ONCE)):
            some = self._forget(ids, [], None)
            done = replace(
                done,
                bookings=done.bookings + some.bookings,
                letters=done.letters + some.letters,
                left=done.left + some.left,
            )
        return self._noted("people.retained", done)

    def _is_to_come(self, booking: Booking) -> bool:
        return self.schedule.ends_at(booking.date, booking.slot_label) > self.clock()

    def _leave(self, entries: Sequence[Entry]) -> list[str]:
        for entry in entries:
            if entry.state is State.WAITING:
                with suppress(EntryNotFound):  # Another call of this kind was quicker.
                    self.waitlist.remove(entry.id)
        return [entry.id for entry in entries]

    def _forget(self, booking_ids: Sequence[str], entry_ids: Sequence[str], email: str | None) -> Forgotten:
        # The rows that lead here go last: as long as they name somebody, a repeated call finds what is left to do.
        letters = self.letters.forget([*booking_ids, *entry_ids], email)
        # An id begins with the moment it was made; what is older than a day has no key any more.
        young = new_id(self.clock() - 2 * KEY_LIFETIME)
        self.keys.forget([booking_id for booking_id in booking_ids if booking_id > young])
        self.waitlist.delete(entry_ids)
        self.store.erase(booking_ids)
        # Once more: the back office may have sent a letter again meanwhile. From now on it cannot.
        letters += self.letters.forget(booking_ids)
        left = self.letters.being_forgotten([*booking_ids, *entry_ids], email)
        return Forgotten(len(booking_ids), letters, len(entry_ids), left)

    def _noted(self, what: str, done: Forgotten) -> Forgotten:
        if done != Forgotten(0, 0, 0):
            LOG.info("people_forgotten", **vars(done))
            self.changes.note(what, vars(done))
        return done
