"""A shop that pays at the stand-in for Stripe, with short names for what its tests do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from events.model import Tier
from orders.purchase_wiring import PurchaseServices
from tests.api_client import Answer
from tests.fake_stripe.ledger import APPROVED
from tests.fake_stripe.server import FakeStripe, sign
from tests.orders.shop import Buyer, Shop


@dataclass
class StripeShop(Shop):
    """Events, buyers and their payments."""

    fake: FakeStripe

    @property
    def purchases(self) -> PurchaseServices:
        return self.services.orders.purchases

    def buy(self, buyer: Buyer, tier: Tier, method: str = APPROVED, **members: Any) -> Answer:
        """Buy one ticket."""
        return buyer.order((tier, 1), paymentToken=method, **members)

    def notify(self, body: bytes, header: str | None = None) -> Answer:
        """Deliver an event."""
        signature = sign(body) if header is None else header
        return self.api.send("POST", "/api/payments/webhook", data=body, headers={"Stripe-Signature": signature})

    def deliver(self, events: Sequence[bytes] | None = None) -> None:
        """Deliver events, by default those that wait at the stand-in."""
        for body in self.fake.take_events() if events is None else events:
            assert self.notify(body).status == 200

    def stored(self, order: Answer) -> dict[str, Any]:
        found = self.db["orders"].find_one({"_id": order.json["id"]})
        assert found
        return found

    def state(self, order: Answer) -> str:
        return str(self.stored(order)["state"])

    def tickets(self, order: Answer) -> list[str]:
        """Return the states of the tickets of an order."""
        return [ticket["state"] for ticket in self.db["tickets"].find({"orderId": order.json["id"]})]

    def emails(self, template: str) -> int:
        return self.db["letters"].count_documents({"template": template})

    def check(self) -> None:
        """Find no difference between stock, orders, tickets and money."""
        assert self.services.orders.find_mismatches.execute() == []
        assert self.purchases.find_mismatches.execute() == []
