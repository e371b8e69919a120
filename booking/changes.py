"""What can be changed about a booking or its slot: cancel, reschedule, capacity, closing.

A change that frees places gives them to the waiting list in the same transaction, in order of arrival; nobody can book
in between. What the back office does is written to the audit there as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from audit.service import Audit
from booking.emails import Promises
from booking.errors import BookingCancelled, BookingForgotten, BookingNotFound, MovedTooOften, SlotFull
from booking.group_commit import Counter
from booking.model import Booking, Status, promoted
from booking.store import BookingStore
from core import log
from core.clock import Clock
from core.concurrency.serial_transactions import Turns
from core.ids import new_id, new_reference
from core.mongo.transactions import Session
from notifications.errors import LetterOutdated
from notifications.outbox.model import Letter
from notifications.outbox.service import Letters
from schedules.errors import SlotClosed
from schedules.model import PlannedSlot, Slot, SlotChange
from schedules.service import Schedules
from waitlist.model import Entry
from waitlist.service import Waitlist

LOG = log.get("booking")
REMINDER = "guest_reminder"
# Each move is a letter to an address nobody has checked.
MOST_MOVES = 20


@dataclass(frozen=True)
class Changes:
    """The use cases that free or exchange places. `by` is the label of the back office's key, None for the guest."""

    turns: Turns
    store: BookingStore
    counter: Counter
    schedules: Schedules
    waitlist: Waitlist
    letters: Letters
    promises: Promises
    audit: Audit
    clock: Clock

    def cancel(self, booking_id: str, by: str | None = None, *, tell: bool = True) -> Booking:
        """Cancel a booking, give its place on and tell the guest; doing it again changes nothing.

        Raises BookingNotFound.
        """

        def work(session: Session) -> Booking | None:
            cancelled = self.store.cancel(session, booking_id, self.clock())
            if cancelled is None:
                return None
            # The slot comes next: this fails with each booking that is made there between its first step and this one.
            freed = self.schedules.release(session, cancelled.slot_id)
            self.letters.withdraw(session, booking_id, REMINDER)
            if tell and not cancelled.is_nobodys:
                behind = self.letters.last_unsent(session, booking_id, cancelled.email)
                self.letters.promise(session, [self.promises.cancelled(cancelled, behind)])
            self._give_on(session, freed)
            if by:
                status = {"status": Status.CONFIRMED.value}, {"status": Status.CANCELLED.value}
                self.audit.note(session, by, "booking.cancelled", booking_id, *status)
            return cancelled

        cancelled = self.turns.take(work)
        if cancelled is None:
            return self.store.get(booking_id)
        self._changed(cancelled.slot_id)
        LOG.info("booking_cancelled", booking=booking_id)
        return cancelled

    def reschedule(self, booking_id: str, slot_id: str) -> Booking:
        """Exchange a booking's place for one in another slot, in one transaction; where it is already, nothing changes.

        Raises BookingNotFound, BookingForgotten, BookingCancelled, MovedTooOften, SlotNotFound, SlotClosed, SlotFull
        or DuplicateBooking.
        """
        planned = self.schedules.planned(slot_id)
        self.schedules.require_open(planned)
        booking = self.store.find_ids([booking_id]).get(booking_id)  # as it is known to stay
        if booking is None:
            raise BookingNotFound
        if booking.slot_id != slot_id:
            _require_movable(booking)
            self._require_place(self.schedules.standing([slot_id])[slot_id])
        before, after = self.turns.take(lambda session: self._moved(session, booking_id, planned))
        if before.slot_id != after.slot_id:
            self._changed(before.slot_id)
            LOG.info("booking_rescheduled", booking=booking_id)
        return after

    def change_slot(self, slot_id: str, change: SlotChange, by: str) -> Slot:
        """Change a slot's capacity or close it; places that this frees go to the waiting list first.

        Raises SlotNotFound or CapacityBelowBooked, and then nothing has changed.
        """
        self.schedules.standing([self.schedules.planned(slot_id).id])

        def work(session: Session) -> Slot:
            before, after = self.schedules.change(session, slot_id, change)
            if _settings(before) != _settings(after):
                self.audit.note(session, by, "slot.changed", slot_id, _settings(before), _settings(after))
            return self._give_on(session, after)

        changed = self.turns.take(work)
        self._changed(slot_id)
        return changed

    def send_again(self, booking_id: str, by: str) -> Booking:
        """Tell the guest once more how the booking stands: that it is confirmed, or that it is cancelled.

        Done again within a minute, or before that letter is out, it changes nothing: one answer may have been lost.
        """

        def work(session: Session) -> Booking:
            booking = self.store.touch(session, booking_id)
            if booking is None:
                raise BookingNotFound
            if booking.is_nobodys:
                raise BookingForgotten
            letter = self.promises.again(booking, self.letters.last_unsent(session, booking_id, booking.email))
            if not self.letters.is_asked_for(session, letter):
                self.letters.promise(session, [letter])
                self.audit.note(session, by, "booking.letter_resent", booking_id, {}, {"template": letter.template})
            return booking

        booking = self.turns.take(work)
        self.letters.announce()
        return booking

    def note(self, what: str, counts: Mapping[str, Any]) -> None:
        """Write to the audit what the operator did at the command line, in numbers."""
        self.turns.take(lambda session: self.audit.note(session, "operator", what, "people", {}, counts))

    def settle(self) -> int:
        """Give on free places that people wait for; return in how many slots.

        Changes do so themselves; this is for what changes without one, such as another cut-off in the schedule file.
        """
        unsettled = [slot.id for slot in self.schedules.all_slots() if self.schedules.gives_places(slot)]
        for slot_id in unsettled:
            self.turns.take(partial(self._settle, slot_id))
            self._changed(slot_id)
        return len(unsettled)

    def retry_letter(self, letter_id: str, by: str) -> Letter:
        """Try a letter that was given up again; raises LetterNotFound, LetterNotFailed or LetterOutdated.

        Done again within a minute, or before that letter is out, it changes nothing.
        """

        def work(session: Session) -> Letter:
            if known := self.letters.is_retried(session, letter_id):
                return known
            letter = self.letters.retry(session, letter_id)
            self._require_true(session, letter)
            self.audit.note(session, by, "letter.retried", letter_id, {"state": "dead"}, {"state": letter.state.value})
            return letter

        letter = self.turns.take(work)
        self.letters.announce()
        return letter

    def remind(self, booking_ids: Sequence[str], date: str) -> int:
        """Promise a reminder to those of the bookings that are still due one and ahead; return how many there were."""

        def work(session: Session) -> list[Letter]:
            due = [self.store.remind(session, booking_id, date) for booking_id in booking_ids]
            promised = [self.promises.reminder(booking) for booking in due if booking and self._is_ahead(booking)]
            return [letter for letter in promised if self.letters.promise_once(session, letter)]

        promised = self.turns.take(work)
        if promised:
            self.letters.announce()
        return len(promised)

    def _moved(self, session: Session, booking_id: str, planned: PlannedSlot) -> tuple[Booking, Booking]:
        before = self.store.find_in(session, booking_id)
        if before.slot_id == planned.id and before.status is Status.CONFIRMED:
            return before, before
        _require_movable(before)
        held = self.schedules.schedule.slot_with.get(before.slot_id)
        if held:
            self.schedules.require_open(held)
        if not self.schedules.exchange(session, before.slot_id, planned.id):
            self._require_place(self.schedules.standing([planned.id])[planned.id])
            raise SlotFull
        wanted = replace(before, date=planned.date, slot_id=planned.id, slot_label=planned.label)
        after = self.store.move(session, before, wanted, self.clock())
        if after is None:
            raise BookingCancelled
        self.letters.withdraw(session, booking_id, REMINDER)
        behind = self.letters.last_unsent(session, booking_id, after.email)
        self.letters.promise(session, [self.promises.moved(before, after, behind)])
        self._give_on(session, self.schedules.look(session, before.slot_id))
        return before, after

    def _settle(self, slot_id: str, session: Session) -> None:
        self._give_on(session, self.schedules.look(session, slot_id))

    def _give_on(self, session: Session, slot: Slot) -> Slot:
        """Give the free places of `slot` to those who wait for it, in order; return the slot as it is then."""
        while places := self.schedules.gives_places(slot):
            entries = self.waitlist.first(session, slot.id, places)
            if not entries:
                break  # The count is wrong; `flask verify` tells.
            # Who has found a place in this slot meanwhile gives up the turn, not a second place.
            there = self.store.guests_in(session, slot.id, [entry.email for entry in entries])
            for entry in entries:
                if entry.email in there:
                    self.waitlist.drop(session, entry.id)
            chosen = [entry for entry in entries if entry.email not in there]
            self.schedules.unqueue(session, slot.id, waiting=len(entries), places=len(chosen))
            self._promote(session, slot, chosen)
            slot = self.schedules.look(session, slot.id)
        return slot

    def _promote(self, session: Session, slot: Slot, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        now = self.clock()
        references = self._references(len(entries))
        made = {entry.id: promoted(entry, slot, new_id(now), references.pop(), now) for entry in entries}
        self.store.add(session, list(made.values()))
        for entry in entries:
            self.letters.withdraw(session, entry.id, "guest_waiting")
        self.waitlist.promote(session, {entry_id: booking.id for entry_id, booking in made.items()})
        self.letters.promise(
            session, [letter for booking in made.values() for letter in self.promises.made(booking, promoted=True)]
        )

    def _references(self, count: int) -> set[str]:
        drawn: set[str] = set()
        while len(drawn) < count:
            more = {new_reference() for _ in range(count - len(drawn))}
            drawn |= more - self.store.references_taken(more)
        return drawn

    def _is_ahead(self, booking: Booking) -> bool:
        planned = self.schedules.schedule.slot_with.get(booking.slot_id)
        return planned is not None and planned.starts_at > self.clock()

    def _require_true(self, session: Session, letter: Letter) -> None:
        """Raise LetterOutdated if `letter` is no longer true; until the transaction has ended, it stays so."""
        if letter.template == "admin_booking":
            return
        if letter.template == "guest_waiting":
            is_true = self.waitlist.still_waits(session, letter.about)
        else:
            booking = self.store.touch(session, letter.about)
            is_true = booking is not None and str(booking.sequence) == letter.facts.get("sequence")
        if not is_true:
            raise LetterOutdated

    def _require_place(self, slot: Slot) -> None:
        if slot.closed:
            raise SlotClosed
        if slot.is_full:
            raise SlotFull

    def _changed(self, slot_id: str) -> None:
        self.counter.forget_full(slot_id)
        self.letters.announce()


def _require_movable(booking: Booking) -> None:
    if booking.status is Status.CANCELLED:
        raise BookingCancelled
    if booking.is_nobodys:
        raise BookingForgotten
    if booking.sequence >= MOST_MOVES:
        raise MovedTooOften


def _settings(slot: Slot) -> Mapping[str, Any]:
    return {"capacity": slot.capacity, "closed": slot.closed}
