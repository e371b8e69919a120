"""Joining the waiting list of a slot without enough places, through the group commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core import log
from core.concurrency.batcher import PendingRequest
from core.errors import Conflict, DomainError
from core.ids import new_id
from core.mongo.transactions import Session
from inventory.group_commit import GroupCommit
from inventory.requests import RowsOfKind, StaleRequest, StockChange
from notifications.outbox.model import OutboxEmail
from schedules.errors import SlotClosed
from schedules.model import MAX_WAITING, PlannedSlot, Slot
from schedules.service import Schedules
from waitlist.email_queue import WaitlistEmailQueue
from waitlist.errors import AlreadyWaiting, PartyTooLarge, SlotHasPlaces, WaitlistFull
from waitlist.model import NewEntry, State, WaitlistEntry
from waitlist.store import Identity, WaitlistStore

LOG = log.get_logger("waitlist")


@dataclass(frozen=True)
class JoinRequest:
    """A guest's request to join; `key` identifies its repetitions, e-mails are in `language`."""

    guest: NewEntry
    key: str = ""
    language: str = "en"


@dataclass(frozen=True)
class Joining:
    """Appends a guest to the waiting list of a slot."""

    slot: PlannedSlot
    request: JoinRequest

    @property
    def identity(self) -> Identity:
        """The e-mail address, the slot id and the request's key."""
        return self.request.guest.email, self.slot.id, self.request.key


# Returns, in the caller's transaction, the errors of those guests, pairs of e-mail and slot id, who may not wait.
Eligibility = Callable[[Session, Sequence[tuple[str, str]]], Mapping[tuple[str, str], DomainError]]
# The answer is the entry and its position from 1.
Request = StockChange[Joining, tuple[WaitlistEntry, int]]
Batch = Sequence[PendingRequest[Request, tuple[WaitlistEntry, int]]]


@dataclass(frozen=True)
class JoinWaitlist:
    """Adds guests to waiting lists."""

    group_commit: GroupCommit
    entries: WaitlistStore
    schedules: Schedules

    def execute(self, slot_id: str, request: JoinRequest) -> tuple[WaitlistEntry, int]:
        """Append a guest to a slot's waiting list; return the entry and its position from 1.

        A repeated request with the same key returns the first one's entry, with position 0 if it no longer waits. A
        guest who left may join again with another key. An entry that waits stays as it is, also if another number of
        places is asked for.
        Raises SlotNotFound, SlotClosed, Invalid, PartyTooLarge, SlotHasPlaces, WaitlistFull, AlreadyWaiting, or
        the errors of `Eligibility`.
        """
        try:
            return self._join(slot_id, request)
        except Conflict:
            earlier = self.entries.by_request_key(request.key, slot_id, request.guest.email)
            if earlier is None or _asks_for_other_places(request, earlier):
                raise
            return earlier, self.entries.position(earlier)

    def _join(self, slot_id: str, request: JoinRequest) -> tuple[WaitlistEntry, int]:
        planned = self.schedules.get_plan(slot_id)
        self.schedules.require_seats(request.guest.seats)
        self.schedules.require_open(planned)
        # A guest waits once for a slot.
        identities = frozenset((("waiting", request.guest.email, slot_id),))
        pending: Request = StockChange(Joining(planned, request), {slot_id: 0}, identities)
        entry, position = self.group_commit.submit(pending)
        LOG.info("waitlist_joined", entry=entry.id, slot=slot_id)
        return entry, position


def _asks_for_other_places(request: JoinRequest, earlier: WaitlistEntry) -> bool:
    """Return whether a repeated request wants another number of places than the entry that still waits for it."""
    return earlier.state is State.WAITING and earlier.seats != request.guest.seats


