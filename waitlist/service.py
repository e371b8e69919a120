"""Waiting: join the list of a full slot, look at one's place in it, leave it; and who is next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core import log
from core.clock import Clock
from core.concurrency.serial_transactions import Turns
from core.errors import Conflict, DomainError
from core.ids import new_id
from core.mongo.transactions import Session
from core.signed_tokens import Links, is_over
from notifications import letters
from notifications.outbox.service import Letters
from schedules.errors import SlotClosed
from schedules.model import PlannedSlot
from schedules.service import Schedules
from waitlist.errors import AlreadyWaiting, EntryNotFound, SlotHasPlaces, WaitlistFull
from waitlist.model import Entry, NewEntry, State
from waitlist.store import WaitlistStore

LOG = log.get("waitlist")


@dataclass(frozen=True)
class Waitlist:
    """The use cases of the waiting lists. `refuse` says why a guest may not wait for a slot, if they may not."""

    turns: Turns
    store: WaitlistStore
    schedules: Schedules
    letters: Letters
    links: Links
    refuse: Callable[[str, str], DomainError | None]
    clock: Clock

    def join(self, slot_id: str, new: NewEntry, *, key: str = "", language: str = "en") -> tuple[Entry, int]:
        """Put a guest, who reads letters in `language`, at the end of a slot's list.

        Returns the entry and its position from 1.

        A request that is repeated with its `key` gets the entry that it made before, and 0 once that no longer waits:
        also after the guest has left, who may join again by another request.
        Raises SlotNotFound, SlotClosed, SlotHasPlaces, AlreadyWaiting, or what `refuse` gives.
        """
        try:
            return self._join(slot_id, new, language, key)
        except Conflict:
            made = self.store.find_made_by(key, slot_id, new.email)
            if made is None:
                raise
            return made, self._position(made)

    def _join(self, slot_id: str, new: NewEntry, language: str, key: str) -> tuple[Entry, int]:
        planned = self.schedules.planned(slot_id)
        self.schedules.require_open(planned)
        standing = self.schedules.standing([slot_id])[slot_id]
        if standing.closed:
            raise SlotClosed
        reason = self.refuse(new.email, slot_id)
        if reason:
            raise reason
        entry, position = self.turns.take(lambda session: self._joined(session, planned, new, language, key))
        self.letters.announce()
        LOG.info("waitlist_joined", entry=entry.id, slot=slot_id)
        return entry, position

    def get(self, entry_id: str, token: str) -> tuple[Entry, int]:
        """Return the guest's entry and its position, 0 when it no longer waits.

        A wrong token and a link that has expired are as good as an unknown id: EntryNotFound.
        """
        if not self.links.opens(entry_id, token):
            raise EntryNotFound
        entry = self.store.get(entry_id)
        ends_at = self.schedules.schedule.ends_at(entry.date, entry.slot)
        if is_over(ends_at, entry.created_at, self.clock()):
            raise EntryNotFound
        return entry, self._position(entry)

    def leave(self, entry_id: str, token: str) -> Entry:
        """Take the guest off the list; doing it again changes nothing."""
        self.get(entry_id, token)
        return self.remove(entry_id)

    def remove(self, entry_id: str) -> Entry:
        """Take an entry off its list, if it waits; return it as it is then."""

        def work(session: Session) -> Entry | None:
            left = self.store.leave(session, entry_id)
            if left:
                self.schedules.unqueue(session, left.slot_id, waiting=1)
                self.letters.withdraw(session, entry_id, "guest_waiting")
            return left

        return self.turns.take(work) or self.store.get(entry_id)

    def first(self, session: Session, slot_id: str, most: int) -> list[Entry]:
        """Return, within the caller's transaction, up to `most` of those who wait, in order."""
        return self.store.first(session, slot_id, most)

    def promote(self, session: Session, bookings: Mapping[str, str]) -> None:
        """Mark entries promoted within the caller's transaction: the id of the new booking by the entry's id."""
        self.store.promote(session, bookings)

    def drop(self, session: Session, entry_id: str) -> None:
        """Mark an entry left within the caller's transaction, which answers for the slot's count."""
        self.store.leave(session, entry_id)

    def still_waits(self, session: Session, entry_id: str) -> bool:
        """Return whether an entry waits, and goes on to until the caller's transaction has ended."""
        return self.store.touch(session, entry_id)

    def count_by_slot(self, session: Session) -> Mapping[str, int]:
        """Return how many wait for each slot, counted from the entries themselves."""
        return self.store.count_by_slot(session)

    def of_guest(self, email: str) -> list[Entry]:
        """Return all entries of a guest."""
        return self.store.of_guest(email)

    def before(self, date: str) -> list[Entry]:
        """Return all entries for slots before `date`."""
        return self.store.before(date)

    def delete(self, ids: Sequence[str]) -> None:
        """Delete entries that no longer wait."""
        self.store.delete(ids)

    def manage_url(self, entry: Entry) -> str:
        """Return the signed address where the guest can leave the list."""
        return self.links.url(entry.id)

    def _position(self, entry: Entry) -> int:
        return self.store.ahead_of(entry) + 1 if entry.state is State.WAITING else 0

    def _joined(
        self, session: Session, planned: PlannedSlot, new: NewEntry, language: str, key: str
    ) -> tuple[Entry, int]:
        if self.store.find_made_by(key, planned.id, new.email, session):
            raise AlreadyWaiting  # or has waited: `join` finds out
        drawn = self.schedules.queue(session, planned.id)
        if drawn is None:
            slot = self.schedules.look(session, planned.id)
            raise SlotClosed if slot.closed else SlotHasPlaces if slot.remaining else WaitlistFull
        ticket, position = drawn
        now = self.clock()
        entry = Entry(
            id=new_id(now),
            slot_id=planned.id,
            date=planned.date,
            slot=planned.label,
            ticket=ticket,
            created_at=now,
            language=language,
            **vars(new),
        )
        self.store.add(session, entry, key)
        letter = letters.waiting_joined(about=entry.id, guest=new.email, facts=self._facts(entry, position), now=now)
        self.letters.promise(session, [letter])
        return entry, position

    def _facts(self, entry: Entry, position: int) -> dict[str, str]:
        schedule = self.schedules.schedule
        return {
            "event": schedule.said(entry.language).name,
            "timezone": schedule.timezone,
            "date": entry.date,
            "slot": entry.slot,
            "fullName": entry.full_name,
            "email": entry.email,
            "position": str(position),
            "leaveUrl": self.links.url(entry.id),
            "language": entry.language,
        }
