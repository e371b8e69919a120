"""Model of orders: a workflow document whose every change is a compare-and-set on its version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from orders.holds.model import CartLine, HeldItem


class OrderState(StrEnum):
    """State of an order; `docs/architecture.md` has the table of its transitions."""

    HELD = "held"
    PAYING = "paying"
    PAID = "paid"
    DECLINED = "declined"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


OPEN_STATES = frozenset({OrderState.HELD, OrderState.PAYING})
# What the API shows of a state.
PENDING = "PENDING"


class RefundState(StrEnum):
    """State of a refund at the payment provider."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Refund:
    """Money that goes back; its id is the idempotency key at the provider. `amount` is in minor units.

    `failures` counts the refunds in its place that the provider had accepted and that failed later.
    """

    id: str
    payment_id: str
    amount: int
    state: RefundState
    due_at: datetime
    attempts: int = 0
    failures: int = 0


@dataclass(frozen=True, kw_only=True)
class Dispute:
    """A dispute of a payment at the buyer's bank, by the provider's id; it is open, or lost, until it `is_won`.

    `voided` are the ids of the tickets that are void since. A won one `is_settled` when these are valid again, or void
    for good.
    """

    id: str
    payment_id: str
    is_won: bool = False
    is_settled: bool = False
    voided: Sequence[str] = ()


@dataclass(frozen=True)
class OrderKey:
    """The Idempotency-Key of an account with the fingerprint of the body that it came with."""

    id: str
    fingerprint: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class NewOrder:
    """A valid request to buy: the lines of a cart, or a hold."""

    items: Sequence[CartLine] = ()
    hold_id: str = ""
    payment_token: str = ""


@dataclass(frozen=True)
class QueuePosition:
    """Position of an order in the queue from 1, the seconds until its payment, and when its hold would end from now."""

    position: int
    eta_seconds: int
    hold_until: datetime


@dataclass(frozen=True, kw_only=True)
class Order:
    """A purchase. While it is open its tickets are held until `hold_until`; no deadline counts before `busy_until`.

    `payment_method` is the provider's token of the buyer's means of payment, known only while the order is open.
    """

    id: str
    account_id: str
    name: str
    email: str
    language: str
    items: Sequence[HeldItem]
    lines: Mapping[str, int]
    currency: str
    total: int
    state: OrderState
    created_at: datetime
    hold_until: datetime
    busy_until: datetime
    # While it queues for the provider the clock of its hold is stopped at this moment.
    queued_at: datetime | None = None
    waited: timedelta = timedelta()
    version: int = 1
    key: OrderKey | None = None
    hold_id: str = ""
    payment_method: str = ""
    provider: str = ""
    payment_id: str = ""
    # The payment that the buyer has to confirm at the bank; of no meaning once the order has ended.
    unconfirmed_payment_id: str = ""
    # The payment that the buyer has confirmed: the bank works on it, so an older answer asks for nothing again.
    consented_payment_id: str = ""
    paid_at: datetime | None = None
    changed_at: datetime | None = None
    refunds: Sequence[Refund] = ()
    disputes: Sequence[Dispute] = ()
    flag: str = ""

    @property
    def is_open(self) -> bool:
        """Whether its tickets are held."""
        return self.state in OPEN_STATES

    @property
    def awaits_confirmation(self) -> bool:
        """Whether its buyer has to confirm the payment at the bank."""
        is_asked = bool(self.unconfirmed_payment_id) and self.unconfirmed_payment_id != self.consented_payment_id
        return self.state is OrderState.PAYING and is_asked

    @property
    def status(self) -> str:
        """State as the API shows it."""
        return PENDING if self.is_open else self.state.name

    @property
    def is_anonymous(self) -> bool:
        """Whether its name and address were removed, so that its tickets would reach no person."""
        return not self.email

    @property
    def has_seats(self) -> bool:
        """Whether any of its tiers is numbered."""
        return any(item.seats for item in self.items)

    @property
    def seat_holder(self) -> str:
        """Holder of its seats: the hold from which it came, or the order itself."""
        return self.hold_id or self.id

    @property
    def charge_key(self) -> str:
        """Idempotency key of the payment at the provider."""
        return f"order-{self.id}-pay-1"

    def refunded_of(self, payment_id: str) -> int:
        """Return the sum of the refunds of a payment that have not failed, in minor units."""
        found = [refund for refund in self.refunds if refund.payment_id == payment_id]
        return sum(refund.amount for refund in found if refund.state is not RefundState.FAILED)

    @property
    def refunded(self) -> int:
        """Sum of the refunds that have not failed, in minor units."""
        return sum(refund.amount for refund in self.refunds if refund.state is not RefundState.FAILED)
