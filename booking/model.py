"""Bookings as values, and the rules about them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from accounts.model import Account, AccountSession
from core.idempotency import IdempotencyKey, fingerprint
from core.pagination import Cursor, Page
from notifications.outbox.model import OutboxEmail
from schedules.model import Slot
from waitlist.model import WaitlistEntry

# For how long a page may say that a booking has just been moved.
RECENTLY = timedelta(minutes=5)
# Where the addresses of those end who have been forgotten; a domain that never exists.
ERASED_DOMAIN = "@erased.invalid"


class Status(StrEnum):
    """Whether a booking holds its places."""

    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class NewBooking:
    """A request for `seats` places, validated and normalised; `phone` is E.164, `email` lower case, texts NFC."""

    full_name: str
    email: str
    phone: str
    country: str
    city: str
    date: str
    slot_id: str
    message: str
    seats: int = 1

    @property
    def fingerprint(self) -> str:
        """Return the digest that is equal exactly for equal requests; one place adds nothing to it."""
        values = dict(vars(self))
        seats = values.pop("seats")
        if seats > 1:
            values["seats"] = str(seats)
        return fingerprint(values.values())


@dataclass(frozen=True, kw_only=True)
class Booking:
    """Places that were booked together."""

    id: str
    reference: str
    full_name: str
    email: str
    phone: str
    country: str
    city: str
    message: str
    date: str
    slot_id: str
    slot_label: str
    created_at: datetime
    status: Status = Status.CONFIRMED
    # How often it has been changed, and when last: calendars and reminders go by it.
    sequence: int = 0
    changed_at: datetime | None = None
    # The date of the last reminder that was enqueued.
    reminded_of: str = ""
    # The language of the guest's e-mails: a code of `core.i18n`.
    language: str = "en"
    # Whether the rows of its confirmation e-mails are not written yet.
    confirmation_deferred: bool = False
    # The id of the account that made it, if its guest was signed in.
    account_id: str = ""
    seats: int = 1

    def was_recently_rescheduled(self, now: datetime) -> bool:
        """Return whether it holds places that it was moved to within the last minutes."""
        holds = self.status is Status.CONFIRMED
        return holds and self.sequence > 0 and self.changed_at is not None and now - self.changed_at < RECENTLY

    @property
    def identities(self) -> frozenset[Hashable]:
        """The booking, and its guest in its slot: two requests about one of these cannot share a transaction."""
        return frozenset((self.id, (self.email, self.slot_id)))

    @property
    def is_anonymised(self) -> bool:
        """Return whether the person who made it has been forgotten."""
        return self.email.endswith(ERASED_DOMAIN)

    @property
    def slot(self) -> str:
        """Return the slot's hours, under the name older clients know."""
        return self.slot_label


@dataclass
class PendingBooking:
    """A claim of a booking's places: the rows to write, all or none, until `deadline` (monotonic seconds)."""

    too_busy: ClassVar[str] = "The service is too busy. You have not been booked; please try again."

    booking: Booking
    key: IdempotencyKey | None
    deadline: float
    # Set when a row of a previous attempt conflicts but is not majority-committed: it may still be rolled back.
    may_be_committed: bool = False
    lines: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = {self.booking.slot_id: self.booking.seats}

    @property
    def slot_id(self) -> str:
        """Id of the slot that is claimed."""
        return self.booking.slot_id

    @property
    def is_keyed(self) -> bool:
        """Whether the request has an idempotency key."""
        return self.key is not None

    @property
    def identities(self) -> frozenset[Hashable]:
        """Guest and slot, and the key: what no two bookings of one transaction may share."""
        guest = (self.booking.email, self.booking.slot_id)
        return frozenset((guest, ("key", self.key.id))) if self.key else frozenset((guest,))

    def result(self) -> BookingResult:
        """Return the new booking."""
        return BookingResult(self.booking)


