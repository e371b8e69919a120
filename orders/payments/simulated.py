"""Simulated payment provider: the payment token decides what becomes of a payment; no money is moved."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.clock import Clock
from core.ids import new_id
from core.mongo.client import Document
from orders.payments.gateway import (
    Charge,
    Payment,
    PaymentState,
    PaymentUnanswered,
    Repayment,
    RepaymentRefused,
)
from orders.payments.simulated_store import PREFIX, SimulatedPayments

APPROVE = "tok_approve"
DECLINE = "tok_decline"
TIMEOUT = "tok_timeout"
LATE = "tok_late"
TWICE = "tok_twice"
CONFIRM = "tok_confirm"
TOKENS = frozenset({APPROVE, DECLINE, TIMEOUT, LATE, TWICE, CONFIRM})


@dataclass(frozen=True)
class SimulatedTimes:
    """When the simulated provider does not answer, when it is late, and how often it approves."""

    timeout: timedelta
    late: timedelta
    success_rate: float = 1.0
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class SimulatedGateway:
    """A payment provider for tests and demonstrations; its payments are in the database, so all workers share them."""

    payments: SimulatedPayments
    times: SimulatedTimes
    clock: Clock

    @property
    def name(self) -> str:
        return "simulated"

    def accepts(self, token: str) -> bool:
        """Return whether it is one of TOKENS."""
        return token in TOKENS

    def authorise(self, charge: Charge) -> Payment:
        """Take the money as the token says; raises PaymentUnanswered after the time-out for TIMEOUT."""
        state, fields = self._plan(charge.token)
        payment = self.payments.open(charge, f"{PREFIX}{new_id(self.clock())}", state, fields)
        if charge.token == TIMEOUT:
            self.times.sleep(self.times.timeout.total_seconds())
            raise PaymentUnanswered
        return payment

    def refund(self, repayment: Repayment) -> None:
        """Give money back; raises RepaymentRefused beyond what was paid."""
        if not self.payments.refund(repayment.payment_id, repayment.key, repayment.amount):
            raise RepaymentRefused

    def find(self, key: str) -> Payment | None:
        """Return the payment of a key, or None."""
        return self.payments.find(key)

    def get(self, payment_id: str) -> Payment | None:
        """Return a payment by its id, or None."""
        return self.payments.get(payment_id)

    def confirm(self, payment: Payment) -> Payment:
        """Let a payment that awaits its buyer succeed."""
        return self.payments.confirm(payment)

    def payments_since(self, moment: datetime) -> Iterable[Payment]:
        """Yield the payments that were made since `moment`."""
        return self.payments.since(moment)

    def _plan(self, token: str) -> tuple[PaymentState, Document]:
        """Return the state of a new payment, and when its webhook is due and how often it is sent."""
        now = self.clock()
        if token == TIMEOUT:
            return PaymentState.PROCESSING, {}
        if token == CONFIRM:
            return PaymentState.ACTION_REQUIRED, {}
        if token == LATE:
            return PaymentState.PROCESSING, {"notifyAt": now + self.times.late, "notifications": 1}
        if token == TWICE:
            return PaymentState.SUCCEEDED, {"notifyAt": now, "notifications": 2}
        approved = token == APPROVE and random.random() < self.times.success_rate  # noqa: S311 # nosec B311 # a simulation
        return PaymentState.SUCCEEDED if approved else PaymentState.DECLINED, {}
