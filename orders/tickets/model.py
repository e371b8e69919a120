"""Model of tickets: a code, a holder, and a state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from accounts.model import Account


class TicketState(StrEnum):
    """State of a ticket; a transferred one is replaced by another with a new code."""

    VALID = "valid"
    CHECKED_IN = "checked_in"
    TRANSFERRED = "transferred"
    VOID = "void"


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """A ticket of an order. Its holder is an account, or an e-mail address that has no account yet.

    `sold_at` is when the order was paid, also for the ticket that a transfer makes.
    """

    id: str
    code: str
    order_id: str
    event_id: str
    tier_id: str
    tier: str
    seat: str
    price: int
    currency: str
    holder_id: str
    holder_email: str
    holder_name: str
    created_at: datetime
    sold_at: datetime
    state: TicketState = TicketState.VALID
    checked_in_at: datetime | None = None
    tier_name: str = ""

    @property
    def tier_label(self) -> str:
        """Name of the tier when it was sold; its code if the ticket was stored without one."""
        return self.tier_name or self.tier

    def belongs_to(self, account: Account) -> bool:
        """Return whether `account` holds it now; one without an account waits for its verified e-mail address."""
        if self.state is TicketState.TRANSFERRED:
            return False
        if self.holder_id:
            return self.holder_id == account.id
        return account.email_verified and self.holder_email == account.email


def ids_of(tickets: Iterable[Ticket]) -> list[str]:
    """Return the ids of tickets."""
    return [ticket.id for ticket in tickets]


@dataclass(frozen=True)
class CheckInChange:
    """A check-in, or its undoing: the state before and after, and the time of the check-in."""

    before: TicketState
    after: TicketState
    at: datetime | None


@dataclass(frozen=True, kw_only=True)
class TicketQuery:
    """A page of the tickets whose holder's name has all words of `text`, or that have the `code`."""

    text: str
    code: str
    event_id: str
    page: int
    limit: int
