"""The money of the stand-in: PaymentIntents and refunds, and the first answer of each idempotency key."""

from __future__ import annotations

import copy
import itertools
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Fields = Mapping[str, str]
Answer = tuple[int, dict[str, Any]]
# Payment methods by the outcome of a payment.
APPROVED = "pm_card_visa"
DECLINED = "pm_card_chargeDeclined"
NEEDS_ACTION = "pm_card_threeDSecure2Required"
PROCESSING = "pm_slow_debit"
UNKNOWN = "pm_unknown"
STATUS = {NEEDS_ACTION: "requires_action", PROCESSING: "processing", DECLINED: "requires_payment_method"}


def refused(status: int, kind: str, code: str, **members: Any) -> Answer:
    """Return an error as Stripe answers it."""
    return status, {"error": {"type": kind, "code": code, "message": f"Refused: {code}.", **members}}


@dataclass
class Ledger:
    """All money of the account; each method is one atomic request."""

    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    on_event: Callable[[str, dict[str, Any]], None] = lambda *_: None
    enforce_keys: bool = True
    enforce_balance: bool = True

    def __post_init__(self) -> None:
        self._answers: dict[str, tuple[str, Answer]] = {}
        self._numbers = itertools.count(1)
        # The last dispute by payment.
        self._disputes: dict[str, str] = {}

    def once(self, key: str, fields: Fields, work: Callable[[], Answer]) -> Answer:
        """Return the first answer of an idempotency key; the same key with other fields is an error."""
        with self.lock:
            if not key or not self.enforce_keys:
                return work()
            fingerprint = json.dumps(fields, sort_keys=True)
            if key in self._answers:
                first, answer = self._answers[key]
                if first != fingerprint:
                    return refused(400, "idempotency_error", "idempotency_key_in_use")
                return answer
            answer = copy.deepcopy(work())
            self._answers[key] = (fingerprint, answer)
            return answer

    def remember(self, key: str, answer: Answer) -> None:
        """Replace the first answer of a key: Stripe also repeats its own errors."""
        with self.lock:
            if key in self._answers:
                self._answers[key] = (self._answers[key][0], answer)

    def forget_keys(self) -> None:
        """Forget all keys, as Stripe does after a day."""
        with self.lock:
            self._answers.clear()

    def create_intent(self, fields: Fields) -> Answer:
        method = fields["payment_method"]
        if method == UNKNOWN:
            return refused(400, "invalid_request_error", "resource_missing", param="payment_method")
        status = STATUS.get(method, "succeeded")
        intent = self._new_intent(fields, status)
        if status == "requires_payment_method":
            self.on_event("payment_intent.payment_failed", intent)
            return refused(402, "card_error", "card_declined", payment_intent=intent)
        if status == "succeeded":
            self.on_event("payment_intent.succeeded", intent)
        return 200, intent

    def create_refund(self, fields: Fields) -> Answer:
        intent = self.intents.get(fields["payment_intent"])
        if intent is None:
            return refused(404, "invalid_request_error", "resource_missing")
        amount = int(fields["amount"])
        charge = intent["latest_charge"]
        if self.enforce_balance and amount > intent["amount_received"] - charge["amount_refunded"]:
            return refused(400, "invalid_request_error", "amount_too_large")
        charge["amount_refunded"] += amount
        refund = {
            "id": f"re_{next(self._numbers)}",
            "object": "refund",
            "amount": amount,
            "status": "succeeded",
            "payment_intent": intent["id"],
            "metadata": metadata(fields),
        }
        self.refunds[refund["id"]] = refund
        self.on_event("charge.refunded", charge)
        return 200, refund

    def succeed(self, intent_id: str, **changes: Any) -> dict[str, Any]:
        """Let a payment succeed that was open, such as after the buyer has confirmed it."""
        with self.lock:
            intent = self.intents[intent_id]
            intent.update({"status": "succeeded", "amount_received": intent["amount"], **changes})
            self.on_event("payment_intent.succeeded", intent)
            return intent

    def plant(self, order_id: str, amount: int, currency: str = "usd") -> dict[str, Any]:
        """Make a succeeded payment without an event."""
        fields = {"amount": str(amount), "currency": currency, "metadata[orderId]": order_id}
        return self._new_intent(fields, "succeeded")

    def fail_refund(self, refund_id: str) -> None:
        """Let a refund fail after it was accepted: the money is back on the account."""
        with self.lock:
            refund = self.refunds[refund_id]
            refund["status"] = "failed"
            charge = self.intents[refund["payment_intent"]]["latest_charge"]
            charge["amount_refunded"] -= refund["amount"]
            self.on_event("refund.failed", refund)

    def dispute(self, intent_id: str, status: str = "needs_response", kind: str = "created") -> None:
        """Let the buyer's bank take a payment back, or only ask about it; later kinds are of its last dispute."""
        if kind == "created" or intent_id not in self._disputes:
            self._disputes[intent_id] = f"dp_{next(self._numbers)}"
        dispute = {
            "id": self._disputes[intent_id],
            "object": "dispute",
            "payment_intent": intent_id,
            "status": status,
        }
        self.on_event(f"charge.dispute.{kind}", dispute)

    def list_intents(self, created_from: int) -> list[dict[str, Any]]:
        with self.lock:
            return [intent for intent in self.intents.values() if intent["created"] >= created_from]

    def of_order(self, order_id: str) -> list[dict[str, Any]]:
        with self.lock:
            return [row for row in self.intents.values() if row["metadata"].get("orderId") == order_id]

    def balance(self) -> int:
        """Return the sum of all succeeded payments less the refunds."""
        with self.lock:
            total = 0
            for intent in self.intents.values():
                total += intent["amount_received"] - intent["latest_charge"]["amount_refunded"]
            return total

    def _new_intent(self, fields: Fields, status: str) -> dict[str, Any]:
        number = next(self._numbers)
        intent_id = f"pi_{number}"
        amount = int(fields["amount"])
        received = {"succeeded": amount}.get(status, 0)
        charge = {
            "id": f"ch_{number}",
            "object": "charge",
            "amount": amount,
            "amount_refunded": 0,
            "currency": fields["currency"],
            "payment_intent": intent_id,
            "metadata": metadata(fields),
        }
        intent = {
            "id": intent_id,
            "object": "payment_intent",
            "amount": amount,
            "amount_received": received,
            "currency": fields["currency"],
            "status": status,
            "created": int(time.time()),
            "client_secret": f"{intent_id}_secret_{number}",
            "latest_charge": charge,
            "metadata": metadata(fields),
        }
        self.intents[intent_id] = intent
        return intent


def metadata(fields: Fields) -> dict[str, str]:
    """Return the members of `metadata[...]` in the fields of a form."""
    found = {}
    for name, value in fields.items():
        if name.startswith("metadata["):
            found[name[9:-1]] = value
    return found
