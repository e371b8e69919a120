"""Simulated providers of payments and e-mails, which survive every crash."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from notifications.errors import TransientFailure
from notifications.outbox.model import Message
from orders.payments.gateway import Charge, Payment, PaymentState, PaymentUnanswered, Repayment, RepaymentRefused
from tests.simulation.world import World

APPROVE = "approve"
DECLINE = "decline"
LATE = "late"
TOKENS = (APPROVE, APPROVE, APPROVE, DECLINE, LATE)
MOST_DISPUTES = 2
TYPES = {PaymentState.SUCCEEDED: "payment_intent.succeeded", PaymentState.DECLINED: "payment_intent.payment_failed"}


@dataclass
class Bank:
    """A gateway that may lose a request, lose or delay an answer, and send webhooks late, twice and out of order.

    Requests of a key are carried out once, and nothing is refunded beyond what was paid. A refund may fail later.
    """

    world: World
    payments: dict[str, Payment] = field(default_factory=dict)
    refunds: dict[str, Repayment] = field(default_factory=dict)
    # Refunds that failed after they were carried out; the service is told by an event.
    failed: dict[str, Repayment] = field(default_factory=dict)
    # The payments of disputes by the dispute's id, and what became of those that are closed.
    disputes: dict[str, str] = field(default_factory=dict)
    closed: dict[str, str] = field(default_factory=dict)
    undelivered: list[bytes] = field(default_factory=list)
    # Requests that arrive after the service has given up.
    on_the_way: list[Charge] = field(default_factory=list)
    processing: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return "simulated"

    def accepts(self, token: str) -> bool:
        return token in TOKENS

    def authorise(self, charge: Charge) -> Payment:
        self.world.wait("authorise")
        if self.world.happens(0.08):
            self.world.note("the request is lost")
            if self.world.happens(0.5):
                self.on_the_way.append(charge)
            raise PaymentUnanswered
        payment = self.take(charge)
        self.world.wait("authorised")
        if self.world.happens(0.08):
            self.world.note("the answer is lost")
            raise PaymentUnanswered
        return self.payments[charge.key] if self.world.happens(0.5) else payment

    def find(self, key: str) -> Payment | None:
        self.world.wait("find")
        if self.world.happens(0.05):
            raise PaymentUnanswered
        return self.payments.get(key)

    def refund(self, repayment: Repayment) -> None:
        self.world.wait("refund")
        if self.world.happens(0.08):
            raise PaymentUnanswered
        self._return(repayment)
        self.world.wait("refunded")
        if self.world.happens(0.08):
            raise PaymentUnanswered

    def get(self, payment_id: str) -> Payment | None:
        self.world.wait("get")
        if self.world.happens(0.05):
            raise PaymentUnanswered
        return next((payment for payment in self.payments.values() if payment.id == payment_id), None)

    def confirm(self, payment: Payment) -> Payment:
        return payment

    def payments_since(self, _: datetime) -> Iterable[Payment]:
        self.world.wait("list")
        if self.world.happens(0.05):
            raise PaymentUnanswered
        return [replace(payment, refunded=self.returned(payment.id)) for payment in self.payments.values()]

    def take(self, charge: Charge) -> Payment:
        """Carry out a charge once."""
        if charge.key not in self.payments:
            state = PaymentState.SUCCEEDED
            if charge.token == DECLINE:
                state = PaymentState.DECLINED
            if charge.token == LATE:
                state = PaymentState.PROCESSING
                self.processing.append(charge.key)
            payment = Payment(
                id=f"pi_{len(self.payments)}",
                order_id=charge.order_id,
                amount=charge.amount,
                currency=charge.currency,
                state=state,
            )
            self.payments[charge.key] = payment
            self.world.note(f"provider: {payment.id} {state.value}")
            self._announce(payment)
        return self.payments[charge.key]

    def progress(self) -> None:
        """Carry out what is on the way: late requests, late successes."""
        while self.on_the_way:
            self.take(self.on_the_way.pop())
        while self.processing:
            key = self.processing.pop()
            self.payments[key] = replace(self.payments[key], state=PaymentState.SUCCEEDED)
            self.world.note(f"provider: {self.payments[key].id} succeeds late")
            self._announce(self.payments[key])

    def fail_refund(self) -> None:
        """Let a refund fail, at most one of each payment."""
        spared = {repayment.payment_id for repayment in self.failed.values()}
        keys = [key for key, repayment in self.refunds.items() if repayment.payment_id not in spared]
        if not keys:
            return
        key = self.world.rng.choice(keys)
        repayment = self.refunds.pop(key)
        self.failed[key] = repayment
        self.world.note(f"provider: the refund {key} of {repayment.amount} fails")
        metadata = {"orderId": repayment.order_id, "refundId": key}
        fields = {"status": "failed", "metadata": metadata}
        event = {"id": f"evt_{key}_failed", "type": "refund.failed", "data": {"object": fields}}
        self._send(event, self.world.rng.choice((1, 1, 2)))

    def dispute(self) -> None:
        """Let a buyer's bank take a payment back, at most twice; one or two events say so."""
        counts = Counter(self.disputes.values())
        taken = [payment.id for payment in self.payments.values() if payment.state is PaymentState.SUCCEEDED]
        ids = [payment_id for payment_id in taken if counts[payment_id] < MOST_DISPUTES]
        if not ids:
            return
        dispute_id = f"dp_{len(self.disputes)}"
        self.disputes[dispute_id] = self.world.rng.choice(ids)
        self.world.note(f"provider: {self.disputes[dispute_id]} is disputed as {dispute_id}")
        for kind in ("created", "funds_withdrawn")[: self.world.rng.choice((1, 1, 2))]:
            self._report_dispute(dispute_id, kind, "needs_response")

    def close_dispute(self) -> None:
        """Let an open dispute be won or lost."""
        ids = [dispute_id for dispute_id in self.disputes if dispute_id not in self.closed]
        if not ids:
            return
        dispute_id = self.world.rng.choice(ids)
        self.closed[dispute_id] = self.world.rng.choice(("won", "won", "lost"))
        self.world.note(f"provider: {dispute_id} is {self.closed[dispute_id]}")
        self._report_dispute(dispute_id, "closed", self.closed[dispute_id])

    def _report_dispute(self, dispute_id: str, kind: str, status: str) -> None:
        fields = {"id": dispute_id, "payment_intent": self.disputes[dispute_id], "status": status}
        event = {"id": f"evt_{dispute_id}_{kind}", "type": f"charge.dispute.{kind}", "data": {"object": fields}}
        self._send(event, self.world.rng.choice((1, 1, 2)))

    def paid(self, payment_id: str) -> int:
        """Return the money of a payment that was taken."""
        for payment in self.payments.values():
            if payment.id == payment_id and payment.state is PaymentState.SUCCEEDED:
                return payment.amount
        return 0

    def returned(self, payment_id: str) -> int:
        """Return the money of a payment that was given back."""
        return sum(each.amount for each in self.refunds.values() if each.payment_id == payment_id)

    def _return(self, repayment: Repayment) -> None:
        if repayment.key in self.refunds or repayment.key in self.failed:
            return
        if self.returned(repayment.payment_id) + repayment.amount > self.paid(repayment.payment_id):
            raise RepaymentRefused
        self.refunds[repayment.key] = repayment
        self.world.note(f"provider: {repayment.payment_id} returns {repayment.amount}")

    def _announce(self, payment: Payment) -> None:
        if payment.state not in TYPES:
            return
        fields = {
            "id": payment.id,
            "amount": payment.amount,
            "currency": payment.currency.lower(),
            "metadata": {"orderId": payment.order_id},
        }
        event = {
            "id": f"evt_{payment.id}_{payment.state.value}",
            "type": TYPES[payment.state],
            "data": {"object": fields},
        }
        self._send(event, self.world.rng.choice((0, 1, 1, 2)))

    def _send(self, event: dict[str, Any], times: int) -> None:
        body = json.dumps(event).encode()
        for _ in range(times):
            self.undelivered.insert(self.world.rng.randrange(len(self.undelivered) + 1), body)


@dataclass
class MailProvider:
    """A mail provider that knows keys: a repeated key is not delivered twice. It may lose a request or an answer."""

    world: World
    delivered: Counter[str] = field(default_factory=Counter)
    keys: set[str] = field(default_factory=set)

    def send(self, message: Message) -> str:
        self.world.wait("send")
        if self.world.happens(0.05):
            raise TransientFailure("lost")
        if message.key not in self.keys:
            self.keys.add(message.key)
            self.delivered[message.subject] += 1
        self.world.wait("sent")
        if self.world.happens(0.05):
            raise TransientFailure("answer lost")
        return message.key
