"""Pricing of a cart: tiers by one read, sums of repeated tiers, limits of an order, one currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.errors import Invalid
from events.errors import SalesClosed
from events.model import Event, Tier
from events.service import Events
from inventory.errors import InsufficientStock
from orders.holds.errors import MixedCurrencies
from orders.holds.model import MAX_QUANTITY, CartLine, HeldItem


@dataclass(frozen=True)
class PricedCart:
    """The items of a cart with their prices, and the counts of stock that it claims; `pools` are event ids by pool."""

    items: Sequence[HeldItem]
    lines: Mapping[str, int]
    pools: Mapping[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Sum of all items in minor units."""
        return sum(item.price * item.quantity for item in self.items)

    @property
    def currency(self) -> str:
        return self.items[0].currency

    def name_tier(self, shortage: InsufficientStock, released: Mapping[str, int]) -> InsufficientStock:
        """Return the refusal with the tier that is short; `released` are the counts that the cart gives back."""
        stock_id = shortage.extra["tierId"]
        item, left = self._short_item(stock_id, shortage.extra["remaining"] + released.get(stock_id, 0))
        extra = {
            "tier": item.code,
            "tierId": item.tier_id,
            "requested": item.quantity,
            "remaining": left,
        }
        return InsufficientStock(extra=extra)

    def _short_item(self, stock_id: str, remaining: int) -> tuple[HeldItem, int]:
        """Return the item for which too few tickets are left, and how many are.

        The items of an event get the tickets of its pool in their order.
        """
        for item in self.items:
            if item.tier_id == stock_id:
                return item, remaining
        left = remaining
        for item in self.items:
            if item.event_id == self.pools.get(stock_id):
                if item.quantity > left:
                    return item, left
                left -= item.quantity
        return self.items[0], remaining


@dataclass(frozen=True)
class PriceCarts:
    """Prices carts."""

    events: Events

    def execute(self, lines: Sequence[CartLine]) -> PricedCart:
        """Return the cart of `lines` with the present prices.

        Raises TierNotFound, SalesClosed, EventCancelled, MixedCurrencies, and Invalid beyond a limit.
        """
        quantities: dict[str, int] = {}
        for line in lines:
            quantities[line.tier_id] = quantities.get(line.tier_id, 0) + line.quantity
        found = self.events.of_tiers(quantities)
        items = []
        counts: dict[str, int] = {}
        pools: dict[str, str] = {}
        for tier_id, quantity in quantities.items():
            event, tier = found[tier_id]
            self._require_buyable(event, tier, quantity)
            items.append(_item(event, tier, quantity))
            if event.pool:
                pools[event.pool.id] = event.id
            for stock_id, count in event.lines_of(tier, quantity).items():
                counts[stock_id] = counts.get(stock_id, 0) + count
        if len({item.currency for item in items}) > 1:
            raise MixedCurrencies
        return PricedCart(items, counts, pools)

    def _require_buyable(self, event: Event, tier: Tier, quantity: int) -> None:
        most = min(MAX_QUANTITY, event.max_per_order)
        if quantity > most:
            raise Invalid(errors={"items": [f"At most {most} tickets of the tier {tier.code} in one order."]})
        if tier.numbered:
            raise Invalid(errors={"items": [f"The tier {tier.code} has numbered seats: reserve it instead."]})
        self.events.require_on_sale(event)
        if tier.closed:
            raise SalesClosed


def _item(event: Event, tier: Tier, quantity: int) -> HeldItem:
    return HeldItem(
        event_id=event.id,
        tier_id=tier.id,
        code=tier.code,
        name=tier.name,
        quantity=quantity,
        price=tier.price,
        currency=event.currency,
    )
