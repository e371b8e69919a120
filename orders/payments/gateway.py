"""Port to payment providers: authorise, refund, find by idempotency key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class PaymentState(StrEnum):
    """State of a payment at the provider."""

    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    PROCESSING = "processing"
    # The buyer confirms it in the browser, with the payment's client secret.
    ACTION_REQUIRED = "action_required"


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
    """A payment as the provider knows it; `refunded` is in minor units.

    `client_secret` lets the buyer's browser confirm the payment; it is never stored and never logged.
    """

    id: str
    order_id: str
    amount: int
    currency: str
    state: PaymentState
    refunded: int = 0
    client_secret: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Repayment:
    """Money to be given back, in minor units of the payment's currency; the provider carries out a key once."""

    key: str
    order_id: str
    payment_id: str
    amount: int
    currency: str


class PaymentUnanswered(Exception):
    """The provider did not answer in time; it may have carried out the request."""


class PaymentThrottled(PaymentUnanswered):
    """The provider takes no more requests for `retry_after` seconds, and has not carried out this one."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class RepaymentRefused(Exception):
    """The provider refuses a refund for good."""


class RepaymentFailed(Exception):
    """The provider accepted a refund, and it failed: another one with a new key may succeed."""


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
        """Give money back; raises PaymentUnanswered, RepaymentRefused or RepaymentFailed."""

    def find(self, key: str) -> Payment | None:
        """Return the payment of an idempotency key, or None; raises PaymentUnanswered."""

    def get(self, payment_id: str) -> Payment | None:
        """Return a payment of an order by its id at the provider, or None; raises PaymentUnanswered."""

    def confirm(self, payment: Payment) -> Payment:
        """Return a payment after its buyer's consent; unchanged if it is given in the buyer's browser."""

    def payments_since(self, moment: datetime) -> Iterable[Payment]:
        """Yield the payments that were made since `moment`; raises PaymentUnanswered."""
