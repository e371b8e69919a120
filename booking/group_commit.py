"""The counter: everybody who waits is served in one transaction, exactly as many as there are places.

Group commit: the first request goes straight into a transaction; those that arrive meanwhile, for any slot, share the
next one. Slots are claimed under a guard; bookings, keys and letters are inserted in the same transaction.

Exact fill inside a group: when the guard fails for the whole group, the largest part that fits goes on in order of
arrival, and nobody else is refused until a read shows their slot full. A request that cannot succeed (a duplicate, a
known key) is answered apart and never spoils its neighbours.
"""

from __future__ import annotations

import time
from collections import Counter as Tally
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from booking.errors import DuplicateBooking, IdempotencyKeyReused, SlotFull
from booking.model import Booked, Booking, Status, Wish, compatible
from booking.store import BookingStore, KeyStore
from core.clock import Clock, monotonic
from core.concurrency.batcher import Combiner, Ticket, Tickets
from core.errors import OutcomeUnknown, Unavailable
from core.ids import new_reference
from core.mongo.client import Client
from core.mongo.failures import DUPLICATE_KEY, BulkError, DatabaseError, DuplicateKey, WriteContention
from core.mongo.transactions import Session, transaction
from notifications.outbox.service import Letters
from schedules.errors import SlotClosed
from schedules.model import Slot
from schedules.service import Schedules

TRANSACTION_SECONDS = 8.0
MOST_WAITING = 4096
MOST_AT_ONCE = 256
# How long a slot once seen full is refused without asking again: a cancellation is noticed well within a second.
FULL_SECONDS = 0.5
# How long the others wait for a slot that somebody holds before it is served apart, and how long a round then tries
# it; a slot found held is served apart for a while.
TOGETHER_SECONDS = 0.5
APART_SECONDS = 0.25
HELD_SECONDS = 5.0
DOUBT_SECONDS, UNSETTLED_SECONDS = 0.05, 0.005
TOO_BUSY = "The service is too busy. You have not been booked; please try again."

WishTicket = Ticket[Wish, Booked]


class Short(Exception):
    """Some slot has fewer places left than the group wants."""


