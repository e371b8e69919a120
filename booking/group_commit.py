"""Group commit: pending bookings share one transaction, up to each slot's capacity.

The first request starts a transaction at once; later ones, for any slot, share the next. If the guard fails for the
batch, the largest part that fits is committed in order of arrival. Duplicates and known keys are answered on their own.
"""

from __future__ import annotations

import time
from collections import Counter as Tally
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from booking.errors import DuplicateBooking, IdempotencyKeyReused, SlotFull
from booking.model import Booking, BookingResult, PendingBooking, Status, without_conflicts
from booking.store import BookingStore, IdempotencyStore
from core.clock import Clock, monotonic
from core.concurrency.batcher import Batcher, PendingRequest, PendingRequests
from core.errors import OutcomeUnknown, Unavailable
from core.ids import new_reference
from core.mongo.client import Client
from core.mongo.failures import DUPLICATE_KEY, BulkError, DatabaseError, DuplicateKey, WriteContention
from core.mongo.transactions import Session, transaction
from notifications.outbox.service import Outbox
from schedules.errors import SlotClosed
from schedules.model import Slot
from schedules.service import Schedules

TRANSACTION_SECONDS = 8.0
MAX_QUEUE = 4096
MAX_BATCH = 256
# How long a slot once seen full is refused without asking again: a cancellation is noticed well within a second.
SOLD_OUT_TTL = 0.5
# How long the others wait for a slot that somebody holds before it is served apart, and how long a round then tries
# it; a slot found held is served apart for a while.
BATCH_TIMEOUT = 0.5
ISOLATED_TIMEOUT = 0.25
QUARANTINE_SECONDS = 5.0
DOUBT_SECONDS, UNSETTLED_SECONDS = 0.05, 0.005
TOO_BUSY = "The service is too busy. You have not been booked; please try again."
PendingBookingRequest = PendingRequest[PendingBooking, BookingResult]


class InsufficientCapacity(Exception):
    """Some slot has fewer places left than the group wants."""


