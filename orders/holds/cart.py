"""Pricing of a cart: tiers by one read, sums of repeated tiers, named seats, limits of an order, one currency."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from core.errors import DomainError, Invalid
from events.errors import SalesClosed, TierNotFound
from events.model import Event, Tier
from inventory.errors import InsufficientStock
from orders.event_cache import EventCache
from orders.holds.errors import MixedCurrencies
from orders.holds.model import MAX_QUANTITY, CartLine, HeldItem, Hold
from orders.seats.picking import SeatRequest, Seats, seat_request


@dataclass(frozen=True)
class PricedCart:
    """The items of a cart with their prices, and the counts of stock that it claims.

    `pools` are event ids by pool; `numbered` are the ids of the tiers whose seats are still to be picked.
    """

    items: Sequence[HeldItem]
    lines: Mapping[str, int]
    pools: Mapping[str, str] = field(default_factory=dict)
    numbered: Collection[str] = ()

    @property
    def total(self) -> int:
        """Sum of all items in minor units."""
        return sum(item.price * item.quantity for item in self.items)

    @property
    def currency(self) -> str:
        return self.items[0].currency

    def seat_requests(self, holder: str, *, sold: bool = False) -> list[SeatRequest]:
        """Return the request for the seats of each numbered tier."""
        items = [item for item in self.items if item.tier_id in self.numbered]
        return [seat_request(item, holder, sold=sold) for item in items]

    def name_tier(self, shortage: InsufficientStock, retained: Mapping[str, int]) -> InsufficientStock:
        """Return the refusal with the tier that is short; `retained` are the counts that the account holds already."""
        stock_id = shortage.extra["tierId"]
        item, left = self._short_item(stock_id, shortage.extra["remaining"] + retained.get(stock_id, 0))
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
    """Prices carts by events of at most a second ago. The guard of the stock decides about counts and closed tiers."""

    cache: EventCache
    seats: Seats

    def execute(self, lines: Sequence[CartLine]) -> PricedCart:
        """Return the cart of `lines` with the present prices.

        Raises TierNotFound, SalesClosed, EventCancelled, MixedCurrencies, and Invalid beyond a limit or for seats
        that do not exist.
        """
        wanted = _by_tier(lines)
        try:
            return self._priced(wanted, self.cache.of_tiers(wanted))
        except DomainError:
            # The event may have been changed since it was read.
            return self.execute_uncached(lines)

    def execute_uncached(self, lines: Sequence[CartLine]) -> PricedCart:
        """Do the same by the events as they are now."""
        wanted = _by_tier(lines)
        return self._priced(wanted, self.cache.events.of_tiers(wanted))

    def tiers(self, tier_ids: Collection[str]) -> Mapping[str, tuple[Event, Tier]]:
        """Return tiers with their events; raises TierNotFound by the events as they are now."""
        try:
            return self.cache.of_tiers(tier_ids)
        except TierNotFound:
            return self.cache.events.of_tiers(tier_ids)

    def _priced(self, wanted: Mapping[str, CartLine], found: Mapping[str, tuple[Event, Tier]]) -> PricedCart:
        items = []
        counts: dict[str, int] = {}
        pools: dict[str, str] = {}
        numbered: set[str] = set()
        for tier_id, line in wanted.items():
            event, tier = found[tier_id]
            self._require_buyable(event, tier, line)
            items.append(_item(event, tier, line))
            if tier.numbered:
                numbered.add(tier.id)
            if event.pool:
                pools[event.pool.id] = event.id
            for stock_id, count in event.lines_of(tier, line.count).items():
                counts[stock_id] = counts.get(stock_id, 0) + count
        if len({item.currency for item in items}) > 1:
            raise MixedCurrencies
        cart = PricedCart(items, counts, pools, numbered)
        self._require_seats(cart)
        return cart

    def refusal_of(self, cart: PricedCart, shortage: InsufficientStock, before: Hold | None) -> DomainError:
        """Return why a cart gets no tickets: its seats are taken, or a tier is short.

        `before` is the account's cart that it would have replaced.
        """
        taken = self.seats.refusal_of(cart.seat_requests(""), before)
        return taken or cart.name_tier(shortage, _retained(cart, before))

    def _require_buyable(self, event: Event, tier: Tier, line: CartLine) -> None:
        most = min(MAX_QUANTITY, event.max_per_order)
        if line.count > most:
            raise _invalid(f"At most {most} tickets of the tier {tier.code} in one order.")
        if line.seats and not tier.numbered:
            raise _invalid(f"The tier {tier.code} has no numbered seats.")
        self.cache.events.require_on_sale(event)
        if tier.closed:
            raise SalesClosed

    def _require_seats(self, cart: PricedCart) -> None:
        unknown = self.seats.unknown(cart.seat_requests(""))
        if unknown:
            raise _invalid(f"There is no seat {', '.join(unknown)}.")


def _by_tier(lines: Sequence[CartLine]) -> dict[str, CartLine]:
    """Return the sums of the quantities, or all seats, by tier; raises Invalid for a seat that is named twice."""
    tiers: dict[str, CartLine] = {}
    for line in lines:
        known = tiers.get(line.tier_id)
        if known is None:
            tiers[line.tier_id] = line
            continue
        if bool(known.seats) is not bool(line.seats):
            raise _invalid("Give a tier either a quantity or seats.")
        seats = [*known.seats, *line.seats]
        if len(set(seats)) < len(seats):
            raise _invalid("The seats of a tier must differ.")
        tiers[line.tier_id] = CartLine(line.tier_id, known.quantity + line.quantity, seats)
    return tiers


def _retained(cart: PricedCart, before: Hold | None) -> Mapping[str, int]:
    """Return the counts by stock id that a cart has in common with the one before it."""
    if before is None:
        return {}
    retained: Counter[str] = Counter()
    for item in cart.items:
        retained[item.tier_id] = min(item.quantity, before.lines.get(item.tier_id, 0))
        for pool_id, event_id in cart.pools.items():
            if event_id == item.event_id:
                retained[pool_id] += retained[item.tier_id]
    return retained


def _invalid(message: str) -> Invalid:
    return Invalid(errors={"items": [message]})


def _item(event: Event, tier: Tier, line: CartLine) -> HeldItem:
    return HeldItem(
        event_id=event.id,
        tier_id=tier.id,
        code=tier.code,
        name=tier.name,
        quantity=line.count,
        price=tier.price,
        currency=event.currency,
        seats=list(line.seats),
    )
