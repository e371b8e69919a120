"""Model of tickets: a code, a holder, and a state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TicketState(StrEnum):
    """State of a ticket; a transferred one is replaced by another with a new code."""

    VALID = "valid"
    CHECKED_IN = "checked_in"
    TRANSFERRED = "transferred"
    VOID = "void"


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """A ticket of an order. Its holder is an account, or an e-mail address that has no account yet."""

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
    state: TicketState = TicketState.VALID
    checked_in_at: datetime | None = None
