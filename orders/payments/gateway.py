"""Port to payment providers: authorise, refund, find by idempotency key."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class PaymentState(StrEnum):
    """State of a payment at the provider."""

    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    PROCESSING = "processing"


@dataclass(frozen=True, kw_only=True)
class Charge:
    """Money to be taken, in minor units; the provider carries out a key once."""

    key: str
    order_id: str
    amount: int
    currency: str
    token: str


@dataclass(frozen=True, kw_only=True)
class Payment:
    """A payment as the provider knows it."""

    id: str
    order_id: str
    amount: int
    currency: str
    state: PaymentState


@dataclass(frozen=True, kw_only=True)
class Repayment:
    """Money to be given back, in minor units; the provider carries out a key once."""

    key: str
    payment_id: str
    amount: int


class PaymentUnanswered(Exception):
    """The provider did not answer in time; it may have carried out the request."""


class RepaymentRefused(Exception):
    """The provider refuses a refund for good."""


class Gateway(Protocol):
    """A payment provider. No method is called within a transaction."""

    @property
    def name(self) -> str:
        """Name of the provider."""

    def accepts(self, token: str) -> bool:
        """Return whether `token` can be a payment token of the provider, without asking it."""

    def authorise(self, charge: Charge) -> Payment:
        """Take money; raises PaymentUnanswered."""

    def refund(self, repayment: Repayment) -> None:
        """Give money back; raises PaymentUnanswered or RepaymentRefused."""

    def find(self, key: str) -> Payment | None:
        """Return the payment of an idempotency key, or None; raises PaymentUnanswered."""