@dataclass(frozen=True)
class JoiningRows(RowsOfKind[OutboxEmail]):
    """The rows of guests who join: slot, entry, e-mail. `eligibility` finds the guests who may not wait."""

    entries: WaitlistStore
    schedules: Schedules
    email_queue: WaitlistEmailQueue
    eligibility: Eligibility

    def write(self, session: Session, requests: Sequence[Request]) -> list[OutboxEmail]:
        """Append the guests in order of arrival; return the e-mails to enqueue."""
        queues = self._queues(session, requests)
        refusals = self._refusals(session, requests)
        joined = []
        for request in requests:
            queue = queues[request.detail.slot.id]
            refusal = refusals.get(request.detail.identity) or queue.refusal(request.detail.request.guest.seats)
            if queue.slot.closed:
                request.outcome = SlotClosed()
            elif refusal:
                request.outcome = refusal
            else:
                number, position = queue.draw()
                request.outcome = self._entry(request.detail, number), position
                joined.append(request)
        if not joined:
            return []
        return self._store(session, joined)

    def refresh(self, batch: Batch) -> None:
        """Create the slots that are planned but missing."""
        self.schedules.get_states(pending.request.detail.slot.id for pending in batch)

    def answer_duplicates(self, batch: Batch) -> None:
        """Refuse the guests who wait already, or whose request was carried out before."""
        known = self.entries.known_committed([pending.request.detail.identity for pending in batch])
        for pending in batch:
            if pending.request.detail.identity in known:
                pending.reject(AlreadyWaiting())

    def _refusals(self, session: Session, requests: Sequence[Request]) -> dict[Identity, DomainError]:
        identities = [request.detail.identity for request in requests]
        # `JoinWaitlist` finds out whether the entry of a known request still waits.
        refusals: dict[Identity, DomainError] = {
            known: AlreadyWaiting() for known in self.entries.known(session, identities)
        }
        ineligible = self.eligibility(session, [(email, slot_id) for email, slot_id, _ in identities])
        for identity in identities:
            if identity[:2] in ineligible:
                refusals[identity] = ineligible[identity[:2]]
        return refusals

    def _queues(self, session: Session, requests: Sequence[Request]) -> dict[str, _Queue]:
        slot_ids = {request.detail.slot.id for request in requests}
        found = self.schedules.store.last_queue_numbers(session, slot_ids)
        if len(found) < len(slot_ids):
            raise StaleRequest
        return {slot.id: _Queue(slot, number, slot.waiting) for slot, number in found}

    def _entry(self, joining: Joining, queue_number: int) -> WaitlistEntry:
        now = self.schedules.clock()
        return WaitlistEntry(
            id=new_id(now),
            slot_id=joining.slot.id,
            date=joining.slot.date,
            slot=joining.slot.label,
            queue_number=queue_number,
            created_at=now,
            language=joining.request.language,
            **vars(joining.request.guest),
        )

    def _store(self, session: Session, joined: Sequence[Request]) -> list[OutboxEmail]:
        parties: dict[str, list[int]] = {}
        entries = []
        emails = []
        for request in joined:
            entry, position = request.result()
            parties.setdefault(entry.slot_id, []).append(entry.seats)
            entries.append((entry, request.detail.request.key))
            emails.append(self.email_queue.emails.confirmation(entry, position))
        if not self.schedules.store.join_queue(session, parties):
            raise StaleRequest
        self.entries.add(session, entries)
        return emails


@dataclass
class _Queue:
    """The waiting list of a slot while a batch appends to it."""

    slot: Slot
    last_number: int
    length: int

    def refusal(self, seats: int) -> DomainError | None:
        """Return the reason why a party of this size cannot join an open slot, or None."""
        if self.slot.remaining >= seats:
            return SlotHasPlaces()
        if seats > max(1, self.slot.capacity):
            return PartyTooLarge()
        if self.length >= MAX_WAITING:
            return WaitlistFull()
        return None

    def draw(self) -> tuple[int, int]:
        """Return the next queue number and its position."""
        self.last_number += 1
        self.length += 1
        return self.last_number, self.length
