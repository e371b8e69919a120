"""Checkout: an order from a cart or a hold, idempotent by key; stock first, then the payment, then the tickets."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from accounts.model import Account
from core.clock import Clock, monotonic
from core.errors import DomainError, IdempotencyKeyReused, Invalid, Unavailable
from core.idempotency import KEY_LIFETIME, fingerprint
from core.ids import new_id
from events.errors import EventCancelled, SalesClosed
from events.model import Event, EventStatus, Tier
from inventory.errors import InsufficientStock
from orders.errors import KeyExpired, OrderChanged, PaymentDeclined, PaymentTokenUnknown, RequestInProgress
from orders.holds.cart import PriceCarts, PricedCart
from orders.holds.errors import HoldExpired
from orders.holds.model import Hold, HoldState, with_seats
from orders.holds.store import HoldStore
from orders.model import NewOrder, Order, OrderKey, OrderState
from orders.order_change import ChangeOrder, OrderChange, SeatsByTier, opposite
from orders.payment import GRACE, PayOrder
from orders.payment_settlement import paid
from orders.purchase_emails import OrderEmails
from orders.tickets.issue import tickets_of
from orders.tickets.model import Ticket

# How often a repeated request looks whether the first one has ended.
POLL_SECONDS = 0.1
TOKEN_MISSING = "Required, since the order is not free."  # noqa: S105 # nosec B105 # a message


@dataclass(frozen=True)
class CheckoutTimes:
    """How long tickets are held, and how long a provider may take to answer."""

    hold: timedelta
    payment: timedelta


@dataclass(frozen=True)
class Placed:
    """An order that was placed; `replayed` if an earlier request with the same key has placed it.

    `tickets` are empty if they must be read. With `client_secret` the buyer's browser must confirm the payment.
    """

    order: Order
    tickets: Sequence[Ticket] = ()
    replayed: bool = False
    client_secret: str = field(default="", repr=False)


@dataclass(frozen=True)
class PlaceOrder:
    """Places orders."""

    change: ChangeOrder
    price: PriceCarts
    holds: HoldStore
    pay: PayOrder
    emails: OrderEmails
    times: CheckoutTimes
    clock: Clock

    def execute(self, buyer: Account, new: NewOrder, key: str, language: str) -> Placed:
        """Buy all tickets of a cart, or none. PAYING means that the provider has not answered yet.

        Raises the errors of `PriceCarts`, InsufficientStock, SeatTaken, HoldNotFound, HoldExpired, PaymentTokenUnknown,
        PaymentDeclined, IdempotencyKeyReused and RequestInProgress.
        """
        order_key = _order_key(buyer, new, key, self.clock() + KEY_LIFETIME)
        try:
            return self._place(buyer, new, order_key, language)
        except KeyExpired:
            self.change.orders.forget_keys(self.clock(), order_key.id)
            return self._place(buyer, new, order_key, language)

    def _place(self, buyer: Account, new: NewOrder, order_key: OrderKey, language: str) -> Placed:
        try:
            order, is_first = self._store(buyer, new, order_key, language)
        except Unavailable:
            raise
        except DomainError:
            # The first request with the same key may have got the tickets, or used the hold.
            first = self.change.orders.by_key(order_key.id, self.clock())
            if first is None:
                raise
            return self._replay(first, order_key)
        if not is_first:
            return self._replay(order, order_key)
        if not order.is_open:
            return Placed(_accepted(order))
        attempt = self.pay.execute_prepared(order)
        return Placed(_accepted(attempt.order), attempt.tickets, client_secret=attempt.client_secret)

    def _store(self, buyer: Account, new: NewOrder, key: OrderKey, language: str) -> tuple[Order, bool]:
        """Claim the tickets and store the order; return it and True, or the first order of its key and False.

        The unique index of the keys finds a repeated request, so a first one need not look for its key.
        """
        hold = self._hold(buyer, new)
        if hold:
            return self._claim(buyer, new, key, language, PricedCart(hold.items, hold.lines), hold)
        try:
            return self._claim(buyer, new, key, language, self.price.execute(new.items), None)
        except SalesClosed:
            # The cached event may be from before a change.
            return self._claim(buyer, new, key, language, self.price.execute_uncached(new.items), None)

    def _claim(
        self, buyer: Account, new: NewOrder, key: OrderKey, language: str, cart: PricedCart, hold: Hold | None
    ) -> tuple[Order, bool]:
        self._require_token(cart, new.payment_token)
        wanted = replace(self._order(buyer, cart, key, language), payment_method=new.payment_token)
        if wanted.total:
            wanted = self.pay.prepared(wanted)
        order = self._submit(wanted, cart, hold)
        return order, order.id == wanted.id

    def _hold(self, buyer: Account, new: NewOrder) -> Hold | None:
        if not new.hold_id:
            return None
        hold = self.holds.get_of(buyer.id, new.hold_id)
        if hold.state is not HoldState.ACTIVE or hold.expires_at <= self.clock():
            raise HoldExpired
        _require_uncancelled(self.price.tiers(_tier_ids(hold)))
        return hold

    def _require_token(self, cart: PricedCart, token: str) -> None:
        if not cart.total:
            return
        if not token:
            raise Invalid(errors={"paymentToken": [TOKEN_MISSING]})
        if not self.pay.gateway.accepts(token):
            raise PaymentTokenUnknown

    def _order(self, buyer: Account, cart: PricedCart, key: OrderKey, language: str) -> Order:
        now = self.clock()
        return Order(
            id=new_id(now),
            account_id=buyer.id,
            name=buyer.name,
            email=buyer.email,
            language=language,
            items=cart.items,
            lines=cart.lines,
            currency=cart.currency,
            total=cart.total,
            state=OrderState.HELD,
            created_at=now,
            hold_until=now + self.times.hold,
            busy_until=now + self.times.payment + GRACE,
            key=key,
        )

    def _submit(self, order: Order, cart: PricedCart, hold: Hold | None) -> Order:
        """Claim the tickets and store the order; a free one is paid at once."""
        try:
            return self.change.claims.submit(self._seated_change(order, cart, hold).request())
        except InsufficientStock as error:
            raise self.price.refusal_of(cart, error, None) from None
        except OrderChanged:
            if hold:
                _require_uncancelled(self.price.cache.events.of_tiers(_tier_ids(hold)))
            raise HoldExpired from None

    def _seated_change(self, order: Order, cart: PricedCart, hold: Hold | None) -> OrderChange:
        """Return the first change; an order without a hold holds its seats itself."""
        seats = cart.seat_requests(order.id, sold=not order.total)
        if not seats:
            return self._first_change(order, hold)

        def seated(labels: SeatsByTier) -> OrderChange:
            return self._first_change(replace(order, items=with_seats(order.items, labels)), hold)

        return replace(self._first_change(order, hold), picks=seats, seated=seated)

    def _first_change(self, order: Order, hold: Hold | None) -> OrderChange:
        claims = {} if hold else order.lines
        if hold:
            order = replace(order, hold_id=hold.id, hold_until=max(hold.expires_at, order.busy_until))
        if order.total:
            return OrderChange(before=None, after=order, claims=claims, held=claims, uses=hold)
        order = replace(paid(order, None, self.clock), version=order.version, provider="", busy_until=order.created_at)
        tickets = tickets_of(order)
        emails = [self.emails.paid(order, tickets)]
        held = opposite(order.lines) if hold else {}
        return OrderChange(before=None, after=order, claims=claims, held=held, uses=hold, issues=tickets, emails=emails)

    def _replay(self, first: Order, key: OrderKey) -> Placed:
        """Return the order of the first request with this key, once that request has ended."""
        if first.key is None or first.key.fingerprint != key.fingerprint:
            raise IdempotencyKeyReused
        deadline = monotonic() + self.times.payment.total_seconds()
        while first.is_open and first.busy_until > self.clock():
            if first.state is OrderState.PAYING and monotonic() > deadline:
                raise RequestInProgress(retry_after=2)
            time.sleep(POLL_SECONDS)
            first = self.change.orders.get(first.id)
        secret = self.pay.client_secret(first)
        return Placed(_accepted(first, replayed=True), replayed=True, client_secret=secret)


def _order_key(buyer: Account, new: NewOrder, key: str, expires_at: datetime) -> OrderKey:
    parts = [new.hold_id, new.payment_token]
    for line in new.items:
        parts += [line.tier_id, str(line.count)]
        if line.seats:
            parts.append("seats\n" + "\n".join(line.seats))
    return OrderKey(f"{buyer.id}:{key}", fingerprint(parts), expires_at)


def _tier_ids(hold: Hold) -> list[str]:
    return [item.tier_id for item in hold.items]


def _require_uncancelled(tiers: Mapping[str, tuple[Event, Tier]]) -> None:
    if any(event.status is EventStatus.CANCELLED for event, _ in tiers.values()):
        raise EventCancelled


def _accepted(order: Order, *, replayed: bool = False) -> Order:
    """Return `order`; raises PaymentDeclined."""
    if order.state is OrderState.DECLINED:
        raise PaymentDeclined(order.id, replayed=replayed)
    return order
