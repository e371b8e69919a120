"""Waiting: join the list of a full slot, look at one's place in it, leave it; and who is next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core import log
from core.clock import Clock
from core.concurrency.serial_transactions import SerialTransactions
from core.errors import Conflict, DomainError
from core.ids import new_id
from core.mongo.transactions import Session
from core.signed_tokens import SignedLinks, is_expired
from notifications.outbox.service import Outbox
from schedules.errors import SlotClosed
from schedules.model import PlannedSlot
from schedules.service import Schedules
from waitlist.emails import WaitlistEmails
from waitlist.errors import AlreadyWaiting, EntryNotFound, SlotHasPlaces, WaitlistFull
from waitlist.model import NewEntry, State, WaitlistEntry
from waitlist.store import WaitlistStore

LOG = log.get_logger("waitlist")


@dataclass(frozen=True)
class Waitlist:
    """The use cases of the waiting lists. `refuse` says why a guest may not wait for a slot, if they may not."""

    transactions: SerialTransactions
    store: WaitlistStore
    schedules: Schedules
    letters: Outbox
    links: SignedLinks
    eligibility: Callable[[str, str], DomainError | None]
    clock: Clock

    def join(self, slot_id: str, new: NewEntry, *, key: str = "", language: str = "en") -> tuple[WaitlistEntry, int]:
        """Put a guest, who reads letters in `language`, at the end of a slot's list.

        Returns the entry and its position from 1.

        A request that is repeated with its `key` gets the entry that it made before, and 0 once that no longer waits:
        also after the guest has left, who may join again by another request.
        Raises SlotNotFound, SlotClosed, SlotHasPlaces, AlreadyWaiting, or what `refuse` gives.
        """
        try:
            return self._join(slot_id, new, language, key)
        except Conflict:
            made = self.store.by_request_key(key, slot_id, new.email)
            if made is None:
                raise
            return made, self._position(made)

    def _join(self, slot_id: str, new: NewEntry, language: str, key: str) -> tuple[WaitlistEntry, int]:
        planned = self.schedules.get_plan(slot_id)
        self.schedules.require_open(planned)
        standing = self.schedules.get_states([slot_id])[slot_id]
        if standing.closed:
            raise SlotClosed
        reason = self.eligibility(new.email, slot_id)
        if reason:
            raise reason
        entry, position = self.transactions.run(lambda session: self._joined(session, planned, new, language, key))
        self.letters.wake_worker()
        LOG.info("waitlist_joined", entry=entry.id, slot=slot_id)
        return entry, position

    def get(self, entry_id: str, token: str) -> tuple[WaitlistEntry, int]:
        """Return the guest's entry and its position, 0 when it no longer waits.

        A wrong token and a link that has expired are as good as an unknown id: EntryNotFound.
        """
        if not self.links.verify(entry_id, token):
            raise EntryNotFound
        entry = self.store.get(entry_id)
        ends_at = self.schedules.schedule.ends_at(entry.date, entry.slot)
        if is_expired(ends_at, entry.created_at, self.clock()):
            raise EntryNotFound
        return entry, self._position(entry)

    def leave(self, entry_id: str, token: str) -> WaitlistEntry:
        """Take the guest off the list; doing it again changes nothing."""
        self.get(entry_id, token)
        return self.remove(entry_id)

    def remove(self, entry_id: str) -> WaitlistEntry:
        """Take an entry off its list, if it waits; return it as it is then."""

        def work(session: Session) -> WaitlistEntry | None:
            left = self.store.leave(session, entry_id)
            if left:
                self.schedules.leave_queue(session, left.slot_id, waiting=1)
                self.letters.cancel_pending(session, entry_id, "guest_waiting")
            return left

        return self.transactions.run(work) or self.store.get(entry_id)

    def next_in_line(self, session: Session, slot_id: str, most: int) -> list[WaitlistEntry]:
        """Return, within the caller's transaction, up to `most` of those who wait, in order."""
        return self.store.next_in_line(session, slot_id, most)

    def promote(self, session: Session, bookings: Mapping[str, str]) -> None:
        """Mark entries promoted within the caller's transaction: the id of the new booking by the entry's id."""
        self.store.promote(session, bookings)

    def mark_left(self, session: Session, entry_id: str) -> None:
        """Mark an entry left within the caller's transaction, which answers for the slot's count."""
        self.store.leave(session, entry_id)

    def lock_if_waiting(self, session: Session, entry_id: str) -> bool:
        """Return whether an entry waits, and goes on to until the caller's transaction has ended."""
        return self.store.lock_if_waiting(session, entry_id)

    def count_by_slot(self, session: Session) -> Mapping[str, int]:
        """Return how many wait for each slot, counted from the entries themselves."""
        return self.store.count_by_slot(session)

    def by_email(self, email: str) -> list[WaitlistEntry]:
        """Return all entries of a guest."""
        return self.store.by_email(email)

    def before_date(self, date: str) -> list[WaitlistEntry]:
        """Return all entries for slots before `date`."""
        return self.store.before_date(date)

    def delete(self, ids: Sequence[str]) -> None:
        """Delete entries that no longer wait."""
        self.store.delete(ids)

    def manage_url(self, entry: WaitlistEntry) -> str:
        """Return the signed address where the guest can leave the list."""
        return self.links.url(entry.id)

    def _position(self, entry: WaitlistEntry) -> int:
        return self.store.count_ahead(entry) + 1 if entry.state is State.WAITING else 0

    def _joined(
        self, session: Session, planned: PlannedSlot, new: NewEntry, language: str, key: str
    ) -> tuple[WaitlistEntry, int]:
        if self.store.by_request_key(key, planned.id, new.email, session):
            raise AlreadyWaiting  # or has waited: `join` finds out
        drawn = self.schedules.join_queue(session, planned.id)
        if drawn is None:
            slot = self.schedules.get_in(session, planned.id)
            raise SlotClosed if slot.closed else SlotHasPlaces if slot.remaining else WaitlistFull
        ticket, position = drawn
        now = self.clock()
        entry = WaitlistEntry(
            id=new_id(now),
            slot_id=planned.id,
            date=planned.date,
            slot=planned.label,
            queue_number=ticket,
            created_at=now,
            language=language,
            **vars(new),
        )
        self.store.add(session, entry, key)
        letter = self._emails().confirmation(entry, position)
        self.letters.enqueue(session, [letter])
        return entry, position

    def _emails(self) -> WaitlistEmails:
        return WaitlistEmails(self.schedules.schedule, self.links)