@dataclass
class BookingGroupCommit:
    """Where places are claimed. One transaction at a time in each process."""

    client: Client
    schedules: Schedules
    bookings: BookingStore
    keys: IdempotencyStore
    letters: Outbox
    clock: Clock
    seconds: float = TRANSACTION_SECONDS
    max_queue: int = MAX_QUEUE
    _sold_out_until: dict[str, float] = field(default_factory=dict)
    _contended_until: dict[str, float] = field(default_factory=dict)
    _last_attempt: dict[str, float] = field(default_factory=dict)
    _nearly_full: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._batcher: Batcher[PendingBooking, BookingResult] = Batcher(
            self._process_batch, max_queue=self.max_queue, max_batch=self.max_queue
        )

    def book(self, wish: PendingBooking) -> BookingResult:
        """Return the booking that was made, or the one an earlier request with the same key made.

        Raises SlotFull, SlotClosed, DuplicateBooking, IdempotencyKeyReused, Unavailable (surely not booked) or
        OutcomeUnknown (perhaps booked).
        """
        if wish.key is None and self._sold_out_until.get(wish.slot_id, 0.0) > monotonic():
            raise SlotFull
        return self._batcher.submit(wish)

    def invalidate_sold_out(self, slot_id: str) -> None:
        """Ask the database about `slot_id` next time: a place may have come free."""
        self._sold_out_until.pop(slot_id, None)
        self.schedules.invalidate_alternatives()

    def replay(self, wish: PendingBooking) -> BookingResult | None:
        """Return what an earlier request with the same key got, if there was one; raises IdempotencyKeyReused."""
        ticket: PendingBookingRequest = PendingRequest(wish)
        self._answer_known_keys([ticket])
        return ticket.result() if ticket.done else None

    def _process_batch(self, tickets: PendingRequests[PendingBooking, BookingResult]) -> None:
        """Answer a round; tickets left without an answer come first in the next one.

        Most are served together. Whoever wants a slot that somebody holds, or is in doubt, is served apart and
        shortly, so that the others do not wait for it. Repetitions of a request in the round learn what became of it.
        """
        tickets = _drop_expired(tickets)
        together = _first([ticket for ticket in tickets if not self._is_isolated(ticket)])
        group, twins = _split_duplicates(together)
        self._commit(group, BATCH_TIMEOUT)
        self._commit_isolated(_split_duplicates([ticket for ticket in tickets if self._is_isolated(ticket)])[0])
        if twins:
            self._reject_on_error(twins, self._answer_duplicates)

    def _commit_isolated(self, tickets: Sequence[PendingBookingRequest]) -> None:
        apart: dict[object, list[PendingBookingRequest]] = {}
        for ticket in tickets:
            apart.setdefault(id(ticket) if ticket.request.may_be_committed else ticket.request.slot_id, []).append(
                ticket
            )
        end = monotonic() + BATCH_TIMEOUT
        for part in sorted(apart.values(), key=lambda part: self._last_attempt.get(part[0].request.slot_id, 0.0)):
            if monotonic() > end:
                return
            self._last_attempt[part[0].request.slot_id] = monotonic()
            self._commit(_first(part), ISOLATED_TIMEOUT)

    def _is_isolated(self, ticket: PendingBookingRequest) -> bool:
        return ticket.request.may_be_committed or self._contended_until.get(ticket.request.slot_id, 0.0) > monotonic()

    def _commit(self, group: list[PendingBookingRequest], conflicts: float) -> None:
        """Answer `group`, or leave those unanswered whose slots others hold for longer than `conflicts` seconds."""
        self._reject_on_error(group, partial(self._commit_or_split, conflicts=conflicts))

    def _commit_or_split(self, group: list[PendingBookingRequest], conflicts: float) -> None:
        try:
            self._commit_fitting(group, conflicts)
        except WriteContention:
            slots = {ticket.request.slot_id for ticket in group}
            if len(slots) == 1:
                self._contended_until |= dict.fromkeys(slots, monotonic() + QUARANTINE_SECONDS)
            else:
                self._commit_isolated([ticket for ticket in group if not ticket.done])

    def _reject_on_error(
        self, group: list[PendingBookingRequest], serve: Callable[[list[PendingBookingRequest]], object]
    ) -> None:
        """Let `serve` answer `group`; what befalls it is told to the group alone."""
        try:
            serve(group)
        except Exception as error:  # the edge of a round
            for ticket in group:
                unsure = ticket.request.may_be_committed and isinstance(error, DatabaseError | Unavailable)
                ticket.reject(OutcomeUnknown(retry_after=2) if unsure else error)

    def _commit_fitting(self, group: list[PendingBookingRequest], conflicts: float) -> None:
        end = monotonic() + conflicts
        if any(ticket.request.slot_id in self._nearly_full for ticket in group):
            group = self._largest_fitting(group)
        while group := _drop_expired(group):
            try:
                transaction(self.client, partial(self._write, group), self.seconds, conflicts)
            except InsufficientCapacity:
                fitting = self._largest_fitting(group)
                if len(fitting) == len(group):  # The places are taken by bookings that a fail-over may still undo.
                    if monotonic() > end:
                        raise WriteContention(retry_after=2) from None
                    time.sleep(UNSETTLED_SECONDS)
                group = fitting
            except (BulkError, DuplicateKey) as error:
                if not _is_duplicate(error):
                    raise
                group = self._drop_duplicates(group)
            else:
                self._answer_booked(group)
                return

    def _answer_booked(self, group: Sequence[PendingBookingRequest]) -> None:
        for ticket in group:
            ticket.resolve(BookingResult(ticket.request.booking))
            self._contended_until.pop(ticket.request.slot_id, None)
        self.schedules.invalidate_alternatives()
        self.letters.wake_worker()

    def _write(self, group: Sequence[PendingBookingRequest], session: Session) -> None:
        wishes = [ticket.request for ticket in group]
        if not self.schedules.claim(session, Tally(wish.booking.slot_id for wish in wishes)):
            raise InsufficientCapacity
        self.bookings.add(session, [wish.booking for wish in wishes])
        keys = [wish.key for wish in wishes if wish.key]
        if keys:
            self.keys.add(session, keys)
        self.letters.enqueue(session, [letter for wish in wishes for letter in wish.emails])

    def _largest_fitting(self, group: Sequence[PendingBookingRequest]) -> list[PendingBookingRequest]:
        """Return the largest part of `group` that fits, in order of arrival.

        Whoever wants a full slot is refused; whoever merely comes after the last place of a slot stays unanswered,
        because those before may still turn out to be duplicates.
        """
        seen_at = monotonic()
        standing = self.schedules.get_states(ticket.request.slot_id for ticket in group)
        left = {slot_id: slot.remaining for slot_id, slot in standing.items()}
        wanted = Tally(ticket.request.slot_id for ticket in group)
        self._nearly_full -= {slot_id for slot_id, places in left.items() if places > wanted[slot_id]}
        self._nearly_full |= {slot_id for slot_id, places in left.items() if places <= wanted[slot_id]}
        full = [ticket for ticket in group if standing[ticket.request.slot_id].is_full]
        self._refuse_full(full, standing, seen_at)
        fitting = []
        for ticket in group:
            slot_id = ticket.request.slot_id
            if left[slot_id] > 0:
                left[slot_id] -= 1
                fitting.append(ticket)
        return fitting

    def _refuse_full(self, full: Sequence[PendingBookingRequest], standing: Mapping[str, Slot], seen_at: float) -> None:
        # Whoever repeats a request that succeeded is told so, though the slot has filled up since.
        self._answer_known_keys(full)
        for ticket in full:
            slot = standing[ticket.request.slot_id]
            if not slot.closed:
                self._sold_out_until[slot.id] = seen_at + SOLD_OUT_TTL
            ticket.reject(SlotClosed() if slot.closed else SlotFull())

    def _drop_duplicates(self, group: Sequence[PendingBookingRequest]) -> list[PendingBookingRequest]:
        """Answer the duplicates and repetitions in `group`; return the others.

        When nobody is found to be one, some row in the way is not there to stay yet: a fail-over may still take it
        back. Then nobody is answered now, and each is tried apart.
        """
        self._answer_duplicates(group)
        left = [ticket for ticket in group if not ticket.done]
        if len(left) < len(group) or self._reassign_references(left):
            return left
        for ticket in left:
            ticket.request.may_be_committed = True
        time.sleep(DOUBT_SECONDS if len(left) == 1 else 0)
        return []

    def _answer_duplicates(self, group: Sequence[PendingBookingRequest]) -> None:
        """Answer whoever has been booked before: by the same request, or in the same slot."""
        self._answer_known_keys(group)
        rest = [ticket for ticket in group if not ticket.done]
        active = self.bookings.find_active((t.request.booking.email, t.request.slot_id) for t in rest) if rest else {}
        for ticket in rest:
            booking = ticket.request.booking
            known = active.get((booking.email, booking.slot_id))
            if known and known.id == booking.id:
                ticket.resolve(BookingResult(known))  # An earlier commit of this very request took after all.
            elif known:
                ticket.reject(DuplicateBooking())

    def _reassign_references(self, group: Sequence[PendingBookingRequest]) -> bool:
        taken = self.bookings.existing_references(ticket.request.booking.reference for ticket in group)
        unlucky = [ticket.request for ticket in group if ticket.request.booking.reference in taken]
        for wish in unlucky:
            reference = new_reference()
            wish.booking = replace(wish.booking, reference=reference)
            wish.emails = [replace(one, context={**one.context, "reference": reference}) for one in wish.emails]
        return bool(unlucky)

    def _answer_known_keys(self, tickets: Sequence[PendingBookingRequest]) -> None:
        asked = [(ticket, ticket.request.key) for ticket in tickets if ticket.request.key]
        known = self.keys.find({key.id for _, key in asked}, self.clock()) if asked else {}
        made = self.bookings.get_many_committed(key.booking_id for key in known.values()) if known else {}
        for ticket, key in asked:
            used = known.get(key.id)
            if used and used.fingerprint != key.fingerprint:
                ticket.reject(IdempotencyKeyReused())
            elif used and used.booking_id in made:
                first = _original_response(made[used.booking_id], ticket.request.booking)
                ticket.resolve(BookingResult(first, replayed=used.booking_id != ticket.request.booking.id))


