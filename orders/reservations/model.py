"""Model of reservations: one free ticket of an event's first tier for an account."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

# An account and an event have at most one active reservation.
Owner = tuple[str, str]


class ReservationStatus(StrEnum):
    """State of a reservation; it has a ticket only while it is confirmed."""

    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


class DueEmail(StrEnum):
    """A deferred e-mail about a reservation; the value is the end of the e-mail's id, in order of time."""

    BOOKED = "booked"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class Reservation:
    """A ticket of `tier_id`, with its `seat` if the tier is numbered. `due_emails` have no outbox row yet.

    `pool_id` is the pool that the ticket was claimed of too, or empty.
    """

    id: str
    account_id: str
    event_id: str
    tier_id: str
    created_at: datetime
    updated_at: datetime
    status: ReservationStatus = ReservationStatus.CONFIRMED
    seat: str = ""
    pool_id: str = ""
    due_emails: Sequence[DueEmail] = ()

    @property
    def owner(self) -> Owner:
        """The event's id and the account's id."""
        return self.event_id, self.account_id

    @property
    def stock_ids(self) -> Sequence[str]:
        """The stock rows that count its ticket."""
        return [self.tier_id, self.pool_id] if self.pool_id else [self.tier_id]

    @property
    def identity(self) -> Hashable:
        """The key of its group-commit requests: two for one owner cannot share a transaction."""
        return "reservation", *self.owner