@dataclass(frozen=True)
class BookingResult:
    """The booking, and whether an earlier request with the same key made it."""

    booking: Booking
    replayed: bool = False

    @property
    def outcome(self) -> str:
        """The outcome in logs and metrics."""
        return "replayed" if self.replayed else "booked"


@dataclass(frozen=True)
class PersonalData:
    """The stored data about a guest in connection with one booking."""

    booking: Booking
    emails: Sequence[OutboxEmail]
    entries: Sequence[WaitlistEntry]


@dataclass(frozen=True)
class AccountData:
    """The stored data about a person with an account."""

    account: Account
    sessions: Sequence[AccountSession]
    emails: Sequence[OutboxEmail]
    bookings: Sequence[Booking]
    tickets: Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class ErasureResult:
    """The number of erased rows; `pending` e-mails are deleted once the outcome of their batch is known."""

    bookings: int
    emails: int
    entries: int
    pending: int = 0

    def __add__(self, other: ErasureResult) -> ErasureResult:
        return ErasureResult(
            self.bookings + other.bookings,
            self.emails + other.emails,
            self.entries + other.entries,
            self.pending + other.pending,
        )


@dataclass(frozen=True)
class BookingFilter:
    """Filters of the back office; None or an empty text matches every booking."""

    # Words, each a part of the name, e-mail or phone, or a reference.
    q: str = ""
    name: str = ""
    phone: str = ""
    date: str = ""
    country: str = ""
    status: Status | None = None
    # As they are kept: `K7MP-4QXD`, and an address in lower case.
    reference: str = ""
    email: str = ""
    email_part: str = ""
    slot_id: str = ""
    # The bookings that a text search found; None without one.
    ids: tuple[str, ...] | None = None

    @property
    def has_text(self) -> bool:
        """Whether text is searched, which the segments or a comparison with each booking answer."""
        return bool(self.q or self.name or self.phone or self.email_part)

    def narrowed_to(self, ids: Sequence[str]) -> BookingFilter:
        """Return the other filters, among the bookings that the text search found."""
        return replace(self, q="", name="", phone="", email_part="", ids=tuple(ids))

    def text_only(self) -> BookingFilter:
        """Return the filters of text alone."""
        return BookingFilter(q=self.q, name=self.name, phone=self.phone, email_part=self.email_part)


class ExportRow(NamedTuple):
    """A booking as the export needs it, in the order of its columns; light, because there may be a million."""

    full_name: str
    email: str
    phone: str
    country: str
    date: str
    slot_label: str
    message: str
    created_at: datetime
    city: str
    status: str
    reference: str
    seats: int


class SortField(StrEnum):
    """What bookings are put in order by; equal ones by when they were made."""

    CREATED = "created"
    NAME = "name"
    DATE = "date"
    HOUR = "hour"
    COUNTRY = "country"


@dataclass(frozen=True)
class PageRequest:
    """Which part of what is found, in which order: `limit` bookings from a page on, or from behind `after`."""

    limit: int
    page: int = 1
    by: SortField = SortField.CREATED
    descending: bool = True
    after: Cursor | None = None

    @property
    def skip(self) -> int:
        """Return how many bookings come before it."""
        return 0 if self.after else (self.page - 1) * self.limit


@dataclass(frozen=True)
class BookingListing:
    """A page of the bookings found, and the orders that are available for this search.

    `total` is the number of all bookings found. If many match, it is an estimate and not `is_exact`.
    """

    page: Page[Booking]
    total: int
    is_exact: bool
    sorts: list[SortField]


def booking_from_waitlist(entry: WaitlistEntry, slot: Slot, booking_id: str, reference: str, now: datetime) -> Booking:
    """Return the booking that gives `entry` its places in `slot`."""
    return Booking(
        id=booking_id,
        reference=reference,
        full_name=entry.full_name,
        email=entry.email,
        phone=entry.phone,
        country=entry.country,
        city="",
        message="",
        date=slot.date,
        slot_id=slot.id,
        slot_label=slot.label,
        created_at=now,
        language=entry.language,
        seats=entry.seats,
    )