def _first(tickets: list[PendingBookingRequest]) -> list[PendingBookingRequest]:
    """Return as many tickets, in order of arrival, as a transaction takes."""
    return tickets[:MAX_BATCH]


def _split_duplicates(
    tickets: list[PendingBookingRequest],
) -> tuple[list[PendingBookingRequest], list[PendingBookingRequest]]:
    """Return those that can share a transaction, and those that repeat one of them."""
    chosen = {id(wish) for wish in without_conflicts(ticket.request for ticket in tickets)}
    return (
        [ticket for ticket in tickets if id(ticket.request) in chosen],
        [ticket for ticket in tickets if id(ticket.request) not in chosen],
    )


def _drop_expired(group: Sequence[PendingBookingRequest]) -> list[PendingBookingRequest]:
    """Refuse those who have waited too long; return the others."""
    for ticket in group:
        if ticket.request.deadline <= monotonic():
            in_doubt = ticket.request.may_be_committed
            ticket.reject(OutcomeUnknown(retry_after=2) if in_doubt else Unavailable(TOO_BUSY, retry_after=2))
    return [ticket for ticket in group if not ticket.done]


def _original_response(made: Booking, asked: Booking) -> Booking:
    """Return `made` as it was answered first, whatever has become of it: in the slot that the same body asks for."""
    return replace(made, status=Status.CONFIRMED, date=asked.date, slot_id=asked.slot_id, slot_label=asked.slot_label)


def _is_duplicate(error: BulkError | DuplicateKey) -> bool:
    if isinstance(error, DuplicateKey):
        return True
    return any(problem.get("code") == DUPLICATE_KEY for problem in error.details.get("writeErrors", []))