@dataclass
class Counter:
    """Where places are claimed. One transaction at a time in each process."""

    client: Client
    schedules: Schedules
    bookings: BookingStore
    keys: KeyStore
    letters: Letters
    clock: Clock
    seconds: float = TRANSACTION_SECONDS
    most_waiting: int = MOST_WAITING
    _full_until: dict[str, float] = field(default_factory=dict)
    _held_until: dict[str, float] = field(default_factory=dict)
    _tried_at: dict[str, float] = field(default_factory=dict)
    _scarce: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Open."""
        self._line: Combiner[Wish, Booked] = Combiner(
            self._serve, most_waiting=self.most_waiting, most_at_once=self.most_waiting
        )

    def book(self, wish: Wish) -> Booked:
        """Return the booking that was made, or the one an earlier request with the same key made.

        Raises SlotFull, SlotClosed, DuplicateBooking, IdempotencyKeyReused, Unavailable (surely not booked) or
        OutcomeUnknown (perhaps booked).
        """
        if wish.key is None and self._full_until.get(wish.slot_id, 0.0) > monotonic():
            raise SlotFull
        return self._line.submit(wish)

    def forget_full(self, slot_id: str) -> None:
        """Ask the database about `slot_id` next time: a place may have come free."""
        self._full_until.pop(slot_id, None)
        self.schedules.changed()

    def replay(self, wish: Wish) -> Booked | None:
        """Return what an earlier request with the same key got, if there was one; raises IdempotencyKeyReused."""
        ticket: WishTicket = Ticket(wish)
        self._answer_known_keys([ticket])
        return ticket.result() if ticket.answered else None

    def _serve(self, tickets: Tickets[Wish, Booked]) -> None:
        """Answer a round; tickets left without an answer come first in the next one.

        Most are served together. Whoever wants a slot that somebody holds, or is in doubt, is served apart and
        shortly, so that the others do not wait for it. Repetitions of a request in the round learn what became of it.
        """
        tickets = _in_time(tickets)
        together = _first([ticket for ticket in tickets if not self._is_apart(ticket)])
        group, twins = _without_twins(together)
        self._settle(group, TOGETHER_SECONDS)
        self._settle_apart(_without_twins([ticket for ticket in tickets if self._is_apart(ticket)])[0])
        if twins:
            self._guarded(twins, self._answer_duplicates)

    def _settle_apart(self, tickets: Sequence[WishTicket]) -> None:
        apart: dict[object, list[WishTicket]] = {}
        for ticket in tickets:
            apart.setdefault(id(ticket) if ticket.request.in_doubt else ticket.request.slot_id, []).append(ticket)
        end = monotonic() + TOGETHER_SECONDS
        for part in sorted(apart.values(), key=lambda part: self._tried_at.get(part[0].request.slot_id, 0.0)):
            if monotonic() > end:
                return
            self._tried_at[part[0].request.slot_id] = monotonic()
            self._settle(_first(part), APART_SECONDS)

    def _is_apart(self, ticket: WishTicket) -> bool:
        return ticket.request.in_doubt or self._held_until.get(ticket.request.slot_id, 0.0) > monotonic()

    def _settle(self, group: list[WishTicket], conflicts: float) -> None:
        """Answer `group`, or leave those unanswered whose slots others hold for longer than `conflicts` seconds."""
        self._guarded(group, partial(self._try_or_part, conflicts=conflicts))

    def _try_or_part(self, group: list[WishTicket], conflicts: float) -> None:
        try:
            self._try(group, conflicts)
        except WriteContention:
            slots = {ticket.request.slot_id for ticket in group}
            if len(slots) == 1:
                self._held_until |= dict.fromkeys(slots, monotonic() + HELD_SECONDS)
            else:
                self._settle_apart([ticket for ticket in group if not ticket.answered])

    def _guarded(self, group: list[WishTicket], serve: Callable[[list[WishTicket]], object]) -> None:
        """Let `serve` answer `group`; what befalls it is told to the group alone."""
        try:
            serve(group)
        except Exception as error:  # the edge of a round
            for ticket in group:
                unsure = ticket.request.in_doubt and isinstance(error, DatabaseError | Unavailable)
                ticket.refuse(OutcomeUnknown(retry_after=2) if unsure else error)

    def _try(self, group: list[WishTicket], conflicts: float) -> None:
        end = monotonic() + conflicts
        if any(ticket.request.slot_id in self._scarce for ticket in group):
            group = self._that_fit(group)
        while group := _in_time(group):
            try:
                transaction(self.client, partial(self._write, group), self.seconds, conflicts)
            except Short:
                fitting = self._that_fit(group)
                if len(fitting) == len(group):  # The places are taken by bookings that a fail-over may still undo.
                    if monotonic() > end:
                        raise WriteContention(retry_after=2) from None
                    time.sleep(UNSETTLED_SECONDS)
                group = fitting
            except (BulkError, DuplicateKey) as error:
                if not _is_duplicate(error):
                    raise
                group = self._that_are_new(group)
            else:
                self._answer_booked(group)
                return

    def _answer_booked(self, group: Sequence[WishTicket]) -> None:
        for ticket in group:
            ticket.answer(Booked(ticket.request.booking))
            self._held_until.pop(ticket.request.slot_id, None)
        self.schedules.changed()
        self.letters.announce()

    def _write(self, group: Sequence[WishTicket], session: Session) -> None:
        wishes = [ticket.request for ticket in group]
        if not self.schedules.claim(session, Tally(wish.booking.slot_id for wish in wishes)):
            raise Short
        self.bookings.add(session, [wish.booking for wish in wishes])
        keys = [wish.key for wish in wishes if wish.key]
        if keys:
            self.keys.add(session, keys)
        self.letters.promise(session, [letter for wish in wishes for letter in wish.letters])

    def _that_fit(self, group: Sequence[WishTicket]) -> list[WishTicket]:
        """Return the largest part of `group` that fits, in order of arrival.

        Whoever wants a full slot is refused; whoever merely comes after the last place of a slot stays unanswered,
        because those before may still turn out to be duplicates.
        """
        seen_at = monotonic()
        standing = self.schedules.standing(ticket.request.slot_id for ticket in group)
        left = {slot_id: slot.remaining for slot_id, slot in standing.items()}
        wanted = Tally(ticket.request.slot_id for ticket in group)
        self._scarce -= {slot_id for slot_id, places in left.items() if places > wanted[slot_id]}
        self._scarce |= {slot_id for slot_id, places in left.items() if places <= wanted[slot_id]}
        full = [ticket for ticket in group if standing[ticket.request.slot_id].is_full]
        self._refuse_full(full, standing, seen_at)
        fitting = []
        for ticket in group:
            slot_id = ticket.request.slot_id
            if left[slot_id] > 0:
                left[slot_id] -= 1
                fitting.append(ticket)
        return fitting

    def _refuse_full(self, full: Sequence[WishTicket], standing: Mapping[str, Slot], seen_at: float) -> None:
        # Whoever repeats a request that succeeded is told so, though the slot has filled up since.
        self._answer_known_keys(full)
        for ticket in full:
            slot = standing[ticket.request.slot_id]
            if not slot.closed:
                self._full_until[slot.id] = seen_at + FULL_SECONDS
            ticket.refuse(SlotClosed() if slot.closed else SlotFull())

    def _that_are_new(self, group: Sequence[WishTicket]) -> list[WishTicket]:
        """Answer the duplicates and repetitions in `group`; return the others.

        When nobody is found to be one, some row in the way is not there to stay yet: a fail-over may still take it
        back. Then nobody is answered now, and each is tried apart.
        """
        self._answer_duplicates(group)
        left = [ticket for ticket in group if not ticket.answered]
        if len(left) < len(group) or self._gave_new_references(left):
            return left
        for ticket in left:
            ticket.request.in_doubt = True
        time.sleep(DOUBT_SECONDS if len(left) == 1 else 0)
        return []

    def _answer_duplicates(self, group: Sequence[WishTicket]) -> None:
        """Answer whoever has been booked before: by the same request, or in the same slot."""
        self._answer_known_keys(group)
        rest = [ticket for ticket in group if not ticket.answered]
        active = self.bookings.find_active((t.request.booking.email, t.request.slot_id) for t in rest) if rest else {}
        for ticket in rest:
            booking = ticket.request.booking
            known = active.get((booking.email, booking.slot_id))
            if known and known.id == booking.id:
                ticket.answer(Booked(known))  # An earlier commit of this very request took after all.
            elif known:
                ticket.refuse(DuplicateBooking())

    def _gave_new_references(self, group: Sequence[WishTicket]) -> bool:
        taken = self.bookings.references_taken(ticket.request.booking.reference for ticket in group)
        unlucky = [ticket.request for ticket in group if ticket.request.booking.reference in taken]
        for wish in unlucky:
            reference = new_reference()
            wish.booking = replace(wish.booking, reference=reference)
            wish.letters = [replace(one, facts={**one.facts, "reference": reference}) for one in wish.letters]
        return bool(unlucky)

    def _answer_known_keys(self, tickets: Sequence[WishTicket]) -> None:
        asked = [(ticket, ticket.request.key) for ticket in tickets if ticket.request.key]
        known = self.keys.find({key.id for _, key in asked}, self.clock()) if asked else {}
        made = self.bookings.find_ids(key.booking_id for key in known.values()) if known else {}
        for ticket, key in asked:
            used = known.get(key.id)
            if used and used.fingerprint != key.fingerprint:
                ticket.refuse(IdempotencyKeyReused())
            elif used and used.booking_id in made:
                first = _as_asked(made[used.booking_id], ticket.request.booking)
                ticket.answer(Booked(first, replayed=used.booking_id != ticket.request.booking.id))


def _first(tickets: list[WishTicket]) -> list[WishTicket]:
    """Return as many tickets, in order of arrival, as a transaction takes."""
    return tickets[:MOST_AT_ONCE]


def _without_twins(tickets: list[WishTicket]) -> tuple[list[WishTicket], list[WishTicket]]:
    """Return those that can share a transaction, and those that repeat one of them."""
    chosen = {id(wish) for wish in compatible(ticket.request for ticket in tickets)}
    return (
        [ticket for ticket in tickets if id(ticket.request) in chosen],
        [ticket for ticket in tickets if id(ticket.request) not in chosen],
    )


def _in_time(group: Sequence[WishTicket]) -> list[WishTicket]:
    """Refuse those who have waited too long; return the others."""
    for ticket in group:
        if ticket.request.deadline <= monotonic():
            in_doubt = ticket.request.in_doubt
            ticket.refuse(OutcomeUnknown(retry_after=2) if in_doubt else Unavailable(TOO_BUSY, retry_after=2))
    return [ticket for ticket in group if not ticket.answered]


def _as_asked(made: Booking, asked: Booking) -> Booking:
    """Return `made` as it was answered first, whatever has become of it: in the slot that the same body asks for."""
    return replace(made, status=Status.CONFIRMED, date=asked.date, slot_id=asked.slot_id, slot_label=asked.slot_label)


def _is_duplicate(error: BulkError | DuplicateKey) -> bool:
    if isinstance(error, DuplicateKey):
        return True
    return any(problem.get("code") == DUPLICATE_KEY for problem in error.details.get("writeErrors", []))
