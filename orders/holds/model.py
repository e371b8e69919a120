"""Model of holds: the lines of tickets, their frozen prices, and the states of a hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

# The most tickets of a tier in one cart; an event may set a lower limit.
MAX_QUANTITY = 20


class HoldKind(StrEnum):
    """Why tickets are held: for a cart, or as an offer to the first in line of a waiting list."""

    CART = "cart"
    OFFER = "offer"


class HoldState(StrEnum):
    """State of a hold; it holds stock only while it is active."""

    ACTIVE = "active"
    USED = "used"
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True)
class CartLine:
    """Tickets of one tier that somebody asks for; `seats` are the labels of those that are chosen by seat."""

    tier_id: str
    quantity: int = 0
    seats: Sequence[str] = ()

    @property
    def count(self) -> int:
        """Number of tickets."""
        return len(self.seats) or self.quantity


@dataclass(frozen=True, kw_only=True)
class HeldItem:
    """Tickets of one tier. `price` is in minor units of `currency`, frozen when the hold was made."""

    event_id: str
    tier_id: str
    code: str
    name: str
    quantity: int
    price: int
    currency: str
    seats: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Tickets held for an account until `expires_at`. `lines` are the counts by stock id, those of pools included."""

    id: str
    account_id: str
    kind: HoldKind
    items: Sequence[HeldItem]
    lines: Mapping[str, int]
    created_at: datetime
    expires_at: datetime
    state: HoldState = HoldState.ACTIVE

    @property
    def currency(self) -> str:
        """Currency of all items."""
        return self.items[0].currency

    @property
    def has_seats(self) -> bool:
        """Whether any of its tiers is numbered."""
        return any(item.seats for item in self.items)

    @property
    def total(self) -> int:
        """Sum of all items in minor units."""
        return sum(item.price * item.quantity for item in self.items)


def with_seats(items: Sequence[HeldItem], labels: Mapping[str, Sequence[str]]) -> list[HeldItem]:
    """Return `items` with the seats that are given by tier id."""
    return [replace(item, seats=list(labels.get(item.tier_id, item.seats))) for item in items]
