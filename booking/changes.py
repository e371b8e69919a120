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
from booking.emails import BookingEmails
from booking.errors import BookingAnonymised, BookingCancelled, BookingNotFound, RescheduleLimitReached, SlotFull
from booking.group_commit import BookingGroupCommit
from booking.model import Booking, Status, booking_from_waitlist
from booking.store import BookingStore
from core import log
from core.clock import Clock
from core.concurrency.serial_transactions import SerialTransactions
from core.ids import new_id, new_reference
from core.mongo.transactions import Session
from notifications.errors import EmailOutdated
from notifications.outbox.model import OutboxEmail
from notifications.outbox.service import Outbox
from schedules.errors import SlotClosed
from schedules.model import PlannedSlot, Slot, SlotChange
from schedules.service import Schedules
from waitlist.model import WaitlistEntry
from waitlist.service import Waitlist

LOG = log.get_logger("booking")
REMINDER = "guest_reminder"
# Each move is a letter to an address nobody has checked.
MAX_RESCHEDULES = 20


@dataclass(frozen=True)
class Changes:
    """The use cases that free or exchange places. `by` is the label of the back office's key, None for the guest."""

    transactions: SerialTransactions
    store: BookingStore
    counter: BookingGroupCommit
    schedules: Schedules
    waitlist: Waitlist
    letters: Outbox
    promises: BookingEmails
    audit: Audit
    clock: Clock

    def cancel(self, booking_id: str, actor: str | None = None, *, notify: bool = True) -> Booking:
        """Cancel a booking, give its place on and tell the guest; doing it again changes nothing.

        Raises BookingNotFound.
        """

        def work(session: Session) -> Booking | None:
            cancelled = self.store.cancel(session, booking_id, self.clock())
            if cancelled is None:
                return None
            # The slot comes next: this fails with each booking that is made there between its first step and this one.
            freed = self.schedules.release(session, cancelled.slot_id)
            self.letters.cancel_pending(session, booking_id, REMINDER)
            if notify and not cancelled.is_anonymised:
                behind = self.letters.lock_last_pending(session, booking_id, cancelled.email)
                self.letters.enqueue(session, [self.promises.cancellation(cancelled, behind)])
            self._promote_waitlist(session, freed)
            if actor:
                status = {"status": Status.CONFIRMED.value}, {"status": Status.CANCELLED.value}
                self.audit.record(session, actor, "booking.cancelled", booking_id, *status)
            return cancelled

        cancelled = self.transactions.run(work)
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
        planned = self.schedules.get_plan(slot_id)
        self.schedules.require_open(planned)
        booking = self.store.get_many_committed([booking_id]).get(booking_id)  # as it is known to stay
        if booking is None:
            raise BookingNotFound
        if booking.slot_id != slot_id:
            _require_movable(booking)
            self._require_place(self.schedules.get_states([slot_id])[slot_id])
        before, after = self.transactions.run(lambda session: self._reschedule_in(session, booking_id, planned))
        if before.slot_id != after.slot_id:
            self._changed(before.slot_id)
            LOG.info("booking_rescheduled", booking=booking_id)
        return after

    def change_slot(self, slot_id: str, change: SlotChange, actor: str) -> Slot:
        """Change a slot's capacity or close it; places that this frees go to the waiting list first.

        Raises SlotNotFound or CapacityBelowBooked, and then nothing has changed.
        """
        self.schedules.get_states([self.schedules.get_plan(slot_id).id])

        def work(session: Session) -> Slot:
            before, after = self.schedules.change(session, slot_id, change)
            if _settings(before) != _settings(after):
                self.audit.record(session, actor, "slot.changed", slot_id, _settings(before), _settings(after))
            return self._promote_waitlist(session, after)

        changed = self.transactions.run(work)
        self._changed(slot_id)
        return changed

    def resend_confirmation(self, booking_id: str, actor: str) -> Booking:
        """Tell the guest once more how the booking stands: that it is confirmed, or that it is cancelled.

        Done again within a minute, or before that letter is out, it changes nothing: one answer may have been lost.
        """

        def work(session: Session) -> Booking:
            booking = self.store.lock(session, booking_id)
            if booking is None:
                raise BookingNotFound
            if booking.is_anonymised:
                raise BookingAnonymised
            letter = self.promises.resend(booking, self.letters.lock_last_pending(session, booking_id, booking.email))
            if not self.letters.recently_resent(session, letter):
                self.letters.enqueue(session, [letter])
                self.audit.record(
                    session, actor, "booking.letter_resent", booking_id, {}, {"template": letter.template}
                )
            return booking

        booking = self.transactions.run(work)
        self.letters.wake_worker()
        return booking

    def record_operator_action(self, what: str, counts: Mapping[str, Any]) -> None:
        """Write to the audit what the operator did at the command line, in numbers."""
        self.transactions.run(lambda session: self.audit.record(session, "operator", what, "people", {}, counts))

    def reconcile_waitlists(self) -> int:
        """Give on free places that people wait for; return in how many slots.

        Changes do so themselves; this is for what changes without one, such as another cut-off in the schedule file.
        """
        unsettled = [slot.id for slot in self.schedules.all_slots() if self.schedules.promotable_places(slot)]
        for slot_id in unsettled:
            self.transactions.run(partial(self._reconcile_waitlist, slot_id))
            self._changed(slot_id)
        return len(unsettled)

    def retry_email(self, letter_id: str, actor: str) -> OutboxEmail:
        """Try a letter that was given up again; raises LetterNotFound, LetterNotFailed or LetterOutdated.

        Done again within a minute, or before that letter is out, it changes nothing.
        """

        def work(session: Session) -> OutboxEmail:
            if known := self.letters.recently_retried(session, letter_id):
                return known
            letter = self.letters.retry(session, letter_id)
            self._require_current(session, letter)
            self.audit.record(
                session, actor, "letter.retried", letter_id, {"state": "dead"}, {"state": letter.state.value}
            )
            return letter

        letter = self.transactions.run(work)
        self.letters.wake_worker()
        return letter

    def remind(self, booking_ids: Sequence[str], date: str) -> int:
        """Promise a reminder to those of the bookings that are still due one and ahead; return how many there were."""

        def work(session: Session) -> list[OutboxEmail]:
            due = [self.store.remind(session, booking_id, date) for booking_id in booking_ids]
            promised = [self.promises.reminder(booking) for booking in due if booking and self._is_upcoming(booking)]
            return [letter for letter in promised if self.letters.enqueue_once(session, letter)]

        promised = self.transactions.run(work)
        if promised:
            self.letters.wake_worker()
        return len(promised)

    def _reschedule_in(self, session: Session, booking_id: str, planned: PlannedSlot) -> tuple[Booking, Booking]:
        before = self.store.get_in(session, booking_id)
        if before.slot_id == planned.id and before.status is Status.CONFIRMED:
            return before, before
        _require_movable(before)
        held = self.schedules.schedule.slot_by_id.get(before.slot_id)
        if held:
            self.schedules.require_open(held)
        if not self.schedules.swap(session, before.slot_id, planned.id):
            self._require_place(self.schedules.get_states([planned.id])[planned.id])
            raise SlotFull
        wanted = replace(before, date=planned.date, slot_id=planned.id, slot_label=planned.label)
        after = self.store.reschedule(session, before, wanted, self.clock())
        if after is None:
            raise BookingCancelled
        self.letters.cancel_pending(session, booking_id, REMINDER)
        behind = self.letters.lock_last_pending(session, booking_id, after.email)
        self.letters.enqueue(session, [self.promises.rescheduled(before, after, behind)])
        self._promote_waitlist(session, self.schedules.get_in(session, before.slot_id))
        return before, after

    def _reconcile_waitlist(self, slot_id: str, session: Session) -> None:
        self._promote_waitlist(session, self.schedules.get_in(session, slot_id))

    def _promote_waitlist(self, session: Session, slot: Slot) -> Slot:
        """Give the free places of `slot` to those who wait for it, in order; return the slot as it is then."""
        while places := self.schedules.promotable_places(slot):
            entries = self.waitlist.next_in_line(session, slot.id, places)
            if not entries:
                break  # The count is wrong; `flask verify` tells.
            # Who has found a place in this slot meanwhile gives up the turn, not a second place.
            there = self.store.emails_with_booking(session, slot.id, [entry.email for entry in entries])
            for entry in entries:
                if entry.email in there:
                    self.waitlist.mark_left(session, entry.id)
            chosen = [entry for entry in entries if entry.email not in there]
            self.schedules.leave_queue(session, slot.id, waiting=len(entries), places=len(chosen))
            self._promote(session, slot, chosen)
            slot = self.schedules.get_in(session, slot.id)
        return slot

    def _promote(self, session: Session, slot: Slot, entries: Sequence[WaitlistEntry]) -> None:
        if not entries:
            return
        now = self.clock()
        references = self._new_references(len(entries))
        made = {entry.id: booking_from_waitlist(entry, slot, new_id(now), references.pop(), now) for entry in entries}
        self.store.add(session, list(made.values()))
        for entry in entries:
            self.letters.cancel_pending(session, entry.id, "guest_waiting")
        self.waitlist.promote(session, {entry_id: booking.id for entry_id, booking in made.items()})
        self.letters.enqueue(
            session,
            [letter for booking in made.values() for letter in self.promises.confirmation(booking, promoted=True)],
        )

    def _new_references(self, count: int) -> set[str]:
        drawn: set[str] = set()
        while len(drawn) < count:
            more = {new_reference() for _ in range(count - len(drawn))}
            drawn |= more - self.store.existing_references(more)
        return drawn

    def _is_upcoming(self, booking: Booking) -> bool:
        planned = self.schedules.schedule.slot_by_id.get(booking.slot_id)
        return planned is not None and planned.starts_at > self.clock()

    def _require_current(self, session: Session, letter: OutboxEmail) -> None:
        """Raise LetterOutdated if `letter` is no longer true; until the transaction has ended, it stays so."""
        if letter.template == "admin_booking":
            return
        if letter.template == "guest_waiting":
            is_true = self.waitlist.lock_if_waiting(session, letter.subject)
        else:
            booking = self.store.lock(session, letter.subject)
            is_true = booking is not None and str(booking.sequence) == letter.context.get("sequence")
        if not is_true:
            raise EmailOutdated

    def _require_place(self, slot: Slot) -> None:
        if slot.closed:
            raise SlotClosed
        if slot.is_full:
            raise SlotFull

    def _changed(self, slot_id: str) -> None:
        self.counter.invalidate_sold_out(slot_id)
        self.letters.wake_worker()


def _require_movable(booking: Booking) -> None:
    if booking.status is Status.CANCELLED:
        raise BookingCancelled
    if booking.is_anonymised:
        raise BookingAnonymised
    if booking.sequence >= MAX_RESCHEDULES:
        raise RescheduleLimitReached


def _settings(slot: Slot) -> Mapping[str, Any]:
    return {"capacity": slot.capacity, "closed": slot.closed}
